import type { Proportion } from "../statistics/proportion.ts";
import type { DifferenceStratum } from "../statistics/stratified-difference.ts";
import type { Sample } from "../statistics/welch-t-test.ts";
import { sampleOf } from "./degradation-evidence.ts";
import { lowerIsBetter, type MetricKind, proportionOf } from "./metric.ts";
import type { Stratum } from "./strata.ts";
import type { Totals } from "./totals.ts";

/** One metric of two arms: over all epochs, and in each epoch in which both had a share. */
export type Comparison = {
  metric: string;
  kind: MetricKind;
  callersReport: boolean;
  control: Totals;
  variant: Totals;
  strata: readonly Stratum[];
  /** Between 0 and 1. */
  confidenceLevel: number;
};

export type Interval = [low: number, high: number];

/** Of the arms over all epochs, or of `of`; only for a metric of kind `rate`. */
export const proportionIn = ({ metric, callersReport }: Comparison, of: Totals): Proportion =>
  proportionOf(of, metric, callersReport);

/** For a metric of kind `rate` or `mean`. */
export const sampleIn = (comparison: Comparison, of: Totals): Sample => sampleOf(of, comparison);

/** For a metric of kind `rate` or `mean`. */
export const samplesOf = (comparison: Comparison): DifferenceStratum[] =>
  comparison.strata.map(({ variant, control }) => ({
    variant: sampleIn(comparison, variant),
    control: sampleIn(comparison, control),
  }));

/** Observations of the metric in the arm that has fewer of them. */
export function sampleSizeOf(comparison: Comparison): number {
  const { kind, control, variant } = comparison;
  const count = (of: Totals): number =>
    kind === "quantile" ? of.latency.count : sampleIn(comparison, of).count;
  return Math.min(count(control), count(variant));
}

/** Positive when a difference of variant and control is one for the better. */
export const betterment = (metric: string, difference: number): number =>
  lowerIsBetter(metric) ? -difference : difference;
