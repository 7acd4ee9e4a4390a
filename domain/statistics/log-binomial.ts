import { logBetaPower } from "./beta.ts";

/**
 * ln P(X = k) of a binomial X with `n` trials of probability p = 1 - q, 0 < p < 1, for whole 0 <= k <= n of any size; by the
 * saddle-point expansion of `logBetaPower` (Loader 2000), so that no large logarithms are subtracted.
 */
export function logBinomial(k: number, n: number, p: number, q = 1 - p): number {
  if (k === 0) return n * logOf(q, p);
  if (k === n) return n * logOf(p, q);
  return logBetaPower(k, n - k, p, q) - Math.log(k) - Math.log1p(-k / n);
}

/** ln P(X = k) of a hypergeometric X: successes among `draws` from a population of `size` that holds `successes` (ibid.). */
export function logHypergeometric(
  k: number,
  draws: number,
  successes: number,
  size: number,
): number {
  if (draws === 0 || draws === size) return 0;
  const p = draws / size;
  const q = (size - draws) / size;
  return (
    logBinomial(k, successes, p, q) +
    logBinomial(draws - k, size - successes, p, q) -
    logBinomial(draws, size, p, q)
  );
}

/** ln x, given also 1 - x, which near x = 1 knows it better. */
const logOf = (x: number, complement: number): number =>
  x > 0.5 ? Math.log1p(-complement) : Math.log(x);
