import { fail, ok, type Result } from "../result.ts";
import type { Degenerate } from "./degenerate.ts";
import { chiSquareSf } from "./gamma.ts";

export type SampleRatioTest = {
  statistic: number;
  df: number;
  /** For the arms with a weight; 1 where there is only one. */
  pValue: number;
  /** Observations in arms of weight 0. A single one is a mismatch beyond doubt, which no p-value says. */
  unexpected: number;
};

/**
 * Pearson's chi-square test that observations fell to the arms in proportion to `weights` >= 0, which need not sum to 1;
 * for one look at a time fixed beforehand. Arms of weight 0 are left out of it.
 * Fails with `no_observations`, or with `invalid_sample` for counts or weights that are none or differ in number.
 */
export function sampleRatioTest(
  counts: readonly number[],
  weights: readonly number[],
): Result<SampleRatioTest, Degenerate> {
  const arms = sampleRatioArms(counts, weights);
  if (!arms.ok) return arms;
  const { live, total, unexpected } = arms.value;
  const df = live.length - 1;
  // Arms that are all empty are as expected.
  const statistic =
    total > 0
      ? live.reduce((sum, { surplus, expected }) => sum + surplus * (surplus / expected), 0)
      : 0;
  const pValue = df > 0 ? chiSquareSf(statistic, df) : 1;
  return ok({ statistic, df, pValue: Math.max(Number.MIN_VALUE, pValue), unexpected });
}

/** An arm with a weight: `share` of all weights, and by how much it has more than the `expected` part of `total`. */
export type SampleRatioArm = { count: number; share: number; expected: number; surplus: number };

/** Sorts out what both tests of the sample ratio need; fails as `sampleRatioTest` does. */
export function sampleRatioArms(
  counts: readonly number[],
  weights: readonly number[],
): Result<{ live: SampleRatioArm[]; total: number; unexpected: number }, Degenerate> {
  const isCount = (x: number): boolean => x >= 0 && Number.isFinite(x);
  const weightSum = sumOf(weights);
  const isSound =
    counts.length === weights.length &&
    [...counts, ...weights, weightSum].every(isCount) &&
    weightSum > 0;
  if (!isSound) return fail({ code: "invalid_sample" });
  const all = sumOf(counts);
  if (all === 0) return fail({ code: "no_observations" });
  const pairs = counts.map((count, i) => ({ count, weight: weights[i] ?? 0 }));
  const livePairs = pairs.filter(({ weight }) => weight > 0);
  const total = sumOf(livePairs.map(({ count }) => count));
  // The surplus over a common denominator, in which whole numbers cancel exactly.
  const live = livePairs.map(({ count, weight }) => ({
    count,
    share: weight / weightSum,
    expected: (total * weight) / weightSum,
    surplus: (count * weightSum - total * weight) / weightSum,
  }));
  return ok({ live, total, unexpected: all - total });
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
