import { fail, ok, type Result } from "../result.ts";
import type { Degenerate } from "./degenerate.ts";
import type { Interval } from "./difference-interval.ts";
import { studentTQuantile, studentTSf } from "./student-t.ts";

/** What a t test needs of a sample of `count` observations; `variance` is the sample variance (divisor count - 1). */
export type Sample = { mean: number; variance: number; count: number };

export type WelchTTest = { t: number; df: number; pValue: number; interval: Interval };

/**
 * Welch's two-sided t test of variant against control, degrees of freedom by Welch-Satterthwaite, with the confidence
 * interval for (variant mean - control mean), 0 < confidenceLevel < 1. One sample without variance is allowed, two not.
 * Fails with `no_observations`, `too_few_observations` (under 2), `no_variation` or `invalid_sample`.
 */
export function welchTTest(
  control: Sample,
  variant: Sample,
  confidenceLevel: number,
): Result<WelchTTest, Degenerate> {
  const fewest = Math.min(control.count, variant.count);
  if (fewest < 2) return fail({ code: fewest === 0 ? "no_observations" : "too_few_observations" });
  const controlPart = control.variance / control.count;
  const variantPart = variant.variance / variant.count;
  const squaredError = controlPart + variantPart;
  if (squaredError === 0) return fail({ code: "no_variation" });
  const difference = variant.mean - control.mean;
  const t = difference / Math.sqrt(squaredError);
  if (!Number.isFinite(t)) return fail({ code: "invalid_sample" });

  const df =
    1 /
    ((controlPart / squaredError) ** 2 / (control.count - 1) +
      (variantPart / squaredError) ** 2 / (variant.count - 1));
  const half = -studentTQuantile((1 - confidenceLevel) / 2, df) * Math.sqrt(squaredError);
  return ok({
    t,
    df,
    // The smallest double stands for anything smaller.
    pValue: Math.max(Number.MIN_VALUE, 2 * studentTSf(Math.abs(t), df)),
    interval: [difference - half, difference + half],
  });
}

/** Cohen's d (Cohen 1988): the difference of means in pooled standard deviations; both samples as in `welchTTest`. */
export function cohenD(control: Sample, variant: Sample): number {
  const squares = (control.count - 1) * control.variance + (variant.count - 1) * variant.variance;
  return (variant.mean - control.mean) / Math.sqrt(squares / (control.count + variant.count - 2));
}
