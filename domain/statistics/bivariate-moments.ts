import { add, multiply, negate, type DoubleDouble } from "./double-double.ts";
import { mean, sampleVariance, type Moments } from "./moments.ts";

/**
 * Count, sums and sums of squares and of the product of pairs (x, y), as plain data with twice the precision of a number,
 * like `Moments`: removing a pair undoes adding it, and the order of reports does not show.
 */
export type BivariateMoments = {
  count: number;
  sumX: DoubleDouble;
  sumY: DoubleDouble;
  sumXX: DoubleDouble;
  sumYY: DoubleDouble;
  sumXY: DoubleDouble;
};

export const noBivariate: BivariateMoments = {
  count: 0,
  sumX: [0, 0],
  sumY: [0, 0],
  sumXX: [0, 0],
  sumYY: [0, 0],
  sumXY: [0, 0],
};

/** x and y are finite and below 1e140 in magnitude, so that their products and the sums of these are finite too. */
export const addBivariate = (moments: BivariateMoments, x: number, y: number): BivariateMoments =>
  mergeBivariate(moments, pairOf(x, y));

/** Undoes `addBivariate` of the same values. */
export const removeBivariate = (
  moments: BivariateMoments,
  x: number,
  y: number,
): BivariateMoments => {
  const pair = pairOf(x, y);
  return mergeBivariate(moments, {
    count: -1,
    sumX: negate(pair.sumX),
    sumY: negate(pair.sumY),
    sumXX: negate(pair.sumXX),
    sumYY: negate(pair.sumYY),
    sumXY: negate(pair.sumXY),
  });
};

export const mergeBivariate = (a: BivariateMoments, b: BivariateMoments): BivariateMoments => ({
  count: a.count + b.count,
  sumX: add(a.sumX, b.sumX),
  sumY: add(a.sumY, b.sumY),
  sumXX: add(a.sumXX, b.sumXX),
  sumYY: add(a.sumYY, b.sumYY),
  sumXY: add(a.sumXY, b.sumXY),
});

/** The moments of one coordinate. */
export const momentsOfX = ({ count, sumX, sumXX }: BivariateMoments): Moments => ({
  count,
  sum: sumX,
  sumOfSquares: sumXX,
});

export const momentsOfY = ({ count, sumY, sumYY }: BivariateMoments): Moments => ({
  count,
  sum: sumY,
  sumOfSquares: sumYY,
});

/** The unbiased sample covariance; null for fewer than two pairs. */
export function sampleCovariance({ count, sumX, sumY, sumXY }: BivariateMoments): number | null {
  if (count < 2) return null;
  const [spread] = add(multiply([count, 0], sumXY), negate(multiply(sumX, sumY)));
  return spread / count / (count - 1);
}

/** Pearson's correlation, within [-1, 1]; null for fewer than two pairs or a coordinate that does not vary. */
export function correlation(moments: BivariateMoments): number | null {
  const covariance = sampleCovariance(moments);
  const [varianceX, varianceY] = [momentsOfX(moments), momentsOfY(moments)].map(sampleVariance);
  if (covariance === null || !varianceX || !varianceY) return null;
  return Math.max(-1, Math.min(1, covariance / Math.sqrt(varianceX) / Math.sqrt(varianceY)));
}

/** Null without pairs. */
export const meanX = (moments: BivariateMoments): number | null => mean(momentsOfX(moments));
export const meanY = (moments: BivariateMoments): number | null => mean(momentsOfY(moments));

const pairOf = (x: number, y: number): BivariateMoments => ({
  count: 1,
  sumX: [x, 0],
  sumY: [y, 0],
  sumXX: multiply([x, 0], [x, 0]),
  sumYY: multiply([y, 0], [y, 0]),
  sumXY: multiply([x, 0], [y, 0]),
});
