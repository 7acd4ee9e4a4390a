import { differenceInterval } from "../statistics/difference-interval.ts";
import type { Degenerate } from "../statistics/degenerate.ts";
import { isZeroOne, mean, noMoments, sampleVariance, type Moments } from "../statistics/moments.ts";
import { cohenH, type Proportion } from "../statistics/proportion.ts";
import { twoProportionZTest } from "../statistics/two-proportion-z-test.ts";
import { cohenD, welchTTest, type Sample } from "../statistics/welch-t-test.ts";

/** What the outcomes of one variant add up to. `metrics` are the caller's own, such as conversion, which is 0 or 1. */
export type VariantTotals = {
  variant_id: string;
  is_control: boolean;
  /** The requests that are compared, as `comparedCounts` has them. */
  requests: number;
  successes: number;
  errors: number;
  /** Milliseconds. */
  latency: Moments;
  latency_p95_ms: number | null;
  metrics: Record<string, Moments>;
};

export type SignificanceResult = {
  variant_id: string;
  metric: string;
  /** Null for a metric that has no test (`latency_p95_ms`). */
  method: "two_proportion_z" | "welch_t" | null;
  control_value: number | null;
  variant_value: number | null;
  p_value: number | null;
  is_significant: boolean;
  /** For variant - control: Newcombe's for rates, Welch's for means. */
  confidence_interval: [low: number, high: number] | null;
  /** Cohen's h for rates, Cohen's d for means; positive when the variant's value is the higher. */
  effect_size: number | null;
  sample_size_adequate: boolean;
  recommended_action: "continue" | "conclude_winner" | "conclude_no_difference";
  /** The better arm, which may be the control, when the action is `conclude_winner`. */
  winner: string | null;
  /** Why there is no p-value. */
  reason: Degenerate["code"] | "metric_has_no_test" | null;
};

export type GuardrailResult = {
  metric: string;
  variant_id: string;
  control_value: number | null;
  variant_value: number | null;
  /** How much worse than control, as a share of control's value; negative is better. */
  degradation: number | null;
  threshold: number;
  passed: boolean;
  /** Why there is no degradation. */
  reason: "no_observations" | "control_value_zero" | null;
};

export type AnalysisInput = {
  control: VariantTotals;
  variants: readonly VariantTotals[];
  metric: string;
  confidenceLevel: number;
  /** Observations of the metric that each of two compared variants needs before anything is concluded. */
  minimumSampleSize: number;
  guardrails: readonly string[];
  /** The relative degradation that a guardrail lets pass. */
  degradationThreshold?: number;
};

/**
 * Compares every variant with control on `metric`, two-sided, and checks every guardrail on every variant.
 *
 * `success_rate` and `error_rate` are shares of the requests, `conversion_rate` is the mean of the metric `conversion`,
 * `latency` and `latency_ms` are the mean latency, `latency_p95_ms` serves guardrails only, and any other name is the mean
 * of the caller's metric. Latencies and the error rate are better lower, everything else higher. Shares are compared by the
 * two-proportion z test, and so is `conversion_rate` while each of its values is 0 or 1; means by Welch's t test.
 *
 * A p-value holds for one look at a sample size fixed beforehand, and for one variant: repeated looks and several variants
 * find more differences than 1 - confidenceLevel says. Without a p-value nothing is concluded.
 */
export function analyse({
  control,
  variants,
  metric,
  confidenceLevel,
  minimumSampleSize,
  guardrails,
  degradationThreshold = 0.1,
}: AnalysisInput): { results: SignificanceResult[]; guardrails: GuardrailResult[] } {
  return {
    results: variants.map((variant) =>
      significance(control, variant, metric, confidenceLevel, minimumSampleSize),
    ),
    guardrails: variants.flatMap((variant) =>
      guardrails.map((guardrail) =>
        checkGuardrail(control, variant, guardrail, degradationThreshold),
      ),
    ),
  };
}

function significance(
  control: VariantTotals,
  variant: VariantTotals,
  metric: string,
  confidenceLevel: number,
  minimumSampleSize: number,
): SignificanceResult {
  const { sampleSize, ...comparison } = compare(control, variant, metric, confidenceLevel);
  const controlValue = valueOf(control, metric);
  const variantValue = valueOf(variant, metric);
  const isSignificant = comparison.p_value !== null && comparison.p_value < 1 - confidenceLevel;
  const isAdequate = sampleSize >= minimumSampleSize;
  const isConclusive = comparison.p_value !== null && isAdequate;
  const isBetter = worsening(controlValue ?? 0, variantValue ?? 0, metric) < 0;
  return {
    variant_id: variant.variant_id,
    metric,
    ...comparison,
    control_value: controlValue,
    variant_value: variantValue,
    is_significant: isSignificant,
    sample_size_adequate: isAdequate,
    ...(isConclusive && isSignificant
      ? {
          recommended_action: "conclude_winner",
          winner: isBetter ? variant.variant_id : control.variant_id,
        }
      : { recommended_action: isConclusive ? "conclude_no_difference" : "continue", winner: null }),
  };
}

type Comparison = Pick<
  SignificanceResult,
  "method" | "p_value" | "confidence_interval" | "effect_size" | "reason"
> & { sampleSize: number };

function compare(
  control: VariantTotals,
  variant: VariantTotals,
  metric: string,
  confidenceLevel: number,
): Comparison {
  if (metric === "latency_p95_ms")
    return {
      method: null,
      sampleSize: Math.min(control.requests, variant.requests),
      p_value: null,
      confidence_interval: null,
      effect_size: null,
      reason: "metric_has_no_test",
    };
  const controlRate = proportionOf(control, metric);
  const variantRate = proportionOf(variant, metric);
  return controlRate && variantRate
    ? compareRates(controlRate, variantRate, confidenceLevel)
    : compareMeans(momentsOf(control, metric), momentsOf(variant, metric), confidenceLevel);
}

function compareRates(
  control: Proportion,
  variant: Proportion,
  confidenceLevel: number,
): Comparison {
  const test = twoProportionZTest(control, variant);
  const interval = differenceInterval(control, variant, confidenceLevel);
  return {
    method: "two_proportion_z",
    sampleSize: Math.min(control.trials, variant.trials),
    p_value: test.ok ? test.value.pValue : null,
    confidence_interval: interval.ok ? interval.value : null,
    effect_size: interval.ok ? cohenH(control, variant) : null,
    reason: test.ok ? null : test.error.code,
  };
}

function compareMeans(control: Moments, variant: Moments, confidenceLevel: number): Comparison {
  const samples = [sampleOf(control), sampleOf(variant)] as const;
  const test = welchTTest(...samples, confidenceLevel);
  return {
    method: "welch_t",
    sampleSize: Math.min(control.count, variant.count),
    p_value: test.ok ? test.value.pValue : null,
    confidence_interval: test.ok ? test.value.interval : null,
    effect_size: test.ok ? cohenD(...samples) : null,
    reason: test.ok ? null : test.error.code,
  };
}

/** A sample too small for a mean or a variance is refused by its count, before either is looked at. */
const sampleOf = (moments: Moments): Sample => ({
  mean: mean(moments) ?? 0,
  variance: sampleVariance(moments) ?? 0,
  count: moments.count,
});

function checkGuardrail(
  control: VariantTotals,
  variant: VariantTotals,
  metric: string,
  threshold: number,
): GuardrailResult {
  const controlValue = valueOf(control, metric);
  const variantValue = valueOf(variant, metric);
  return {
    metric,
    variant_id: variant.variant_id,
    control_value: controlValue,
    variant_value: variantValue,
    threshold,
    ...degradationOf(controlValue, variantValue, metric, threshold),
  };
}

/** Anything worse than a control value of 0 is worse beyond every threshold, by a share that no number can tell. */
function degradationOf(
  controlValue: number | null,
  variantValue: number | null,
  metric: string,
  threshold: number,
): Pick<GuardrailResult, "degradation" | "passed" | "reason"> {
  if (controlValue === null || variantValue === null)
    return { degradation: null, passed: true, reason: "no_observations" };
  const worse = worsening(controlValue, variantValue, metric);
  if (worse === 0) return { degradation: 0, passed: true, reason: null };
  const degradation = worse / Math.abs(controlValue);
  return Number.isFinite(degradation)
    ? { degradation, passed: degradation <= threshold, reason: null }
    : { degradation: null, passed: worse < 0, reason: "control_value_zero" };
}

const LOWER_IS_BETTER: ReadonlySet<string> = new Set([
  "error_rate",
  "latency",
  "latency_ms",
  "latency_p95_ms",
]);

const worsening = (controlValue: number, variantValue: number, metric: string): number =>
  LOWER_IS_BETTER.has(metric) ? variantValue - controlValue : controlValue - variantValue;

/** The value of any metric, or null where nothing was observed. */
function valueOf(totals: VariantTotals, metric: string): number | null {
  if (metric === "latency_p95_ms") return totals.latency_p95_ms;
  const proportion = proportionOf(totals, metric);
  if (proportion === null) return mean(momentsOf(totals, metric));
  return proportion.trials > 0 ? proportion.successes / proportion.trials : null;
}

/** The counts behind a metric that is a rate, null for any other. */
function proportionOf(totals: VariantTotals, metric: string): Proportion | null {
  if (metric === "success_rate") return { successes: totals.successes, trials: totals.requests };
  if (metric === "error_rate") return { successes: totals.errors, trials: totals.requests };
  const moments = momentsOf(totals, metric);
  return metric === "conversion_rate" && isZeroOne(moments)
    ? { successes: moments.sum[0], trials: moments.count }
    : null;
}

function momentsOf(totals: VariantTotals, metric: string): Moments {
  if (metric === "latency" || metric === "latency_ms") return totals.latency;
  const name = metric === "conversion_rate" ? "conversion" : metric;
  // A caller may name a metric like something that every object inherits.
  return (Object.hasOwn(totals.metrics, name) ? totals.metrics[name] : null) ?? noMoments;
}
