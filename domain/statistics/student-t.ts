import { betaPower, regularizedBeta } from "./beta.ts";
import { normalQuantile } from "./normal.ts";

/** P(T > t) of Student's t with `df` > 0 degrees of freedom, whole or not, however many. */
export function studentTSf(t: number, df: number): number {
  const upper = regularizedBeta(0.5, df / 2, ...squareShare(t, df)).upper / 2;
  return t < 0 ? 1 - upper : upper;
}

/**
 * The t with P(T <= t) = p, 0 < p < 1. Newton's method for ln P(T > t) as a function of ln t, which is concave, started
 * at the normal quantile, so that every iterate after the first comes down to the root. The error is 1e-14 relative,
 * except next to p = 1/2, where it is that of p itself.
 */
export function studentTQuantile(p: number, df: number): number {
  const tail = Math.min(p, 1 - p);
  if (tail === 0.5) return 0;
  let t = -normalQuantile(tail);
  let step: number;
  do {
    const sf = studentTSf(t, df);
    // t * density(t) is this power, so that the slope of ln sf in ln t is -power / sf.
    step = (Math.log(sf / tail) * sf) / betaPower(0.5, df / 2, ...squareShare(t, df));
    t *= Math.exp(step);
  } while (Math.abs(step) > 1e-9);
  return p < 0.5 ? -t : t;
}

/** t^2 / (df + t^2) and its complement, neither found by subtraction. */
function squareShare(t: number, df: number): [x: number, y: number] {
  const square = (t * t) / df;
  return [1 / (1 + 1 / square), 1 / (1 + square)];
}
