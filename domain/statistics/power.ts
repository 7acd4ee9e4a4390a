import { regularizedBeta } from "./beta.ts";
import { logMinusExcess, stirlingError } from "./gamma.ts";
import { normalQuantile, normalSf } from "./normal.ts";
import { studentTQuantile } from "./student-t.ts";

export type TwoProportionPlan = {
  /** Rates strictly between 0 and 1. */
  p1: number;
  p2: number;
  /** Observations in the first sample, above 0. */
  size: number;
  /** The second sample's size over the first's. */
  ratio?: number;
  /** The size of the test, 0 < alpha < 1. */
  alpha: number;
  alternative?: "two-sided" | "one-sided";
  variance?: "pooled" | "unpooled";
};

/**
 * The probability that the two-proportion z test tells rate p1 from p2 (Fleiss, Levin & Paik 2003, ch. 4); two-sided with
 * rejections on the wrong side, one-sided towards p2. The inverse of `twoProportionSampleSize`, which leaves the wrong side out.
 */
export function twoProportionPower({
  p1,
  p2,
  size,
  ratio = 1,
  alpha,
  alternative = "two-sided",
  variance = "pooled",
}: TwoProportionPlan): number {
  const pooled = (p1 + ratio * p2) / (1 + ratio);
  const alternativeSpread = Math.sqrt(p1 * (1 - p1) + (p2 * (1 - p2)) / ratio);
  const nullSpread =
    variance === "pooled" ? Math.sqrt(pooled * (1 - pooled) * (1 + 1 / ratio)) : alternativeSpread;
  const isTwoSided = alternative === "two-sided";
  const critical =
    (-normalQuantile(isTwoSided ? alpha / 2 : alpha) * nullSpread) / alternativeSpread;
  const shift = (Math.abs(p2 - p1) * Math.sqrt(size)) / alternativeSpread;
  return normalSf(critical - shift) + (isTwoSided ? normalSf(critical + shift) : 0);
}

export type MeansPlan = {
  /** Cohen's d. */
  effectSize: number;
  /** Observations in the first sample; both together are above 2. */
  size: number;
  ratio?: number;
  /** 0 < alpha < 1. */
  alpha: number;
  distribution?: "t" | "normal";
};

/** The probability that a two-sided comparison of two means rejects, on the wrong side as well; the inverse of `meansSampleSize`. */
export function meansPower({
  effectSize,
  size,
  ratio = 1,
  alpha,
  distribution = "t",
}: MeansPlan): number {
  const lambda = (effectSize * effectSize * size * ratio) / (1 + ratio);
  if (distribution === "t") return tTestPower(lambda, size * (1 + ratio) - 2, alpha);
  const critical = -normalQuantile(alpha / 2);
  return normalSf(critical - Math.sqrt(lambda)) + normalSf(critical + Math.sqrt(lambda));
}

/**
 * Power of the two-sided t test with squared non-centrality `lambda`: the squared statistic is a noncentral F, a Poisson
 * mixture of beta tails (Johnson, Kotz & Balakrishnan 1995, ch. 30), here summed from the likeliest term outwards.
 */
export function tTestPower(lambda: number, df: number, alpha: number): number {
  const critical = studentTQuantile(alpha / 2, df) ** 2;
  const rate = lambda / 2;
  const spread = Math.sqrt(1 + lambda / (2 * df));
  // So far beyond the critical value that the rest is below half a unit in the last place of 1.
  if (Math.sqrt(lambda) - Math.sqrt(critical) > 40 * spread) return 1;
  const term = (j: number): number =>
    poisson(j, rate) *
    regularizedBeta(j + 0.5, df / 2, critical / (df + critical), df / (df + critical)).upper;
  const mode = Math.floor(rate);
  const reach = 9 * Math.sqrt(rate) + 40;
  let power = 0;
  for (let j = mode; j >= Math.max(0, mode - reach); j--) power += term(j);
  for (let j = mode + 1; j <= mode + reach; j++) power += term(j);
  return Math.min(1, power);
}

/** P(X = j) of a Poisson X, as a saddle-point expansion (Loader 2000). */
function poisson(j: number, rate: number): number {
  if (j === 0 || rate === 0) return j === 0 ? Math.exp(-rate) : 0;
  const exponent = j * logMinusExcess(rate / j, (rate - j) / j) - stirlingError(j);
  return Math.exp(exponent) / Math.sqrt(2 * Math.PI * j);
}
