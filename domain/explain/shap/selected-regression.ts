import { ExplainFault } from "../explain-fault.ts";
import { selectedPlayers, type Selection } from "./l1-selection.ts";
import { addProducts, solveSymmetric } from "./least-squares.ts";

/** Coalitions as rows of `masks`, each with its weight; `complete` where none is missing. */
export type WeighedCoalitions = {
  players: number;
  masks: Uint8Array;
  weights: Float64Array;
  complete: boolean;
};

/**
 * The values, of the selected players, that add up to the gain and fit the worths best in weighted
 * least squares, the last selected player's being what the others leave (Lundberg & Lee 2017). The
 * rest gets 0. Throws `ExplainFault` (option_invalid) where the coalitions do not determine them.
 */
export function regressed(
  players: number,
  { masks, weights }: WeighedCoalitions,
  worths: Float64Array,
  { base, prediction }: { base: number; prediction: number },
  selection: Selection,
): Float64Array {
  const values = new Float64Array(players);
  const gain = prediction - base;
  const gains = worths.map((worth) => worth - base);
  const selected = selectedPlayers(players, { masks, weights, gains, gain }, selection);
  const last = selected.at(-1);
  if (last === undefined) return values;
  const free = selected.slice(0, -1);
  const products = new Float64Array(free.length ** 2);
  const target = new Float64Array(free.length);
  const row = new Float64Array(free.length);
  for (const [coalition, weight] of weights.entries()) {
    const from = coalition * players;
    const ofLast = masks[from + last] ?? 0;
    for (const [at, player] of free.entries()) row[at] = (masks[from + player] ?? 0) - ofLast;
    addProducts(products, target, row, weight, (gains[coalition] ?? 0) - ofLast * gain);
  }
  const solved = solveSymmetric(products, target);
  if (solved === null)
    throw new ExplainFault(
      "option_invalid",
      `${weights.length} coalitions do not determine the values of ${selected.length} players: raise samples`,
      "samples",
    );
  for (const [at, player] of free.entries()) values[player] = solved[at] ?? 0;
  values[last] = gain - solved.reduce((sum, value) => sum + value, 0);
  return values;
}
