import { add, multiply, negate, type DoubleDouble } from "./double-double.ts";

/**
 * Count, sum and sum of squares of a metric, as plain data. Sums carry twice the precision of a number, so that removing
 * an observation undoes adding it, the order of reports does not show, and the variance survives a large mean.
 */
export type Moments = { count: number; sum: DoubleDouble; sumOfSquares: DoubleDouble };

export const noMoments: Moments = { count: 0, sum: [0, 0], sumOfSquares: [0, 0] };

/** `value` is finite and below 1e140 in magnitude, so that its square and their sums are finite too. */
export const addObservation = (moments: Moments, value: number): Moments =>
  mergeMoments(moments, {
    count: 1,
    sum: [value, 0],
    sumOfSquares: multiply([value, 0], [value, 0]),
  });

/** Undoes `addObservation` of the same value. */
export const removeObservation = (moments: Moments, value: number): Moments =>
  mergeMoments(moments, {
    count: -1,
    sum: [-value, 0],
    sumOfSquares: negate(multiply([value, 0], [value, 0])),
  });

export const mergeMoments = (a: Moments, b: Moments): Moments => ({
  count: a.count + b.count,
  sum: add(a.sum, b.sum),
  sumOfSquares: add(a.sumOfSquares, b.sumOfSquares),
});

/** Null without observations. */
export const mean = ({ count, sum }: Moments): number | null => (count > 0 ? sum[0] / count : null);

/** The unbiased sample variance, never negative; null for fewer than two observations. */
export function sampleVariance({ count, sum, sumOfSquares }: Moments): number | null {
  if (count < 2) return null;
  const [spread] = add(multiply([count, 0], sumOfSquares), negate(multiply(sum, sum)));
  return Math.max(0, spread) / count / (count - 1);
}

/**
 * Whether every observation was 0 or 1. A whole number never exceeds its square and equals it only at 0 and 1, so this is
 * exact for whole numbers; fractions would have to balance values outside [0, 1] to the last digit to be mistaken.
 */
export const isZeroOne = ({ sum, sumOfSquares }: Moments): boolean =>
  sum[0] === sumOfSquares[0] && sum[1] === sumOfSquares[1] && Number.isInteger(sum[0]);
