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

/** x^a y^b / B(a, b) with y = 1 - x. */
export function betaPower(a: number, b: number, x: number, y: number): number {
  const { scale, exponent } = powerParts(a, b, x, y);
  return scale * Math.exp(exponent);
}

/** ln(x^a y^b / B(a, b)), y = 1 - x, also where the power itself is no number any more. */
export function logBetaPower(a: number, b: number, x: number, y: number): number {
  const { scale, exponent } = powerParts(a, b, x, y);
  return Math.log(scale) + exponent;
}

/**
 * ln of the integral of t^(a-1) (1-t)^(b-1) over t > x, divided by x^a y^b; 0 < x < 1 and y = 1 - x. The error is of the
 * order of 1e-15 of the larger of 1 and the value, however far in the tail and however large a and b are.
 */
export function logUpperBeta(a: number, b: number, x: number, y: number): number {
  if (b * x >= a * y) return -Math.log(tailFraction(b, a, y, x));
  const logPower = logBetaPower(a, b, x, y);
  return Math.log1p(-Math.exp(logPower) / tailFraction(a, b, x, y)) - logPower;
}

/** The power as scale * exp(exponent): a saddle-point expansion around the mean (Loader 2000). */
function powerParts(
  a: number,
  b: number,
  x: number,
  y: number,
): { scale: number; exponent: number } {
  const n = a + b;
  const excess = b * x - a * y;
  const exponent =
    a * logMinusExcess((x * n) / a, excess / a) + b * logMinusExcess((y * n) / b, -excess / b);
  const correction = stirlingError(n) - stirlingError(a) - stirlingError(b);
  return { scale: Math.sqrt(((a / n) * b) / (2 * Math.PI)), exponent: exponent + correction };
}

/** I_x(a, b) for x up to the mean a / (a + b). */
const lowerTail = (a: number, b: number, x: number, y: number): number =>
  betaPower(a, b, x, y) / tailFraction(a, b, x, y);

/** x^a y^b / (B(a, b) I_x(a, b)) for x up to the mean: the continued fraction of DiDonato & Morris (1992), BFRAC. */
function tailFraction(a: number, b: number, x: number, y: number): number {
  const denominator = (m: number): number =>
    m + ((a + m) * (a * y - b * x + 1 + m * (1 + y))) / (a + 2 * m + 1);
  return continuedFraction(denominator(0), (m) => {
    const step = (m * (b - m) * x) / (a + 2 * m - 1);
    return [(((a + m - 1) * (a + b + m - 1) * x) / (a + 2 * m - 1)) * step, denominator(m) + step];
  });
}
