import { continuedFraction } from "./continued-fraction.ts";

/** Both tails of a distribution function, each as accurate as it can be; they sum to 1. */
export type Tails = { lower: number; upper: number };

/** ln Gamma(x) for x > 0; the error is of the order of 1e-16 of the larger of 1 and the value. */
export const logGamma = (x: number): number =>
  (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + stirlingError(x);

/** 1/12, -1/360, ...: B(2k) / (2k (2k - 1)), the coefficients of Stirling's series. */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];

/**
 * How far Stirling's formula is below ln Gamma(x), x > 0. Powers written with it never subtract large logarithms
 * (Loader 2000). The series needs x >= 10; below, the recurrence of Gamma carries x up.
 */
export function stirlingError(x: number): number {
  let climbed = 0;
  let y = x;
  for (; y < 10; y++) climbed += (y + 0.5) * Math.log1p(1 / y) - 1;
  const square = y * y;
  return climbed + STIRLING.reduceRight((sum, coefficient) => sum / square + coefficient, 0) / y;
}

/**
 * ln(ratio) - excess, where excess = ratio - 1 is passed as well because near 1 it cannot be had back from the ratio.
 * Near 1 it is summed as -e*s + 2*(s^3/3 + s^5/5 + ...), s = e / (2 + e), from ln(1 + e) = 2 artanh(s).
 */
export function logMinusExcess(ratio: number, excess: number): number {
  if (Math.abs(excess) > 0.5) return Math.log(ratio) - excess;
  const s = excess / (2 + excess);
  let power = 2 * s * s * s;
  let sum = 0;
  for (let odd = 3; Math.abs(power) > 1e-18 * excess * excess; odd += 2) {
    sum += power / odd;
    power *= s * s;
  }
  return sum - excess * s;
}

/**
 * The regularised incomplete gamma functions P(a, x) and Q(a, x), a > 0, x >= 0 finite: the series below a + 1 and the
 * continued fraction above it (Abramowitz & Stegun 6.5.29 and 6.5.31). The work grows with the square root of a.
 */
export function regularizedGamma(a: number, x: number): Tails {
  const power =
    Math.sqrt(a / (2 * Math.PI)) *
    Math.exp(a * logMinusExcess(x / a, (x - a) / a) - stirlingError(a));
  if (x > a + 1) {
    const upper = power / continuedFraction(x + 1 - a, (m) => [m * (a - m), x + 1 - a + 2 * m]);
    return { lower: 1 - upper, upper };
  }
  let term = 1 / a;
  let sum = term;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= x / (a + k);
    sum += term;
  }
  const lower = power * sum;
  return { lower, upper: 1 - lower };
}

/** P(X > x) of a chi-square X with `df` > 0 degrees of freedom, x >= 0. */
export const chiSquareSf = (x: number, df: number): number => regularizedGamma(df / 2, x / 2).upper;
