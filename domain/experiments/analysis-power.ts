import { meansPower, twoProportionPower } from "../statistics/power.ts";
import { rate } from "../statistics/proportion.ts";
import { meansSampleSize, twoProportionSampleSize } from "../statistics/sample-size.ts";
import { type Comparison, type Interval, proportionIn, sampleIn } from "./analysis-comparison.ts";

/** A change that matters, as a share of the control's value. */
export const RELEVANT_EFFECT = 0.05;
const POWER = 0.8;
/** More observations than any experiment has are as good as none that would do. */
const MOST_OBSERVATIONS = 1e12;

export type PowerResult = {
  relative_effect: number;
  /** The probability that a sample as large as this one finds the effect. */
  achieved: number | null;
  /** Observations that each of two equal arms needs to find it with probability 0.8. */
  required_sample_size: number | null;
  reason:
    | "no_observations"
    | "too_few_observations"
    | "no_variation"
    | "control_value_zero"
    | "metric_has_no_test"
    | null;
};

/**
 * What the fixed-sample test can find: a change of the control's value by 5%, two-sided. It is not
 * asked of the observed effect, whose power is the p-value in other words (Hoenig & Heisey 2001).
 */
export function powerOf(comparison: Comparison): PowerResult {
  const plan = planOf(comparison);
  if (typeof plan === "string") return { ...unknown, reason: plan };
  const { achieved, required } = plan;
  const isAttainable = required <= MOST_OBSERVATIONS;
  return {
    ...unknown,
    achieved,
    required_sample_size: isAttainable ? Math.max(2, Math.ceil(required)) : null,
  };
}

const unknown: PowerResult = {
  relative_effect: RELEVANT_EFFECT,
  achieved: null,
  required_sample_size: null,
  reason: null,
};

type Plan = { achieved: number; required: number } | NonNullable<PowerResult["reason"]>;

function planOf(comparison: Comparison): Plan {
  const alpha = 1 - comparison.confidenceLevel;
  if (comparison.kind === "quantile") return "metric_has_no_test";
  return comparison.kind === "rate" ? ratePlan(comparison, alpha) : meanPlan(comparison, alpha);
}

function ratePlan(comparison: Comparison, alpha: number): Plan {
  const control = proportionIn(comparison, comparison.control);
  const variant = proportionIn(comparison, comparison.variant);
  if (control.trials === 0 || variant.trials === 0) return "no_observations";
  const p1 = rate(control);
  if (p1 === 0 || p1 === 1) return "no_variation";
  const up = p1 * (1 + RELEVANT_EFFECT);
  const p2 = up < 1 ? up : p1 * (1 - RELEVANT_EFFECT);
  const ratio = variant.trials / control.trials;
  return {
    achieved: twoProportionPower({ p1, p2, size: control.trials, ratio, alpha }),
    required: twoProportionSampleSize({ p1, p2, alpha, power: POWER }),
  };
}

function meanPlan(comparison: Comparison, alpha: number): Plan {
  const control = sampleIn(comparison, comparison.control);
  const variant = sampleIn(comparison, comparison.variant);
  const fewest = Math.min(control.count, variant.count);
  if (fewest < 2) return fewest === 0 ? "no_observations" : "too_few_observations";
  if (control.mean === 0) return "control_value_zero";
  const squares = (control.count - 1) * control.variance + (variant.count - 1) * variant.variance;
  const deviation = Math.sqrt(squares / (control.count + variant.count - 2));
  if (deviation === 0) return "no_variation";
  const effectSize = (RELEVANT_EFFECT * Math.abs(control.mean)) / deviation;
  const ratio = variant.count / control.count;
  return {
    achieved: meansPower({ effectSize, size: control.count, ratio, alpha, distribution: "normal" }),
    required: meansSampleSize({
      effectSize,
      alpha,
      power: POWER,
      distribution: "normal",
    }),
  };
}

/**
 * Whether all differences in the interval are too small to matter: below 5% of the control's value
 * in magnitude. With a confidence interval this is the equivalence test of Schuirmann (1987), each
 * side at half of alpha: the sample must be large enough to have found an effect that matters.
 */
export function isNegligible(interval: Interval | null, controlValue: number | null): boolean {
  if (!interval || controlValue === null) return false;
  const most = RELEVANT_EFFECT * Math.abs(controlValue);
  return -most < interval[0] && interval[1] < most;
}
