import { quantileOf, shareBelow, shareUpTo, type Cdf } from "../profile/cdf.ts";

const BINS = 10;
/** Added to every bin, so that an empty one has a logarithm (half an observation, as Jeffreys' prior has it). */
const PRIOR = 0.5;

/** A distance of two distributions, and how far it can be from that of the values themselves. */
export type Distance = { value: number; within: number };

/**
 * The Kolmogorov-Smirnov distance: the greatest difference of the shares of values that do not exceed
 * a value, sup |F_a(x) - F_b(x)|, from 0 to 1. It is exact for exact distributions; between the points
 * of an approximation a share may be any between theirs.
 */
export function kolmogorovSmirnovDistance(a: Cdf, b: Cdf): Distance | null {
  if (a.length === 0 || b.length === 0) return null;
  let value = 0;
  for (const [at] of [...a, ...b])
    value = Math.max(
      value,
      Math.abs(shareBelow(a, at) - shareBelow(b, at)),
      Math.abs(shareUpTo(a, at) - shareUpTo(b, at)),
    );
  return { value, within: Math.min(1, widestGap(a) + widestGap(b)) };
}

/** The greatest share between two neighbouring points of which nobody knows where it lies. */
function widestGap(cdf: Cdf): number {
  let widest = 0;
  for (const [at, [value, share]] of cdf.entries()) {
    const before = cdf[at - 1];
    if (before !== undefined && before[0] < value) widest = Math.max(widest, share - before[1]);
  }
  return widest;
}

type Counted = { cdf: Cdf; count: number };

/** The population stability index of numbers over ten bins between the deciles of `before`; null without values. */
export function numericStability(before: Counted, after: Counted): number | null {
  if (before.cdf.length === 0 || after.cdf.length === 0) return null;
  const bounds = [
    ...new Set(
      Array.from({ length: BINS - 1 }, (_, at) => quantileOf(before.cdf, (at + 1) / BINS)),
    ),
  ];
  const counts = ({ cdf, count }: Counted): number[] => {
    const below = [0, ...bounds.map((bound) => shareUpTo(cdf, bound)), 1];
    return below.slice(1).map((share, at) => count * (share - (below[at] ?? 0)));
  };
  return populationStability(counts(before), counts(after));
}

/**
 * The population stability index, sum over bins of (q - p) ln(q / p) with p and q the shares of a bin
 * before and after (Siddiqi 2006; the symmetric divergence of Jeffreys): 0 for equal shares; by
 * custom, from 0.1 on a shift and from 0.25 on a large one. Every bin counts half an observation
 * more than it has.
 */
export function populationStability(before: readonly number[], after: readonly number[]): number {
  const shares = (counts: readonly number[]): number[] => {
    const total = counts.reduce((sum, count) => sum + count, PRIOR * counts.length);
    return counts.map((count) => (count + PRIOR) / total);
  };
  const [p, q] = [shares(before), shares(after)];
  return p.reduce((sum, was, at) => {
    const is = q[at] ?? was;
    return sum + (is - was) * Math.log(is / was);
  }, 0);
}
