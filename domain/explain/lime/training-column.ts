import type { RowLayout } from "../rows.ts";
import type { Background } from "../game.ts";

/** What one column of the training rows holds, in ascending order; rows without weight are left out. */
export type TrainingColumn = {
  readonly values: Float64Array;
  /** Relative to the heaviest row, so that equal weights are 1 to the last bit. */
  readonly weights: Float64Array;
  /** The training row that each value comes from. */
  readonly rows: Int32Array;
};

export function trainingColumn(
  { size }: RowLayout,
  { rows, count, weights }: Background,
  column: number,
): TrainingColumn {
  const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  const valueOf = (row: number): number => rows[row * size + column] ?? 0;
  const order = Int32Array.from({ length: count }, (_, row) => row)
    .filter((row) => (weights[row] ?? 0) > 0)
    .sort((a, b) => valueOf(a) - valueOf(b));
  return {
    values: Float64Array.from(order, valueOf),
    weights: Float64Array.from(order, (row) => (weights[row] ?? 0) / heaviest),
    rows: order,
  };
}

/**
 * The q-quantile, 0 <= q <= 1, linear between the middles of the weights of neighbours; with equal
 * weights definition 7 of Hyndman and Fan (1996), which numpy and R take by default.
 */
export function weightedQuantile({ values, weights }: TrainingColumn, q: number): number {
  const last = values.length - 1;
  const gapAfter = (at: number): number => ((weights[at] ?? 0) + (weights[at + 1] ?? 0)) / 2;
  let length = 0;
  for (let at = 0; at < last; at += 1) length += gapAfter(at);
  let left = q * length;
  let at = 0;
  while (at < last && left >= gapAfter(at)) {
    left -= gapAfter(at);
    at += 1;
  }
  const low = values[at] ?? 0;
  return at === last ? low : low + (left / gapAfter(at)) * ((values[at + 1] ?? 0) - low);
}

export type Spread = {
  readonly weight: number;
  readonly mean: number;
  /** The square root of the mean squared deviation; 0 where the values are equal. */
  readonly deviation: number;
};

/** Of the values from `from` to before `to`; all 0 where there are none. */
export function spreadOf({ values, weights }: TrainingColumn, from: number, to: number): Spread {
  let weight = 0;
  let sum = 0;
  for (let at = from; at < to; at += 1) {
    weight += weights[at] ?? 0;
    sum += (weights[at] ?? 0) * (values[at] ?? 0);
  }
  if (weight === 0) return { weight, mean: 0, deviation: 0 };
  // Rounding is not to make equal values differ, nor to move their mean off them.
  const [first = 0, last = 0] = [values[from], values[to - 1]];
  if (first === last) return { weight, mean: first, deviation: 0 };
  const mean = sum / weight;
  let squares = 0;
  for (let at = from; at < to; at += 1)
    squares += (weights[at] ?? 0) * ((values[at] ?? 0) - mean) ** 2;
  return { weight, mean, deviation: Math.sqrt(squares / weight) };
}
