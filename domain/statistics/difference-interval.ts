import { fail, ok, type Result } from "../result.ts";
import { bisect } from "./bisect.ts";
import type { Degenerate } from "./degenerate.ts";
import { normalQuantile } from "./normal.ts";
import { degeneracy, failures, rate, rateDifference, type Proportion } from "./proportion.ts";

export type Interval = [low: number, high: number];

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

function wald(control: Proportion, variant: Proportion, z: number): Interval {
  const centre = rateDifference(control, variant);
  const half = z * Math.sqrt(varianceOf(control) + varianceOf(variant));
  return [centre - half, centre + half];
}

const varianceOf = (p: Proportion): number => (rate(p) * rate(failures(p))) / p.trials;

const agrestiCaffo = (control: Proportion, variant: Proportion, z: number): Interval =>
  wald(withOneMoreOfEach(control), withOneMoreOfEach(variant), z);

const withOneMoreOfEach = ({ successes, trials }: Proportion): Proportion => ({
  successes: successes + 1,
  trials: trials + 2,
});

function newcombe(control: Proportion, variant: Proportion, z: number): Interval {
  const centre = rateDifference(control, variant);
  const down = Math.hypot(distanceToWilson(variant, z), distanceToWilson(failures(control), z));
  const up = Math.hypot(distanceToWilson(failures(variant), z), distanceToWilson(control, z));
  return [centre - down, centre + up];
}

/** From the rate down to the lower end of its Wilson interval; up to the upper end when given the failures. */
function distanceToWilson(p: Proportion, z: number): number {
  const spread = z * Math.sqrt(z * z + 4 * p.successes * rate(failures(p)));
  return (z * z * (rate(p) - rate(failures(p))) + spread) / (2 * (p.trials + z * z));
}

function score(control: Proportion, variant: Proportion, z: number): Interval {
  const centre = rateDifference(control, variant);
  const isRejected = (delta: number): boolean =>
    (centre - delta) ** 2 > z * z * restrictedVariance(control, variant, delta);
  return [bisect(isRejected, -1, centre), bisect((delta) => !isRejected(delta), centre, 1)];
}

/** Variance of the difference when both rates have their maximum-likelihood values given that they differ by `delta`. */
function restrictedVariance(control: Proportion, variant: Proportion, delta: number): number {
  const controlRate = restrictedControlRate(control, variant, delta);
  const variantRate = controlRate + delta;
  const trials = control.trials + variant.trials;
  return (
    (trials / (trials - 1)) *
    ((controlRate * (1 - controlRate)) / control.trials +
      (variantRate * (1 - variantRate)) / variant.trials)
  );
}

/** Control's maximum-likelihood rate given that the variant's is higher by `delta`, -1 < delta < 1. */
export const restrictedControlRate = (
  control: Proportion,
  variant: Proportion,
  delta: number,
): number =>
  bisect(
    (at) => likelihoodSlope(control, at) + likelihoodSlope(variant, at + delta) > 0,
    Math.max(0, -delta),
    Math.min(1, 1 - delta),
  );

/** Derivative of the binomial log-likelihood at the rate `at`. */
const likelihoodSlope = (p: Proportion, at: number): number =>
  p.successes / at - failures(p).successes / (1 - at);

const INTERVALS = { newcombe, score, agresti_caffo: agrestiCaffo, wald };
