import type { Random } from "./random.ts";

/** Expected successes up to which waiting for each of them is faster than splitting. */
const FEW = 30;

/**
 * A draw of the number of successes in `trials` independent trials, exact for any whole `trials` >= 0 and any probability.
 * Few successes are waited for one by one (geometric gaps); many are found by halving the trials at their median order
 * statistic, a beta variable (Devroye 1986, X.4.3), in some log2(trials) draws.
 */
export function binomialDraw(random: Random, trials: number, probability: number): number {
  if (probability > 0.5) return trials - binomialDraw(random, trials, 1 - probability);
  if (probability <= 0) return 0;
  if (trials * probability <= FEW) return waitForEach(random, trials, probability);
  const rank = Math.ceil(trials / 2);
  const value = random.beta(rank, trials + 1 - rank);
  return value <= probability
    ? rank + binomialDraw(random, trials - rank, (probability - value) / (1 - value))
    : binomialDraw(random, rank - 1, probability / value);
}

function waitForEach(random: Random, trials: number, probability: number): number {
  const logFailure = Math.log1p(-probability);
  let successes = 0;
  let trial = 0;
  for (;;) {
    trial += Math.floor(Math.log(random.uniform()) / logFailure) + 1;
    if (trial > trials) return successes;
    successes += 1;
  }
}
