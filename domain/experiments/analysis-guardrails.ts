import { meanNonInferiority, rateNonInferiority } from "../statistics/non-inferiority.ts";
import { betterment, type Comparison, proportionIn, sampleIn } from "./analysis-comparison.ts";
import type { Verdict } from "./guard.ts";
import { lowerIsBetter, valueOf } from "./metric.ts";

export type GuardrailResult = {
  metric: string;
  variant_id: string;
  control_value: number | null;
  variant_value: number | null;
  /** How much worse than the compared arm, as a share of its value; negative is better. */
  degradation: number | null;
  threshold: number;
  passed: boolean;
  /** Why there is no degradation. */
  reason: "no_observations" | "control_value_zero" | null;
  /** The always-valid evidence that it is worse by more than the margin. */
  method: Verdict["method"] | null;
  log_e_value: number | null;
  margin: number;
  /** Of "worse by the margin or more", for one look; a small one says that the variant is fine. */
  non_inferiority_p_value: number | null;
};

/** A guardrail as the observed values have it, and as the always-valid evidence does. */
export function guardrailResult(
  comparison: Comparison,
  variant_id: string,
  margin: number,
  verdict: Verdict | undefined,
): GuardrailResult {
  const { metric, control, variant, callersReport } = comparison;
  const control_value = valueOf(control, metric, callersReport);
  const variant_value = valueOf(variant, metric, callersReport);
  return {
    metric,
    variant_id,
    control_value,
    variant_value,
    threshold: margin,
    ...degradationOf(control_value, variant_value, metric, margin),
    method: verdict?.method ?? null,
    log_e_value: verdict?.log_e_value ?? null,
    margin,
    non_inferiority_p_value: nonInferiority(comparison, margin),
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
  const worse = betterment(metric, controlValue - variantValue);
  if (worse === 0) return { degradation: 0, passed: true, reason: null };
  const degradation = worse / Math.abs(controlValue);
  return Number.isFinite(degradation)
    ? { degradation, passed: degradation <= threshold, reason: null }
    : { degradation: null, passed: worse < 0, reason: "control_value_zero" };
}

function nonInferiority(comparison: Comparison, margin: number): number | null {
  const { metric, kind, control, variant, confidenceLevel } = comparison;
  if (kind === "quantile") return null;
  const asked = {
    margin,
    scale: "relative",
    better: lowerIsBetter(metric) ? "lower" : "higher",
    alpha: 1 - confidenceLevel,
  } as const;
  const tested =
    kind === "rate"
      ? rateNonInferiority(
          proportionIn(comparison, control),
          proportionIn(comparison, variant),
          asked,
        )
      : meanNonInferiority(sampleIn(comparison, control), sampleIn(comparison, variant), asked);
  return tested.ok ? tested.value.pValue : null;
}
