import type { Interval } from "../../statistics/difference-interval.ts";
import { regularizedBeta } from "../../statistics/beta.ts";
import { studentTQuantile } from "../../statistics/student-t.ts";
import type { Sample } from "../../statistics/welch-t-test.ts";

/** Each tail of a 95 % interval. */
const TAIL = 0.025;

/** One column of a row-major matrix. */
export function columnOf(matrix: Float64Array, width: number, column: number): Float64Array {
  const values = new Float64Array(matrix.length / width);
  for (let row = 0; row < values.length; row += 1) values[row] = matrix[row * width + column] ?? 0;
  return values;
}

export const meanOf = (values: ArrayLike<number>): number => sumOf(values) / values.length;

export function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at += 1) sum += values[at] ?? 0;
  return sum;
}

/** Mean and sample variance in two passes; at least one value (the variance of one is 0). */
export function sampleOf(values: ArrayLike<number>): Sample {
  const count = values.length;
  const mean = meanOf(values);
  let squares = 0;
  for (let at = 0; at < count; at += 1) squares += ((values[at] ?? 0) - mean) ** 2;
  return { mean, variance: count < 2 ? 0 : squares / (count - 1), count };
}

/** The 95 % interval of a mean by Student's t (1908); null for fewer than two values. */
export function meanInterval({ mean, variance, count }: Sample): Interval | null {
  if (count < 2) return null;
  const half = -studentTQuantile(TAIL, count - 1) * Math.sqrt(variance / count);
  return [mean - half, mean + half];
}

/** The q-quantile of ascending values, linear between neighbours (definition 7 of Hyndman & Fan 1996). */
export function quantileOf(sorted: ArrayLike<number>, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? 0;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? 0;
  return low + (position - below) * (high - low);
}

/**
 * An interval for the q-quantile of whatever distribution ascending values come from, between two of
 * them: each end is missed with probability 0.025 or less (Thompson 1936). Null where there are too
 * few values for that.
 */
export function quantileInterval(sorted: ArrayLike<number>, q: number): Interval | null {
  const count = sorted.length;
  /** P(the value of this rank lies above the quantile), which rises with the rank. */
  const isAbove = (rank: number): number => regularizedBeta(rank, count - rank + 1, q, 1 - q).upper;
  const lowest = firstRank(count, (rank) => isAbove(rank) > TAIL) - 1;
  const highest = firstRank(count, (rank) => 1 - isAbove(rank) <= TAIL);
  if (lowest < 1 || highest > count) return null;
  return [sorted[lowest - 1] ?? 0, sorted[highest - 1] ?? 0];
}

/** The first rank from 1 to `count` from which on `holds`, which does not turn back; `count` + 1 where it never does. */
function firstRank(count: number, holds: (rank: number) => boolean): number {
  let [low, high] = [1, count + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Ranks from 1, equal values sharing the mean of theirs. */
export function ranksOf(values: ArrayLike<number>): Float64Array {
  const order = Float64Array.from({ length: values.length }, (_, at) => at).sort(
    (a, b) => (values[a] ?? 0) - (values[b] ?? 0),
  );
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to] ?? 0] === values[order[from] ?? 0]) to += 1;
    for (let at = from; at < to; at += 1) ranks[order[at] ?? 0] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

/** Values less their mean, to the length 1; zeros where they do not vary beyond rounding. */
export function standardised(values: Float64Array): Float64Array {
  const mean = meanOf(values);
  const centred = values.map((value) => value - mean);
  const length = Math.sqrt(centred.reduce((sum, value) => sum + value ** 2, 0));
  const greatest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const isFlat = length <= greatest * Math.sqrt(values.length) * 1e-12;
  return isFlat ? centred.fill(0) : centred.map((value) => value / length);
}
