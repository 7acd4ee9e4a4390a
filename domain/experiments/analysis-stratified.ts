import { cuped } from "../statistics/cuped.ts";
import type { Degenerate } from "../statistics/degenerate.ts";
import {
  type DifferenceStratum,
  stratifiedDifference,
} from "../statistics/stratified-difference.ts";
import { type Comparison, type Interval, sampleIn, samplesOf } from "./analysis-comparison.ts";

export type Stratified = {
  /** Of variant - control, within epochs. */
  estimate: number | null;
  standard_error: number | null;
  p_value: number | null;
  interval: Interval | null;
  /** The epochs in which each arm has the two observations that a variance takes. */
  strata: number;
  /** Why there is no p-value. */
  reason: Degenerate["code"] | "metric_has_no_test" | null;
};

export type CupedResult = {
  /** Of variant - control, freed of what the covariate explains. */
  estimate: number | null;
  interval: Interval | null;
  p_value: number | null;
  /** The share of the variance within arms that the covariate takes away. */
  variance_reduction: number | null;
  /** How much of the metric a unit of the covariate explains. */
  theta: number | null;
  reason:
    | Degenerate["code"]
    | "metric_not_primary"
    | "no_covariate"
    | "covariate_constant"
    | "metric_constant"
    | null;
};

/** The difference within epochs, for one look at a sample size fixed beforehand. */
export function stratifiedResult(comparison: Comparison): Stratified {
  if (comparison.kind === "quantile") return { ...nothing, reason: "metric_has_no_test" };
  const samples = samplesOf(comparison);
  const found = stratifiedDifference(samples, comparison.confidenceLevel);
  if (!found.ok) return { ...nothing, reason: found.error.code };
  const { estimate, standardError, pValue, interval } = found.value;
  const strata = samples.filter(isUsable).length;
  return {
    estimate,
    standard_error: standardError,
    p_value: pValue,
    interval,
    strata,
    reason: null,
  };
}

const nothing: Stratified = {
  estimate: null,
  standard_error: null,
  p_value: null,
  interval: null,
  strata: 0,
  reason: null,
};

const isUsable = ({ control, variant }: DifferenceStratum): boolean =>
  control.count > 1 && variant.count > 1;

/**
 * Whether adding up all epochs misleads (Simpson 1951): tested in the same way, the pooled and the
 * stratified difference are not both significant, or are, and in opposite directions.
 */
export function pooledDiffers(comparison: Comparison, stratified: Stratified): boolean {
  if (stratified.estimate === null || stratified.p_value === null) return false;
  const { control, variant, confidenceLevel } = comparison;
  const all = { control: sampleIn(comparison, control), variant: sampleIn(comparison, variant) };
  const pooled = stratifiedDifference([all], confidenceLevel);
  if (!pooled.ok) return false;
  const alpha = 1 - confidenceLevel;
  const [isPooled, isStratified] = [pooled.value.pValue < alpha, stratified.p_value < alpha];
  const isOpposite = pooled.value.estimate * stratified.estimate < 0;
  return isPooled !== isStratified || (isPooled && isOpposite);
}

/**
 * The difference of means adjusted by CUPED, within epochs, for one look. Only the primary metric
 * has its covariate counted. The slope is that within arms and epochs.
 */
export function cupedResult(comparison: Comparison, primaryMetric: string): CupedResult {
  const without = (reason: CupedResult["reason"]): CupedResult => ({
    estimate: null,
    interval: null,
    p_value: null,
    variance_reduction: null,
    theta: null,
    reason,
  });
  if (comparison.metric !== primaryMetric) return without("metric_not_primary");
  const pairs = comparison.strata.map(({ variant, control }) => [
    control.covariate,
    variant.covariate,
  ]);
  if (pairs.flat().every(({ count }) => count === 0)) return without("no_covariate");
  const usable = pairs.filter((pair) => pair.every(({ count }) => count > 1));
  if (usable.length === 0) return without("too_few_observations");
  const adjusted = cuped(usable.flat());
  if (!adjusted.ok) return without(adjusted.error.code);
  const { theta, varianceReduction, adjusted: samples, reason } = adjusted.value;
  const strata = samples.flatMap((control, at): DifferenceStratum[] => {
    const variant = samples[at + 1];
    return at % 2 === 0 && variant ? [{ control, variant }] : [];
  });
  const explained = { variance_reduction: varianceReduction, theta };
  const found = stratifiedDifference(strata, comparison.confidenceLevel);
  if (!found.ok) return { ...without(reason ?? found.error.code), ...explained };
  const { estimate, interval, pValue } = found.value;
  return { estimate, interval, p_value: pValue, ...explained, reason };
}
