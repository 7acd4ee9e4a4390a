import type { Random } from "../../statistics/random.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Background } from "../game.ts";
import { newRows, type RowLayout, type Rows } from "../rows.ts";
import { shuffle } from "../shap/shuffle.ts";
import { clusterRows } from "./cluster-rows.ts";
import { seatsOf } from "./seats.ts";

/** Every row, with the same weight. Throws `ExplainFault` (background_missing) where there are none. */
export function allRows(rows: Rows, layout: RowLayout): Background {
  const count = rows.length / layout.size;
  if (count < 1)
    throw new ExplainFault("background_missing", "the background has no rows", "background");
  return { rows, count, weights: new Float64Array(count).fill(1 / count) };
}

/**
 * At most `count` centres of clusters of the rows, each weighted by the share of the rows that it
 * stands for. Numbers count by their standard deviations, texts by whether they are the same. With
 * `snap` (as shap's kmeans does by default) each number becomes the nearest that occurs; a whole
 * number does in any case, and a text is the cluster's most frequent one. Throws `ExplainFault`:
 * background_missing, option_invalid, or value_invalid for NaN and infinity.
 */
export function kMeansBackground(
  rows: Rows,
  layout: RowLayout,
  count: number,
  random: Random,
  { snap = true }: { snap?: boolean } = {},
): Background {
  checkCount(count);
  const bad = rows.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new ExplainFault(
      "value_invalid",
      `row ${Math.floor(bad / layout.size)} of the background has ${rows[bad]}, which has no distance ` +
        "to other values: leave such rows out, or take a stratified sample",
      "background",
    );
  const all = allRows(rows, layout);
  if (count >= all.count) return all;
  const { centres, clusterOf } = clusterRows(rows, layout, count, random);
  const found = centres.length / layout.size;
  const sizes = new Float64Array(found);
  for (const cluster of clusterOf) sizes[cluster] = (sizes[cluster] ?? 0) + 1;
  const kept = newRows(layout, found);
  kept.set(centres);
  for (const column of columnsToSnap(layout, snap)) snapColumn(kept, rows, layout.size, column);
  return { rows: kept, count: found, weights: sizes.map((size) => size / all.count) };
}

/**
 * `count` rows drawn without replacement, from each stratum in proportion to its rows (by largest
 * remainders), and at least one where there are no more strata than `count`. A row stands for as
 * many as its stratum has for each of those drawn. `strata` names the stratum of each row, null is
 * one for all. Throws `ExplainFault`: background_missing, option_invalid.
 */
export function stratifiedBackground(
  rows: Rows,
  layout: RowLayout,
  count: number,
  strata: readonly string[] | null,
  random: Random,
): Background {
  checkCount(count);
  const all = allRows(rows, layout);
  if (strata !== null && strata.length !== all.count)
    throw new ExplainFault(
      "option_invalid",
      `strata names ${strata.length} rows, and the background has ${all.count}`,
      "strata",
    );
  if (count >= all.count) return all;
  const members = Map.groupBy(Array(all.count).keys(), (row) => strata?.[row] ?? "");
  const sizes = [...members.values()].map((rows) => rows.length);
  const seats = seatsOf(sizes, count);
  const drawn = [...members.values()].flatMap((members, stratum) => {
    const seen = seats[stratum] ?? 0;
    const chosen = shuffle(Int32Array.from(members), random, seen).subarray(0, seen);
    return Array.from(chosen, (row) => ({ row, weight: members.length / seen }));
  });
  drawn.sort((a, b) => a.row - b.row);
  const kept = newRows(layout, count);
  for (const [at, { row }] of drawn.entries())
    kept.set(rows.subarray(row * layout.size, (row + 1) * layout.size), at * layout.size);
  const total = drawn.reduce((sum, { weight }) => sum + weight, 0);
  return { rows: kept, count, weights: Float64Array.from(drawn, ({ weight }) => weight / total) };
}

function checkCount(count: number): void {
  if (Number.isInteger(count) && count >= 1) return;
  throw new ExplainFault(
    "option_invalid",
    `the background is to have ${count} rows, and that has to be a whole number from 1`,
    "background.count",
  );
}

const FRACTIONS: ReadonlySet<string> = new Set(["float16", "float32", "float64"]);

/** A text is one that occurs as it is. */
const columnsToSnap = ({ ports }: RowLayout, snap: boolean): number[] =>
  ports
    .filter(({ type }) => type !== "string" && (snap || !FRACTIONS.has(type)))
    .flatMap(({ offset, count }) => Array.from({ length: count }, (_, at) => offset + at));

/** Each centre's number becomes the nearest that some row has there. */
function snapColumn(centres: Rows, rows: Rows, size: number, column: number): void {
  for (let cell = column; cell < centres.length; cell += size) {
    const centre = centres[cell] ?? 0;
    let nearest = rows[column] ?? 0;
    for (let at = column; at < rows.length; at += size) {
      const value = rows[at] ?? 0;
      if (Math.abs(value - centre) < Math.abs(nearest - centre)) nearest = value;
    }
    centres[cell] = nearest;
  }
}
