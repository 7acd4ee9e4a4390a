import type { Degenerate } from "../statistics/degenerate.ts";
import { differenceInterval, type IntervalMethod } from "../statistics/difference-interval.ts";
import { fisherExactTest } from "../statistics/fisher-exact-test.ts";
import { type Histogram, mannWhitneyTest } from "../statistics/mann-whitney-test.ts";
import { cohenH, degeneracy, type Proportion, rateDifference } from "../statistics/proportion.ts";
import { valueOf as valueOfBin } from "../statistics/quantile-sketch.ts";
import { twoProportionZTest } from "../statistics/two-proportion-z-test.ts";
import { cohenD, welchTTest } from "../statistics/welch-t-test.ts";
import type { Comparison, Interval } from "./analysis-comparison.ts";
import { proportionIn, sampleIn } from "./analysis-comparison.ts";
import type { MetricKind } from "./metric.ts";
import type { Totals } from "./totals.ts";

export type TestMethod = "two_proportion_z" | "fisher_exact" | "welch_t" | "mann_whitney";

export type FixedTest = {
  /** Null for a quantile, which has a test only if one is asked for. */
  method: TestMethod | null;
  p_value: number | null;
  /** For variant - control: of rates as asked, of means Welch's; null for a quantile. */
  confidence_interval: Interval | null;
  /**
   * Cohen's h for rates, Cohen's d for means, the rank-biserial correlation (Kerby 2014) for
   * `mann_whitney`; positive when the variant's values are the higher.
   */
  effect_size: number | null;
  /** Why there is no p-value. */
  reason: Degenerate["code"] | "metric_has_no_test" | null;
};

type Found = FixedTest & {
  /** Positive when the test finds the variant's values to be the higher. */
  direction: number;
};

const isLatency = (metric: string): boolean => metric === "latency" || metric === "latency_ms";

/** The tests that a metric can have; a quantile has one of all latencies. */
export function fittingTests(metric: string, kind: MetricKind): TestMethod[] {
  if (kind === "rate") return ["two_proportion_z", "fisher_exact"];
  if (kind === "quantile") return ["mann_whitney"];
  return isLatency(metric) ? ["welch_t", "mann_whitney"] : ["welch_t"];
}

/**
 * A two-sided test of all that was counted, for one look at a sample size fixed beforehand. `auto`
 * is Fisher's exact test for rates where a cell of the 2x2 table expects fewer than 5 (Cochran
 * 1954) and else the z test; for means Welch's t test, but for latencies the rank-sum test where
 * the t test would not be near its level, see `isTooSkewed`; and no test for a quantile.
 */
export function fixedTest(
  comparison: Comparison,
  { test, interval }: { test: "auto" | TestMethod; interval: IntervalMethod },
): Found {
  const { metric, kind, control, variant } = comparison;
  if (kind === "rate") return rateTest(comparison, test, interval);
  const ofMeans = kind === "mean" ? welch(comparison) : noTest;
  const isRanked =
    test === "mann_whitney" ||
    (test === "auto" &&
      isLatency(metric) &&
      (isTooSkewed(control) || isTooSkewed(variant)) &&
      Math.min(control.latency.count, variant.latency.count) > 0);
  return isRanked ? { ...ofMeans, ...rankSum(control, variant) } : ofMeans;
}

const noTest: Found = {
  method: null,
  p_value: null,
  confidence_interval: null,
  effect_size: null,
  reason: "metric_has_no_test",
  direction: 0,
};

function rateTest(
  comparison: Comparison,
  test: "auto" | TestMethod,
  intervalMethod: IntervalMethod,
): Found {
  const control = proportionIn(comparison, comparison.control);
  const variant = proportionIn(comparison, comparison.variant);
  const isExact = test === "fisher_exact" || (test === "auto" && isSparse(control, variant));
  const tested = (isExact ? fisherExactTest : twoProportionZTest)(control, variant);
  const level = comparison.confidenceLevel;
  const interval = differenceInterval(control, variant, level, intervalMethod);
  return {
    method: isExact ? "fisher_exact" : "two_proportion_z",
    p_value: tested.ok ? tested.value.pValue : null,
    confidence_interval: interval.ok ? interval.value : null,
    effect_size: interval.ok ? cohenH(control, variant) : null,
    reason: tested.ok ? null : tested.error.code,
    direction: tested.ok ? rateDifference(control, variant) : 0,
  };
}

const FEWEST_EXPECTED = 5;

function isSparse(control: Proportion, variant: Proportion): boolean {
  if (degeneracy(control) !== null || degeneracy(variant) !== null) return false;
  const trials = control.trials + variant.trials;
  const successes = control.successes + variant.successes;
  const rarer = Math.min(successes, trials - successes);
  return (rarer / trials) * Math.min(control.trials, variant.trials) < FEWEST_EXPECTED;
}

function welch(comparison: Comparison): Found {
  const control = sampleIn(comparison, comparison.control);
  const variant = sampleIn(comparison, comparison.variant);
  const tested = welchTTest(control, variant, comparison.confidenceLevel);
  if (!tested.ok) return { ...noTest, method: "welch_t", reason: tested.error.code };
  return {
    method: "welch_t",
    p_value: tested.value.pValue,
    confidence_interval: tested.value.interval,
    effect_size: cohenD(control, variant),
    reason: null,
    direction: variant.mean - control.mean,
  };
}

function rankSum(control: Totals, variant: Totals): Omit<Found, "confidence_interval"> {
  const tested = mannWhitneyTest(histogramOf(control), histogramOf(variant));
  const none = { p_value: null, effect_size: null, direction: 0 };
  if (!tested.ok) return { ...none, method: "mann_whitney", reason: tested.error.code };
  const { pValue, effectSize } = tested.value;
  const correlation = 2 * effectSize - 1;
  return {
    method: "mann_whitney",
    p_value: pValue,
    effect_size: correlation,
    reason: null,
    direction: correlation,
  };
}

/** Latencies, each within 1%. */
const histogramOf = ({ bins }: Totals): Histogram =>
  bins.map(([bin, count]) => [valueOfBin(bin), count]);

const FEWEST_FOR_T = 30;

/**
 * Whether a mean of so many latencies is too far from normal for a t test: fewer than 30 of them,
 * or fewer than 28 + 25 g^2, where g is the skewness of the latencies themselves (Sugden, Smith &
 * Jones 2000, after Cochran), taken from the sketch.
 */
function isTooSkewed({ bins, latency: { count } }: Totals): boolean {
  return count < FEWEST_FOR_T || count < 28 + 25 * skewness(bins) ** 2;
}

/** The third standardised moment; 0 where nothing varies. */
function skewness(bins: Totals["bins"]): number {
  const total = bins.reduce((sum, [, count]) => sum + count, 0);
  const mean = bins.reduce((sum, [bin, count]) => sum + (count / total) * valueOfBin(bin), 0);
  const [second, third] = [2, 3].map((power) =>
    bins.reduce(
      (sum, [bin, count]) => sum + (count / total) * (valueOfBin(bin) - mean) ** power,
      0,
    ),
  );
  return second ? (third ?? 0) / second ** 1.5 : 0;
}
