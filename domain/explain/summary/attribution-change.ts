import type { Interval } from "../../statistics/difference-interval.ts";
import { ExplainFault } from "../explain-fault.ts";
import { meanInterval, meanOf, sampleOf } from "./column-statistics.ts";
import type { ExplanationTable } from "./explanation-table.ts";

export type AttributionChange = {
  rows: number;
  /**
   * The mean distance of a row's contributions under the two models (the sum of absolute
   * differences) relative to the mean size of those of the first: 0 where nothing changed. A gate
   * compares this with its limit.
   */
  change: number;
  /** 95 %, for a ratio of means by linearisation (Cochran 1977, chapter 6) with Student's t, not below 0; null for one row. */
  interval: Interval | null;
  /** The mean over the rows of the cosine of the angle between the two; null where every row has one without contributions. */
  cosine_similarity: number | null;
  /** The share of rows whose most important feature is the same. */
  same_top_feature: number;
  /** The mean over the rows of how far the `top_k` most important features are the same ones: shared by all that either has (Jaccard 1901). */
  top_k_overlap: number;
  top_k: number;
  /** The row of the greatest distance, and that distance relative to the mean size over all rows. */
  worst: { row: number; change: number };
};

/**
 * How far the explanations of the same rows differ between two models, such as one and its
 * quantised version. Throws `ExplainFault` (option_invalid) for tables of other features or numbers
 * of rows, and (value_invalid) where the first has no contribution to compare with.
 */
export function attributionChange(
  first: ExplanationTable,
  second: ExplanationTable,
  top_k = 5,
): AttributionChange {
  const { width, k } = checked(first, second, top_k);
  const { rows } = first;
  const distances = new Float64Array(rows);
  const sizes = new Float64Array(rows);
  const cosines: number[] = [];
  let [sameTop, overlap] = [0, 0];
  for (let row = 0; row < rows; row += 1) {
    const a = first.values.subarray(row * width, (row + 1) * width);
    const b = second.values.subarray(row * width, (row + 1) * width);
    const { distance, size, cosine } = compared(a, b);
    distances[row] = distance;
    sizes[row] = size;
    if (cosine !== null) cosines.push(cosine);
    const [topA, topB] = [firstOf(a, k), firstOf(b, k)];
    if (topA[0] === topB[0]) sameTop += 1;
    const shared = topA.filter((player) => topB.includes(player)).length;
    overlap += shared / (2 * k - shared);
  }
  const size = meanOf(sizes);
  if (size === 0)
    throw new ExplainFault(
      "value_invalid",
      "all contributions under the first model are 0, so that a change of them has no measure: explain rows for which its prediction differs from the base",
    );
  const worst = distances.reduce(
    (most, value, row) => (value > (distances[most] ?? 0) ? row : most),
    0,
  );
  return {
    rows,
    ...ratioOf(distances, sizes),
    cosine_similarity: cosines.length === 0 ? null : meanOf(cosines),
    same_top_feature: sameTop / rows,
    top_k_overlap: overlap / rows,
    top_k: k,
    worst: { row: worst, change: (distances[worst] ?? 0) / size },
  };
}

function checked(
  first: ExplanationTable,
  second: ExplanationTable,
  top_k: number,
): { width: number; k: number } {
  const width = first.players.length;
  const isSame =
    width === second.players.length &&
    first.players.every((player, at) => player === second.players[at]);
  if (!isSame || first.rows !== second.rows)
    throw new ExplainFault(
      "option_invalid",
      `the first model has ${first.rows} explanations of ${width} features and the second ${second.rows} of ${second.players.length}: explain the same rows by the same features`,
    );
  if (!Number.isInteger(top_k) || top_k < 1)
    throw new ExplainFault(
      "option_invalid",
      `'top_k' is ${top_k}, and is to be a whole number of at least 1`,
      "top_k",
    );
  return { width, k: Math.min(top_k, width) };
}

function compared(
  a: Float64Array,
  b: Float64Array,
): { distance: number; size: number; cosine: number | null } {
  let [distance, size, product, squaresA, squaresB] = [0, 0, 0, 0, 0];
  for (let at = 0; at < a.length; at += 1) {
    const [x, y] = [a[at] ?? 0, b[at] ?? 0];
    distance += Math.abs(x - y);
    size += Math.abs(x);
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  const lengths = Math.sqrt(squaresA) * Math.sqrt(squaresB);
  const cosine = lengths === 0 ? null : Math.max(-1, Math.min(1, product / lengths));
  return { distance, size, cosine };
}

/** The players of the `k` greatest magnitudes, the greatest first; of equal ones the first. */
const firstOf = (values: Float64Array, k: number): number[] =>
  Array.from(values, (value, player) => ({ player, size: Math.abs(value) }))
    .sort((a, b) => b.size - a.size)
    .slice(0, k)
    .map(({ player }) => player);

function ratioOf(
  distances: Float64Array,
  sizes: Float64Array,
): Pick<AttributionChange, "change" | "interval"> {
  const size = meanOf(sizes);
  const change = meanOf(distances) / size;
  const errors = distances.map((distance, row) => (distance - change * (sizes[row] ?? 0)) / size);
  const around = meanInterval(sampleOf(errors));
  if (around === null) return { change, interval: null };
  return { change, interval: [Math.max(0, change + around[0]), change + around[1]] };
}
