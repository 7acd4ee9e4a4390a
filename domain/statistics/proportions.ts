import { fail, ok, type Result } from "../result.ts";
import { bisect } from "./bisect.ts";
import type { Degenerate } from "./degenerate.ts";
import { normalQuantile, normalSf } from "./normal.ts";

/** A counted rate: 0 <= successes <= trials. */
export type Proportion = { successes: number; trials: number };

/** The side of the alternative hypothesis: "larger" says that the variant's rate is above the control's. */
export type Alternative = "two-sided" | "larger" | "smaller";

export type Interval = [low: number, high: number];

/**
 * The pooled two-proportion z test of variant against control.
 * Fails with `no_observations`, `invalid_sample`, or `no_variation` when all trials ended alike.
 */
export function twoProportionZTest(
  control: Proportion,
  variant: Proportion,
  alternative: Alternative = "two-sided",
): Result<{ z: number; pValue: number }, Degenerate> {
  const reason = degeneracy(control) ?? degeneracy(variant);
  if (reason) return fail({ code: reason });
  const trials = control.trials + variant.trials;
  const successes = control.successes + variant.successes;
  if (successes === 0 || successes === trials) return fail({ code: "no_variation" });

  // In counts, the numerator is exact and 1 - rate is not rounded.
  const product = control.trials * variant.trials;
  const numerator = variant.successes * control.trials - control.successes * variant.trials;
  const z = (numerator / product) * Math.sqrt((trials * product) / (successes * (trials - successes)));
  return ok({ z, pValue: pValue(z, alternative) });
}

function pValue(z: number, alternative: Alternative): number {
  if (alternative === "larger") return normalSf(z);
  if (alternative === "smaller") return normalSf(-z);
  return 2 * normalSf(Math.abs(z));
}

const INTERVALS = { newcombe, score, agresti_caffo: agrestiCaffo, wald };
export type IntervalMethod = keyof typeof INTERVALS;

/**
 * A confidence interval for (variant rate - control rate), 0 < confidenceLevel < 1. The methods are
 * - `newcombe`: hybrid of two Wilson intervals (Newcombe 1998, method 10). Closed form, inside [-1, 1], near its nominal
 *   coverage also for small samples and rates of 0 or 1: the general choice;
 * - `score`: inversion of the score test (Miettinen & Nurminen 1985);
 * - `agresti_caffo`: Wald after one success and one failure more on each side (Agresti & Caffo 2000);
 * - `wald`: textbook normal approximation, empty-width at rates of 0 or 1; for comparison only.
 * Fails with `no_observations` or `invalid_sample`.
 */
export function differenceInterval(
  control: Proportion,
  variant: Proportion,
  confidenceLevel: number,
  method: IntervalMethod = "newcombe",
): Result<Interval, Degenerate> {
  const reason = degeneracy(control) ?? degeneracy(variant);
  if (reason) return fail({ code: reason });
  return ok(INTERVALS[method](control, variant, -normalQuantile((1 - confidenceLevel) / 2)));
}

/** Cohen's h (Cohen 1988): the difference of the arcsine-transformed rates, positive when the variant's is higher. */
export const cohenH = (control: Proportion, variant: Proportion): number =>
  2 * Math.asin(Math.sqrt(rate(variant))) - 2 * Math.asin(Math.sqrt(rate(control)));

export const rate = ({ successes, trials }: Proportion): number => successes / trials;

const failures = ({ successes, trials }: Proportion): Proportion => ({
  successes: trials - successes,
  trials,
});

function degeneracy({ successes, trials }: Proportion): Degenerate["code"] | null {
  if (trials === 0) return "no_observations";
  return successes >= 0 && successes <= trials && Number.isFinite(trials) ? null : "invalid_sample";
}

function difference(control: Proportion, variant: Proportion): number {
  const numerator = variant.successes * control.trials - control.successes * variant.trials;
  return numerator / (control.trials * variant.trials);
}

function wald(control: Proportion, variant: Proportion, z: number): Interval {
  const variance = (p: Proportion): number => (rate(p) * rate(failures(p))) / p.trials;
  const centre = difference(control, variant);
  const half = z * Math.sqrt(variance(control) + variance(variant));
  return [centre - half, centre + half];
}

function agrestiCaffo(control: Proportion, variant: Proportion, z: number): Interval {
  const adjusted = ({ successes, trials }: Proportion): Proportion => ({
    successes: successes + 1,
    trials: trials + 2,
  });
  return wald(adjusted(control), adjusted(variant), z);
}

function newcombe(control: Proportion, variant: Proportion, z: number): Interval {
  const centre = difference(control, variant);
  const down = Math.hypot(
    distanceToWilson(variant, z),
    distanceToWilson(failures(control), z),
  );
  const up = Math.hypot(distanceToWilson(failures(variant), z), distanceToWilson(control, z));
  return [centre - down, centre + up];
}

/** From the rate down to the lower end of its Wilson interval; up to the upper end when given the failures. */
function distanceToWilson(p: Proportion, z: number): number {
  const spread = z * Math.sqrt(z * z + 4 * p.successes * rate(failures(p)));
  return (z * z * (rate(p) - rate(failures(p))) + spread) / (2 * (p.trials + z * z));
}

function score(control: Proportion, variant: Proportion, z: number): Interval {
  const centre = difference(control, variant);
  const isRejected = (delta: number): boolean =>
    (centre - delta) ** 2 > z * z * restrictedVariance(control, variant, delta);
  return [
    bisect(isRejected, -1, centre),
    bisect((delta) => !isRejected(delta), centre, 1),
  ];
}

/** Variance of the difference when both rates have their maximum-likelihood values given that they differ by `delta`. */
function restrictedVariance(control: Proportion, variant: Proportion, delta: number): number {
  const slope = (p: Proportion, at: number): number =>
    p.successes / at - failures(p).successes / (1 - at);
  const base = bisect(
    (at) => slope(control, at) + slope(variant, at + delta) > 0,
    Math.max(0, -delta),
    Math.min(1, 1 - delta),
  );
  const shifted = base + delta;
  const trials = control.trials + variant.trials;
  return (
    (trials / (trials - 1)) *
    ((base * (1 - base)) / control.trials + (shifted * (1 - shifted)) / variant.trials)
  );
}
