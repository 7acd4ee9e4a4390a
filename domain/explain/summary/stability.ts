import { ExplainFault } from "../explain-fault.ts";
import { ranksOf } from "./column-statistics.ts";
import type { ExplanationTable } from "./explanation-table.ts";

export type Stability = {
  top_k: number;
  /**
   * By feature, in the order of the input: the share of the rows in which it is among the `top_k`
   * greatest |contributions|. Those that tie for the last places share them, so that the shares add
   * up to `top_k`.
   */
  shares: Float64Array;
  /**
   * How far the rows rank all features alike, by |contribution|: Kendall's W (Kendall & Babington
   * Smith 1939) with its correction for ties, 1 where all rows agree and about 1 / rows where they
   * have nothing in common. Null for one row, or where no row tells any features apart.
   */
  agreement: number | null;
};

/** How consistently the same features matter. `top_k` is from 1 to the number of features. */
export function stabilityOf(table: ExplanationTable, top_k = 5): Stability {
  const width = table.players.length;
  if (!Number.isInteger(top_k) || top_k < 1 || top_k > width)
    throw new ExplainFault(
      "option_invalid",
      `'top_k' is ${top_k}, and is to be a whole number from 1 to the ${width} features that there are`,
      "top_k",
    );
  const shares = new Float64Array(width);
  const rankSums = new Float64Array(width);
  let ties = 0;
  for (let row = 0; row < table.rows; row += 1) {
    const magnitudes = table.values.subarray(row * width, (row + 1) * width).map(Math.abs);
    addPlaces(shares, magnitudes, top_k);
    const ranks = ranksOf(magnitudes);
    for (const [player, rank] of ranks.entries()) rankSums[player] = (rankSums[player] ?? 0) + rank;
    ties += tiesOf(ranks);
  }
  return {
    top_k,
    shares: shares.map((count) => count / table.rows),
    agreement: kendallsW(rankSums, table.rows, ties),
  };
}

/** Adds the place, or the part of one, that each feature has among the first `k` of a row. */
function addPlaces(places: Float64Array, magnitudes: Float64Array, k: number): void {
  const last = magnitudes.toSorted().at(-k) ?? 0;
  let [certain, tied] = [0, 0];
  for (const magnitude of magnitudes) {
    if (magnitude > last) certain += 1;
    if (magnitude === last) tied += 1;
  }
  for (const [player, magnitude] of magnitudes.entries()) {
    const place = magnitude > last ? 1 : magnitude === last ? (k - certain) / tied : 0;
    places[player] = (places[player] ?? 0) + place;
  }
}

/** The sum of t^3 - t over the groups of t equal ranks. */
function tiesOf(ranks: Float64Array): number {
  const sizes = new Map<number, number>();
  for (const rank of ranks) sizes.set(rank, (sizes.get(rank) ?? 0) + 1);
  let sum = 0;
  for (const size of sizes.values()) sum += size ** 3 - size;
  return sum;
}

function kendallsW(rankSums: Float64Array, rows: number, ties: number): number | null {
  const width = rankSums.length;
  const mean = (rows * (width + 1)) / 2;
  const spread = rankSums.reduce((sum, rankSum) => sum + (rankSum - mean) ** 2, 0);
  const greatest = rows * rows * (width ** 3 - width) - rows * ties;
  return rows < 2 || greatest <= 0 ? null : Math.min(1, (12 * spread) / greatest);
}
