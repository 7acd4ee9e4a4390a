import { fail, ok, type Result } from "../result.ts";
import { logBetaPower, logUpperBeta } from "./beta.ts";
import { bisect } from "./bisect.ts";
import type { Degenerate } from "./degenerate.ts";
import type { Interval } from "./difference-interval.ts";
import { degeneracy, failures, rate, type Proportion } from "./proportion.ts";

/** Parameters of a beta distribution, both positive. */
export type BetaPrior = { a: number; b: number };

/**
 * The log e-value against "the rate is at most `nullRate`" (alternative "larger") or "at least" it ("smaller"), always
 * valid: the mixture of the likelihood ratios of all rates on the alternative's side, by a beta prior cut off at the null
 * (Robbins 1970; Howard, Ramdas, McAuliffe & Sekhon 2021). Each of them is an e-process for every rate in the null, also
 * when the rate moves within it, and so the mixture is one. It depends on the counts only, which may be up to 1e9.
 *
 * The default prior is worth one trial and has the null as its mean: for a small null rate the alternatives are then nearly
 * uniform in the log of the rate. Without trials the answer is 0. Fails with `invalid_sample`, also unless
 * 0 < nullRate < 1.
 */
export function betaBinomialEvidence(
  sample: Proportion,
  nullRate: number,
  alternative: "larger" | "smaller",
  prior: BetaPrior = { a: nullRate, b: 1 - nullRate },
): Result<number, Degenerate> {
  if (degeneracy(sample) === "invalid_sample" || !(nullRate > 0 && nullRate < 1))
    return fail({ code: "invalid_sample" });
  const nullFailureRate = 1 - nullRate;
  return ok(
    alternative === "larger"
      ? excessEvidence(sample, prior, nullRate, nullFailureRate)
      : excessEvidence(failures(sample), { a: prior.b, b: prior.a }, nullFailureRate, nullRate),
  );
}

/** The binomial likelihood at the null cancels against the powers that `logUpperBeta` is divided by. */
function excessEvidence(sample: Proportion, { a, b }: BetaPrior, x: number, y: number): number {
  if (sample.trials === 0) return 0;
  const posterior = logUpperBeta(a + sample.successes, b + failures(sample).successes, x, y);
  return posterior - logUpperBeta(a, b, x, y);
}

/**
 * The confidence sequence for one rate: those rates against which the beta-binomial mixture, with an uncut prior
 * (Jeffreys' by default), has an e-value below 1 / alpha, 0 < alpha < 1. All intervals of a growing sample hold the rate
 * together with a probability of at least 1 - alpha. Fails with `no_observations` or `invalid_sample`.
 */
export function proportionSequence(
  sample: Proportion,
  alpha: number,
  prior: BetaPrior = { a: 0.5, b: 0.5 },
): Result<Interval, Degenerate> {
  const reason = degeneracy(sample);
  if (reason) return fail({ code: reason });
  const fromAbove = lowerEnd(failures(sample), alpha, { a: prior.b, b: prior.a });
  return ok([lowerEnd(sample, alpha, prior), 1 - fromAbove]);
}

/** The e-value falls as the null rate climbs to the observed one. */
function lowerEnd(sample: Proportion, alpha: number, { a, b }: BetaPrior): number {
  const posterior = { a: a + sample.successes, b: b + failures(sample).successes };
  const isRejected = (x: number): boolean =>
    logBetaPower(a, b, x, 1 - x) - logBetaPower(posterior.a, posterior.b, x, 1 - x) >=
    -Math.log(alpha);
  return sample.successes === 0 ? 0 : bisect(isRejected, 0, rate(sample));
}
