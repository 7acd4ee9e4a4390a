import { ok, type Result } from "../result.ts";
import type { Degenerate } from "./degenerate.ts";
import { evidencePValue } from "./e-values.ts";
import { logMinusExcess, stirlingError } from "./gamma.ts";
import { sampleRatioArms, type SampleRatioArm } from "./sample-ratio-test.ts";

export type SequentialSampleRatioTest = {
  /** The log e-value against the expected ratio. */
  logBayesFactor: number;
  /** 1 / e, at most 1: as of now. The smallest one that ever was is valid as well. */
  pValue: number;
  /** Observations in arms of weight 0. A single one is a mismatch beyond doubt, which no p-value says. */
  unexpected: number;
};

/** How many observations the prior is worth that is centred on the expected ratio; larger looks for smaller mismatches. */
const CONCENTRATION = 10_000;

/**
 * The always-valid test that observations fall to the arms in proportion to `weights`, by the Bayes factor of a Dirichlet
 * mixture centred there against the weights themselves (Lindon & Malek 2022). It depends on the total counts only.
 * Under the weights the p-value is ever at most alpha with a probability of at most alpha.
 * Fails with `no_observations`, or with `invalid_sample` for counts or weights that are none or differ in number.
 */
export function sequentialSampleRatioTest(
  counts: readonly number[],
  weights: readonly number[],
  concentration = CONCENTRATION,
): Result<SequentialSampleRatioTest, Degenerate> {
  const arms = sampleRatioArms(counts, weights);
  if (!arms.ok) return arms;
  const { live, total, unexpected } = arms.value;
  return ok(found(logBayesFactor(live, total, concentration), unexpected));
}

/** The evidence of epochs with different weights together: each has its own mixture, and their Bayes factors multiply. */
export const combineEpochs = (
  epochs: readonly SequentialSampleRatioTest[],
): SequentialSampleRatioTest =>
  found(
    epochs.reduce((sum, epoch) => sum + epoch.logBayesFactor, 0),
    epochs.reduce((sum, epoch) => sum + epoch.unexpected, 0),
  );

const found = (logBayesFactor: number, unexpected: number): SequentialSampleRatioTest => ({
  logBayesFactor,
  pValue: evidencePValue(logBayesFactor),
  unexpected,
});

/**
 * ln of B(prior + counts) / B(prior) / product of share^count, with B the multivariate beta function, the prior
 * a_i = concentration * share_i, A_i = a_i + count_i and A = concentration + total. By Stirling's formula this is
 * sum (A_i - 1/2) ln(A_i / (A share_i)) - (arms - 1)/2 ln(A / concentration) and Stirling's errors. As the A_i sum to A, the
 * first-order terms of the logarithms cancel, and are left out.
 */
function logBayesFactor(
  arms: readonly SampleRatioArm[],
  total: number,
  concentration: number,
): number {
  const all = concentration + total;
  const spread = ((arms.length - 1) / 2) * Math.log1p(total / concentration);
  const rest = stirlingError(concentration) - stirlingError(all) - spread;
  return arms.reduce((sum, { count, share, surplus }) => {
    const prior = concentration * share;
    const excess = surplus / (all * share);
    const divergence = (prior + count) * logMinusExcess(1 + excess, excess) + surplus * excess;
    const error = stirlingError(prior + count) - stirlingError(prior);
    return sum + divergence - 0.5 * Math.log1p(excess) + error;
  }, rest);
}
