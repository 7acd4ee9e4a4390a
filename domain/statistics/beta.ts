import { continuedFraction } from "./continued-fraction.ts";
import { logMinusExcess, stirlingError, type Tails } from "./gamma.ts";

/**
 * I_x(a, b), the regularised incomplete beta function, and its complement; a, b > 0 and 0 <= x <= 1.
 * Pass y = 1 - x where it is known better than by subtraction. The work grows with the square root of max(a, b).
 */
export function regularizedBeta(a: number, b: number, x: number, y = 1 - x): Tails {
  if (b * x > a * y) {
    const upper = lowerTail(b, a, y, x);
    return { lower: 1 - upper, upper };
  }
  const lower = lowerTail(a, b, x, y);
  return { lower, upper: 1 - lower };
}

/** P(X <= x) of a beta variable X, 0 <= x <= 1. */
export const betaCdf = (x: number, a: number, b: number): number => regularizedBeta(a, b, x).lower;

/** x^a y^b / B(a, b) with y = 1 - x, as a saddle-point expansion around the mean (Loader 2000). */
export function betaPower(a: number, b: number, x: number, y: number): number {
  const n = a + b;
  const excess = b * x - a * y;
  const exponent =
    a * logMinusExcess((x * n) / a, excess / a) + b * logMinusExcess((y * n) / b, -excess / b);
  const correction = stirlingError(n) - stirlingError(a) - stirlingError(b);
  return Math.sqrt(((a / n) * b) / (2 * Math.PI)) * Math.exp(exponent + correction);
}

/** I_x(a, b) for x up to the mean a / (a + b): the continued fraction of DiDonato & Morris (1992), BFRAC. */
function lowerTail(a: number, b: number, x: number, y: number): number {
  const denominator = (m: number): number =>
    m + ((a + m) * (a * y - b * x + 1 + m * (1 + y))) / (a + 2 * m + 1);
  const fraction = continuedFraction(denominator(0), (m) => {
    const step = (m * (b - m) * x) / (a + 2 * m - 1);
    return [(((a + m - 1) * (a + b + m - 1) * x) / (a + 2 * m - 1)) * step, denominator(m) + step];
  });
  return betaPower(a, b, x, y) / fraction;
}
