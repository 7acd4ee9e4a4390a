import { fail, ok, type Result } from "../result.ts";
import type { Degenerate } from "./degenerate.ts";
import { restrictedControlRate } from "./difference-interval.ts";
import { normalSf } from "./normal.ts";
import { degeneracy, failures, rate, type Proportion } from "./proportion.ts";
import { studentTSf } from "./student-t.ts";
import { welchTTest, type Sample } from "./welch-t-test.ts";

/** How much worse than control a variant may be, and which way is worse. */
export type NonInferiorityMargin = {
  /** At least 0: a difference, or a share of control's value, which is below 1 where higher is better. */
  margin: number;
  scale: "absolute" | "relative";
  better: "higher" | "lower";
  /** The size of the one-sided test, 0 < alpha < 1. */
  alpha: number;
};

export type NonInferiority = {
  /** Positive speaks for the variant, measured from the margin: z for rates, t for means. */
  statistic: number;
  /** Of "the variant is worse by the margin or more". */
  pValue: number;
  isNonInferior: boolean;
};

/**
 * The score test of Farrington & Manning (1990) for two rates: the variance is that of the most likely rates that differ by
 * the margin. Fails with `no_observations`, `invalid_sample`, or `no_variation` when those rates are 0 or 1.
 */
export function rateNonInferiority(
  control: Proportion,
  variant: Proportion,
  { margin, scale, better, alpha }: NonInferiorityMargin,
): Result<NonInferiority, Degenerate> {
  const reason = degeneracy(control) ?? degeneracy(variant);
  if (reason) return fail({ code: reason });
  if (!isMargin(margin)) return fail({ code: "invalid_sample" });
  const shift = better === "higher" ? -margin : margin;
  const ratio = scale === "relative" ? 1 + shift : 1;
  const delta = scale === "relative" ? 0 : shift;
  if (Math.abs(delta) >= 1 || ratio <= 0) return fail({ code: "invalid_sample" });
  const controlRate =
    scale === "relative"
      ? restrictedByRatio(control, variant, ratio)
      : restrictedControlRate(control, variant, delta);
  const variantRate = ratio * controlRate + delta;
  const variance =
    (ratio * ratio * controlRate * (1 - controlRate)) / control.trials +
    Math.max(0, variantRate * (1 - variantRate)) / variant.trials;
  if (!(variance > 0)) return fail({ code: "no_variation" });
  const distance = rate(variant) - ratio * rate(control) - delta;
  const statistic = (better === "higher" ? distance : -distance) / Math.sqrt(variance);
  return ok(decide(statistic, normalSf(statistic), alpha));
}

/**
 * Welch's t test for two means with control's moved by the margin. Fails as `welchTTest` does; a relative margin needs a
 * control mean above 0, else `invalid_sample`.
 */
export function meanNonInferiority(
  control: Sample,
  variant: Sample,
  { margin, scale, better, alpha }: NonInferiorityMargin,
): Result<NonInferiority, Degenerate> {
  const isRelative = scale === "relative";
  const isEmpty = control.count === 0 || variant.count === 0;
  if (!isMargin(margin) || (isRelative && !isEmpty && !(control.mean > 0)))
    return fail({ code: "invalid_sample" });
  const shift = better === "higher" ? -margin : margin;
  const ratio = isRelative ? 1 + shift : 1;
  const moved = {
    mean: ratio * control.mean + (isRelative ? 0 : shift),
    variance: ratio * ratio * control.variance,
    count: control.count,
  };
  const test = welchTTest(moved, variant, 1 - alpha);
  if (!test.ok) return test;
  const statistic = better === "higher" ? test.value.t : -test.value.t;
  return ok(decide(statistic, studentTSf(statistic, test.value.df), alpha));
}

const isMargin = (margin: number): boolean => margin >= 0 && Number.isFinite(margin);

const decide = (statistic: number, pValue: number, alpha: number): NonInferiority => ({
  statistic,
  pValue: Math.max(Number.MIN_VALUE, pValue),
  isNonInferior: pValue <= alpha,
});

/** Control's most likely rate when the variant's is `ratio` times it: the smaller root of the quadratic likelihood equation. */
function restrictedByRatio(control: Proportion, variant: Proportion, ratio: number): number {
  const successes = control.successes + variant.successes;
  const square = ratio * (control.trials + variant.trials);
  const linear =
    successes * (1 + ratio) + failures(control).successes + ratio * failures(variant).successes;
  const root = Math.sqrt(Math.max(0, linear * linear - 4 * square * successes));
  return (2 * successes) / (linear + root);
}
