import {
  mean,
  mergeMoments,
  noMoments,
  sampleVariance,
  type Moments,
} from "../../statistics/moments.ts";

/** Squares of values from 1e-140 to 1e140 are doubles with room for sums of them; others are scaled by this power of two, or by its inverse. */
const SCALE = 2 ** 600;
const [SMALL, LARGE] = [1e-140, 1e140];

/** Of values as they are, of those above 1e140 divided by 2^600, and of those below 1e-140 multiplied by it. */
export type WideMoments = { plain: Moments; large: Moments; small: Moments };

export const noWideMoments: WideMoments = {
  plain: noMoments,
  large: noMoments,
  small: noMoments,
};

export const mergeWideMoments = (a: WideMoments, b: WideMoments): WideMoments => ({
  plain: mergeMoments(a.plain, b.plain),
  large: mergeMoments(a.large, b.large),
  small: mergeMoments(a.small, b.small),
});

/** With the first `count` of any finite values added. */
export function addToMoments(
  moments: WideMoments,
  values: Float64Array,
  count: number,
): WideMoments {
  const [plain, large, small] = [new Float64Array(count), [] as number[], [] as number[]];
  let kept = 0;
  for (let at = 0; at < count; at++) {
    const value = values[at] ?? 0;
    const size = Math.abs(value);
    if (size > LARGE) large.push(value / SCALE);
    else if (size < SMALL && value !== 0) small.push(value * SCALE);
    else plain[kept++] = value;
  }
  return mergeWideMoments(moments, {
    plain: momentsOf(plain, kept),
    large: momentsOf(large, large.length),
    small: momentsOf(small, small.length),
  });
}

/** The sums of `addObservation` over a list, without an object for each value. */
function momentsOf(values: ArrayLike<number>, count: number): Moments {
  let [sum, sumError, squares, squaresError] = [0, 0, 0, 0];
  for (let at = 0; at < count; at++) {
    const value = values[at] ?? 0;
    const total = sum + value;
    const part = total - sum;
    sumError += sum - (total - part) + (value - part);
    sum = total;
    // The square and its exact error (Dekker 1971), by halves of 26 bits (Veltkamp).
    const square = value * value;
    const split = value * 134217729;
    const high = split - (split - value);
    const low = value - high;
    const error = high * high - square + 2 * high * low + low * low;
    const whole = squares + square;
    const added = whole - squares;
    squaresError += squares - (whole - added) + (square - added) + error;
    squares = whole;
  }
  return {
    count,
    sum: normalised(sum, sumError),
    sumOfSquares: normalised(squares, squaresError),
  };
}

const normalised = (high: number, low: number): readonly [number, number] => {
  const sum = high + low;
  return [sum, low - (sum - high)];
};

/** The mean and the sample standard deviation (n - 1); undefined where there is none, or no double holds it. */
export function summaryOf({ plain, large, small }: WideMoments): {
  mean?: number;
  standard_deviation?: number;
} {
  const [all, factor] =
    large.count > 0
      ? [mergeMoments(large, mergeMoments(down(plain), down(down(small)))), SCALE]
      : plain.count > 0 && plain.sumOfSquares[0] > 0
        ? [mergeMoments(plain, down(small)), 1]
        : [mergeMoments(small, plain), 1 / SCALE];
  const middle = mean(all);
  const variance = sampleVariance(all);
  return {
    ...finite("mean", middle === null ? null : middle * factor),
    ...finite("standard_deviation", variance === null ? null : Math.sqrt(variance) * factor),
  };
}

const finite = <Name extends string>(
  name: Name,
  value: number | null,
): { [name in Name]?: number } =>
  value === null || !Number.isFinite(value)
    ? {}
    : ({ [name]: value } as { [name in Name]: number });

/** Of the values divided by 2^600. */
const down = ({ count, sum, sumOfSquares }: Moments): Moments => ({
  count,
  sum: [sum[0] / SCALE, sum[1] / SCALE],
  sumOfSquares: [sumOfSquares[0] / SCALE / SCALE, sumOfSquares[1] / SCALE / SCALE],
});
