import { fail, ok, type Result } from "../result.ts";
import {
  asymptoticSequence,
  type AsymptoticSequence,
  type Estimate,
  type SequenceOptions,
} from "./asymptotic-confidence-sequence.ts";
import type { Degenerate } from "./degenerate.ts";
import type { Interval } from "./difference-interval.ts";
import { normalQuantile, normalSf } from "./normal.ts";
import { failures, rate, type Proportion } from "./proportion.ts";
import type { Sample } from "./welch-t-test.ts";

/** Both arms in one epoch, in which their shares did not change. */
export type DifferenceStratum = { control: Sample; variant: Sample };

export type StratifiedDifference = Estimate & { z: number; pValue: number; interval: Interval };

/**
 * (variant mean - control mean) within strata, averaged with the weights n m / (n + m) of Cochran (1954) and Mantel &
 * Haenszel (1959), which depend on no outcome, and its standard error by Welch's variances. What changes from stratum to
 * stratum for both arms alike, such as a base rate during a ramp, cancels. Strata in which an arm has fewer than two
 * observations are left out; `count` is of the others. Fails with `no_observations`, `too_few_observations` when
 * no stratum is left, `no_variation` or `invalid_sample`.
 */
export function stratifiedEstimate(
  strata: readonly DifferenceStratum[],
): Result<Estimate, Degenerate> {
  const usable = strata.filter(({ control, variant }) => control.count > 1 && variant.count > 1);
  if (usable.length === 0) {
    const isEmpty = strata.every(({ control, variant }) => control.count + variant.count === 0);
    return fail({ code: isEmpty ? "no_observations" : "too_few_observations" });
  }
  let [weights, difference, squaredError, count] = [0, 0, 0, 0];
  for (const { control, variant } of usable) {
    const both = control.count + variant.count;
    const weight = control.count * (variant.count / both);
    weights += weight;
    difference += weight * (variant.mean - control.mean);
    squaredError +=
      weight ** 2 * (variant.variance / variant.count + control.variance / control.count);
    count += both;
  }
  const estimate = difference / weights;
  const standardError = Math.sqrt(squaredError) / weights;
  if (standardError === 0) return fail({ code: "no_variation" });
  if (!Number.isFinite(estimate / standardError)) return fail({ code: "invalid_sample" });
  return ok({ estimate, standardError, count });
}

/** The estimate with a two-sided z test and an interval, for one look; 0 < confidenceLevel < 1. Fails as the estimate does. */
export function stratifiedDifference(
  strata: readonly DifferenceStratum[],
  confidenceLevel: number,
): Result<StratifiedDifference, Degenerate> {
  const found = stratifiedEstimate(strata);
  if (!found.ok) return found;
  const { estimate, standardError } = found.value;
  const z = estimate / standardError;
  const half = -normalQuantile((1 - confidenceLevel) / 2) * standardError;
  return ok({
    ...found.value,
    z,
    pValue: Math.max(Number.MIN_VALUE, 2 * normalSf(Math.abs(z))),
    interval: [estimate - half, estimate + half],
  });
}

/** The asymptotic confidence sequence of the estimate, for any number of looks. Fails as the estimate does. */
export function stratifiedSequence(
  strata: readonly DifferenceStratum[],
  options: SequenceOptions,
): Result<AsymptoticSequence, Degenerate> {
  const found = stratifiedEstimate(strata);
  return found.ok ? asymptoticSequence(found.value, options) : found;
}

/** A counted rate as a sample of zeros and ones. */
export const sampleOfProportion = (proportion: Proportion): Sample => ({
  count: proportion.trials,
  mean: proportion.trials > 0 ? rate(proportion) : 0,
  variance:
    proportion.trials > 1
      ? (rate(proportion) * failures(proportion).successes) / (proportion.trials - 1)
      : 0,
});
