import { fail, ok, type Result } from "../result.ts";
import {
  meanX,
  meanY,
  mergeBivariate,
  momentsOfX,
  momentsOfY,
  noBivariate,
  sampleCovariance,
  type BivariateMoments,
} from "./bivariate-moments.ts";
import type { Degenerate } from "./degenerate.ts";
import { sampleVariance } from "./moments.ts";
import type { Sample } from "./welch-t-test.ts";

export type Cuped = {
  /** How much of the metric a unit of the covariate explains, for all arms alike. */
  theta: number;
  /** In the order of the arms given, for any test of means. */
  adjusted: Sample[];
  /** The share of the metric's variance within arms that the covariate takes away, 0 to 1. */
  varianceReduction: number;
  /** Why theta is 0: the covariate, or the metric, is the same for all within each arm. */
  reason: "covariate_constant" | "metric_constant" | null;
};

/**
 * Means of a metric y freed of what a covariate x from before the experiment explains (Deng, Xu, Kohavi & Walker 2013,
 * "CUPED"): y - theta (x - mean x), where the slope theta is pooled within arms and mean x is over all arms, so that a
 * difference of adjusted means estimates the same effect. At least one arm; fails with `no_observations` or
 * `too_few_observations` when an arm has under 2 pairs, and with `invalid_sample` when a sum is no number.
 */
export function cuped(arms: readonly BivariateMoments[]): Result<Cuped, Degenerate> {
  const fewest = arms.reduce((least, { count }) => Math.min(least, count), Infinity);
  if (arms.length === 0 || fewest <= 0) return fail({ code: "no_observations" });
  if (fewest < 2) return fail({ code: "too_few_observations" });
  const spreads = arms.map(spreadOf);
  const within = (of: (spread: Spread) => number): number =>
    spreads.reduce((sum, spread) => sum + (spread.count - 1) * of(spread), 0);
  const xx = within(({ varianceX }) => varianceX);
  const yy = within(({ varianceY }) => varianceY);
  const xy = within(({ covariance }) => covariance);
  if (!Number.isFinite(xx + yy + xy)) return fail({ code: "invalid_sample" });
  const reason = xx === 0 ? "covariate_constant" : yy === 0 ? "metric_constant" : null;
  const theta = reason ? 0 : xy / xx;
  const centre = meanX(arms.reduce(mergeBivariate, noBivariate)) ?? 0;
  return ok({
    theta,
    adjusted: spreads.map(({ count, atX, atY, varianceX, varianceY, covariance }) => ({
      count,
      mean: atY - theta * (atX - centre),
      variance: Math.max(0, varianceY - 2 * theta * covariance + theta * theta * varianceX),
    })),
    varianceReduction: reason ? 0 : Math.min(1, (xy / xx) * (xy / yy)),
    reason,
  });
}

type Spread = {
  count: number;
  atX: number;
  atY: number;
  varianceX: number;
  varianceY: number;
  covariance: number;
};

/** An arm has at least two pairs here, so that none of these is missing. */
function spreadOf(arm: BivariateMoments): Spread {
  const [atX, atY] = [meanX(arm) ?? 0, meanY(arm) ?? 0];
  const varianceX = beyondRounding(sampleVariance(momentsOfX(arm)) ?? 0, atX);
  const varianceY = beyondRounding(sampleVariance(momentsOfY(arm)) ?? 0, atY);
  const covariance = varianceX > 0 && varianceY > 0 ? (sampleCovariance(arm) ?? 0) : 0;
  return { count: arm.count, atX, atY, varianceX, varianceY, covariance };
}

/** The sums of values that are all alike leave a variance of some 1e-31 of the squared mean for every observation. */
const beyondRounding = (variance: number, centre: number): number =>
  variance > 1e-22 * centre * centre ? variance : 0;
