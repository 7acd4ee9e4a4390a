import { fail, ok, type Result } from "../result.ts";
import { bisect } from "./bisect.ts";
import { normalQuantile, normalSf } from "./normal.ts";
import { tTestPower } from "./power.ts";

/** `alpha` is the size of the test, 0 < alpha < power < 1; `ratio` is the second sample's size over the first's. */
type Design = { alpha: number; power: number; ratio?: number };

type TwoProportionDesign = Design & {
  p1: number;
  p2: number;
  alternative?: "two-sided" | "one-sided";
  /** Whether the test under the null takes its variance from the pooled rate or from the two rates. */
  variance?: "pooled" | "unpooled";
};

/** Observations needed in the first sample to tell rate p1 from p2, before rounding up (Fleiss, Levin & Paik 2003, ch. 4). */
export function twoProportionSampleSize({
  p1,
  p2,
  alpha,
  power,
  ratio = 1,
  alternative = "two-sided",
  variance = "pooled",
}: TwoProportionDesign): number {
  const pooled = (p1 + ratio * p2) / (1 + ratio);
  const alternativeSpread = Math.sqrt(p1 * (1 - p1) + (p2 * (1 - p2)) / ratio);
  const nullSpread =
    variance === "pooled" ? Math.sqrt(pooled * (1 - pooled) * (1 + 1 / ratio)) : alternativeSpread;
  const zAlpha = -normalQuantile(alternative === "two-sided" ? alpha / 2 : alpha);
  const zPower = normalQuantile(power);
  return ((zAlpha * nullSpread + zPower * alternativeSpread) / (p2 - p1)) ** 2;
}

type MeansDesign = Design & {
  /** Cohen's d, not 0. */
  effectSize: number;
  /** Student's t when the variance is estimated from the samples, normal when it is known. */
  distribution?: "t" | "normal";
};

/**
 * Observations needed in the first sample for a two-sided comparison of two means, before rounding up. Solves the power
 * function itself, so that a rejection on the wrong side counts as well.
 */
export function meansSampleSize({
  effectSize,
  alpha,
  power,
  ratio = 1,
  distribution = "t",
}: MeansDesign): number {
  const perObservation = (effectSize * effectSize * ratio) / (1 + ratio);
  const zAlpha = -normalQuantile(alpha / 2);
  const shift = bisect(
    (delta) => normalSf(zAlpha - delta) + normalSf(zAlpha + delta) < power,
    0,
    zAlpha + normalQuantile(power),
  );
  const normalSize = (shift * shift) / perObservation;
  if (distribution === "normal") return normalSize;

  const isTooSmall = (size: number): boolean =>
    tTestPower(size * perObservation, size * (1 + ratio) - 2, alpha) < power;
  const smallest = 3 / (1 + ratio);
  let enough = smallest + normalSize;
  while (isTooSmall(enough)) enough *= 2;
  return bisect(isTooSmall, smallest, enough);
}

export type InvalidParameter = {
  code: "invalid_parameter";
  parameter: "baseline_rate" | "minimum_detectable_effect" | "confidence_level" | "power";
};

/**
 * Observations that each of two equal variants needs before a change of `baselineRate` by the relative
 * `minimumDetectableEffect` (0.05 is 5% up, negative is down) is found with probability `power` by the two-sided pooled z
 * test. Rates, changed or not, lie strictly between 0 and 1, and so do the levels; power exceeds 1 - confidenceLevel.
 */
export function sampleSizeRequirement(
  baselineRate: number,
  minimumDetectableEffect: number,
  confidenceLevel = 0.95,
  power = 0.8,
): Result<number, InvalidParameter> {
  const invalid = (parameter: InvalidParameter["parameter"]): Result<never, InvalidParameter> =>
    fail({ code: "invalid_parameter", parameter });
  const changedRate = baselineRate * (1 + minimumDetectableEffect);
  if (!isBetween(0, baselineRate, 1)) return invalid("baseline_rate");
  if (!isBetween(0, changedRate, 1) || changedRate === baselineRate)
    return invalid("minimum_detectable_effect");
  if (!isBetween(0, confidenceLevel, 1)) return invalid("confidence_level");
  const alpha = 1 - confidenceLevel;
  if (!isBetween(alpha, power, 1)) return invalid("power");
  return ok(
    Math.ceil(twoProportionSampleSize({ p1: baselineRate, p2: changedRate, alpha, power })),
  );
}

const isBetween = (low: number, x: number, high: number): boolean => low < x && x < high;
