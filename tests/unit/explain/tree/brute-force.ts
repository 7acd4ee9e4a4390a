import { takes, type PlainTree } from "./random-trees.ts";

/** What each coalition is worth; player i is in coalition c where bit i of c is set. */
export type Worths = readonly number[];

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

const bitsIn = (bits: number): number => (bits === 0 ? 0 : (bits & 1) + bitsIn(bits >>> 1));

/** The Shapley value of each player, by its definition. */
export const shapleyValues = (worths: Worths, players: number): number[] =>
  Array.from({ length: players }, (_, player) =>
    worths.reduce((sum, worth, coalition) => {
      if ((coalition >>> player) & 1) return sum;
      const size = bitsIn(coalition);
      const weight = (factorial(size) * factorial(players - size - 1)) / factorial(players);
      return sum + weight * ((worths[coalition | (1 << player)] ?? 0) - worth);
    }, 0),
  );

/** Shapley interaction values: half of the interaction index for a pair, the rest on the diagonal. */
export function shapleyInteractions(worths: Worths, players: number): number[] {
  const found = Array.from({ length: players * players }, () => 0);
  for (let i = 0; i < players; i += 1)
    for (let j = 0; j < players; j += 1) {
      if (i === j) continue;
      for (const [coalition, worth] of worths.entries()) {
        if ((coalition >>> i) & 1 || (coalition >>> j) & 1) continue;
        const size = bitsIn(coalition);
        const weight =
          (factorial(size) * factorial(players - size - 2)) / (2 * factorial(players - 1));
        const [one, two] = [coalition | (1 << i), coalition | (1 << j)];
        const change = (worths[one | two] ?? 0) - (worths[one] ?? 0) - (worths[two] ?? 0) + worth;
        found[i * players + j] = (found[i * players + j] ?? 0) + weight * change;
      }
    }
  for (const [player, value] of shapleyValues(worths, players).entries()) {
    const row = found.slice(player * players, (player + 1) * players);
    found[player * players + player] = value - row.reduce((sum, entry) => sum + entry, 0);
  }
  return found;
}

/**
 * The rows of all coalitions against all rows of the background: what the owner of a column has
 * comes from the instance where the owner is in. A column of nobody (-1) is the instance's.
 */
export function mixedRows(
  instance: Float32Array,
  background: Float32Array,
  owners: readonly number[],
  players: number,
): Float32Array {
  const columns = instance.length;
  const count = background.length / columns;
  const rows = new Float32Array(2 ** players * background.length);
  for (let at = 0; at < rows.length; at += 1) {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const owner = owners[column] ?? -1;
    const isIn = owner < 0 || (Math.floor(row / count) >>> owner) & 1;
    rows[at] = (isIn ? instance[column] : background[(row % count) * columns + column]) ?? 0;
  }
  return rows;
}

/** The mean over the background of each coalition's scores, which lie as `mixedRows` has them. */
export const meansOf = (scores: readonly number[], weights: readonly number[]): number[] =>
  Array.from({ length: scores.length / weights.length }, (_, coalition) =>
    weights.reduce(
      (sum, weight, row) => sum + weight * (scores[coalition * weights.length + row] ?? 0),
      0,
    ),
  );

/** The mean over leaves by cover where a branch asks for what the coalition does not know. */
export function expectedOf(
  tree: PlainTree,
  instance: Float32Array,
  isKnown: (column: number) => boolean,
  target = 0,
): number {
  const { branch } = tree;
  if (!branch) return tree.weights[target] ?? 0;
  const { yes, no, column } = branch;
  const valueOf = (child: PlainTree): number => expectedOf(child, instance, isKnown, target);
  if (isKnown(column)) return valueOf(takes(branch, instance[column] ?? 0) ? yes : no);
  return (yes.hits * valueOf(yes) + no.hits * valueOf(no)) / (yes.hits + no.hits);
}
