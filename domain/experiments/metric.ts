import { isZeroOne, mean, type Moments, noMoments, sampleVariance } from "../statistics/moments.ts";
import { quantile } from "../statistics/quantile-sketch.ts";
import type { ArmEvidence } from "./bandit.ts";
import { comparedCounts } from "./request-counts.ts";
import type { Totals } from "./totals.ts";

/** How a metric is looked at: as a share of trials, as a mean, or as a quantile of latency. */
export type MetricKind = "rate" | "mean" | "quantile";

const QUANTILES: ReadonlyMap<string, number> = new Map([
  ["latency_p50_ms", 0.5],
  ["latency_p95_ms", 0.95],
  ["latency_p99_ms", 0.99],
]);
const LOWER_IS_BETTER: ReadonlySet<string> = new Set([
  "error_rate",
  "latency",
  "latency_ms",
  ...QUANTILES.keys(),
]);

export const lowerIsBetter = (metric: string): boolean => LOWER_IS_BETTER.has(metric);
/** The share of latencies that a quantile metric is not below; null for any other metric. */
export const quantileOf = (metric: string): number | null => QUANTILES.get(metric) ?? null;

/** Whether callers report at all: then a rate of success is of what they report. */
export const doCallersReport = (arms: readonly Totals[]): boolean =>
  arms.some(({ counts }) => counts.reported > 0);

/**
 * What kind of metric a name is for these arms: `success_rate` and `error_rate` are shares of the
 * requests, `conversion_rate` is the mean of the metric `conversion` and a share while each of its
 * values is 0 or 1, `latency` and `latency_ms` are the mean latency, `latency_p50_ms`, `_p95_` and
 * `_p99_` its quantiles, and any other name is the mean of the caller's metric.
 */
export function kindOf(metric: string, arms: readonly Totals[]): MetricKind {
  if (QUANTILES.has(metric)) return "quantile";
  if (metric === "success_rate" || metric === "error_rate") return "rate";
  return metric === "conversion_rate" && arms.every((arm) => isZeroOne(momentsOf(arm, metric)))
    ? "rate"
    : "mean";
}

/** The counts behind a metric of kind `rate`. */
export function proportionOf(
  totals: Totals,
  metric: string,
  callersReport: boolean,
): { successes: number; trials: number } {
  if (metric === "success_rate" || metric === "error_rate") {
    const { requests, successes, errors } = comparedCounts(totals.counts, callersReport);
    return { successes: metric === "error_rate" ? errors : successes, trials: requests };
  }
  const { sum, count } = momentsOf(totals, metric);
  return { successes: sum[0], trials: count };
}

/** The moments behind a metric of kind `mean`. */
export function momentsOf({ latency, metrics }: Totals, metric: string): Moments {
  if (metric === "latency" || metric === "latency_ms") return latency;
  const name = metric === "conversion_rate" ? "conversion" : metric;
  // A caller may name a metric like something that every object inherits.
  return (Object.hasOwn(metrics, name) ? metrics[name] : null) ?? noMoments;
}

/** The value of any metric, or null where nothing was observed. */
export function valueOf(totals: Totals, metric: string, callersReport: boolean): number | null {
  const q = quantileOf(metric);
  if (q !== null) return quantile(totals.bins, q);
  if (kindOf(metric, [totals]) === "mean") return mean(momentsOf(totals, metric));
  const { successes, trials } = proportionOf(totals, metric, callersReport);
  return trials > 0 ? successes / trials : null;
}

/** What a bandit knows of its arms, all of one kind; for a quantile of latency it is the mean latency. */
export function armEvidence(arms: readonly Totals[], metric: string): ArmEvidence[] {
  const callersReport = doCallersReport(arms);
  const kind = kindOf(metric, arms);
  if (kind === "rate")
    return arms.map((arm) => ({ kind: "rate", ...proportionOf(arm, metric, callersReport) }));
  return arms.map((arm) => {
    const moments = kind === "quantile" ? arm.latency : momentsOf(arm, metric);
    return {
      kind: "mean",
      count: moments.count,
      mean: mean(moments) ?? 0,
      variance: sampleVariance(moments) ?? 0,
    };
  });
}
