import type { NodeValues, PairedRoutes } from "./paired-routes.ts";
import type { Decided } from "./pattern-tables.ts";
import type { Players } from "./players.ts";
import { needWeights } from "./shapley-weights.ts";
import type { Trees } from "./tree-model.ts";

/**
 * Adds the Shapley interaction values of an instance to `values`, `players` x `players`, the
 * diagonal left alone: half of the interaction index for each of a pair (Lundberg et al. 2020).
 * In the game of a leaf with a needed and b unwanted players, the index is
 * (a - 2)! b! / (a + b - 1)! for two needed ones, a! (b - 2)! / (a + b - 1)! for two unwanted ones
 * and -(a - 1)! (b - 1)! / (a + b - 1)! for one of each.
 */
export function pairedInteractions(
  { roots, no }: Trees,
  players: Players,
  { values: own, margins }: NodeValues,
  background: Pick<Decided, "decisions" | "count">,
): PairedRoutes {
  const side = 1 + players.most.reduce((most, distinct) => Math.max(most, distinct), 0);
  const needs = needWeights(side);
  const nodes = no.length;
  const gone = new Uint8Array(players.count);
  /** Who has parted on the way, and with whom each has gone: `gone`. */
  const parted = new Int32Array(side);
  let [row, count, needed] = [0, 0, 0];
  let decided: Uint8Array = new Uint8Array();
  let weights: Float64Array = new Float64Array();
  let found: Float64Array = new Float64Array();

  function visit(node: number): void {
    const other = no[node] ?? 0;
    if (other === 0) return share(node);
    const player = players.of[node] ?? -1;
    const withInstance = decided[node] === 1 ? node + 1 : other;
    const withRow = background.decisions[row * nodes + node] === 1 ? node + 1 : other;
    if (withInstance === withRow || player < 0 || gone[player] === 1) return visit(withInstance);
    if (gone[player] === 2) return visit(withRow);
    parted[count] = player;
    count += 1;
    gone[player] = 1;
    needed += 1;
    visit(withInstance);
    needed -= 1;
    gone[player] = 2;
    visit(withRow);
    gone[player] = 0;
    count -= 1;
  }

  function share(leaf: number): void {
    if (count < 2) return;
    let value = 0;
    for (let margin = 0; margin < margins; margin += 1)
      value += (weights[row * margins + margin] ?? 0) * (own[leaf * margins + margin] ?? 0);
    const unwanted = count - needed;
    // Each index is the weight of a game with one or two players fewer.
    const bothNeeded = (value / 2) * (needs[(needed - 1) * side + unwanted] ?? 0);
    const bothUnwanted = (value / 2) * (needs[(unwanted - 1) * side + needed] ?? 0);
    const oneEach = (-value / 2) * (needs[needed * side + unwanted - 1] ?? 0);
    for (let one = 0; one < count; one += 1)
      for (let two = one + 1; two < count; two += 1) {
        const [first = 0, second = 0] = [parted[one], parted[two]];
        const with1 = gone[first] === 1;
        const index = with1 !== (gone[second] === 1) ? oneEach : with1 ? bothNeeded : bothUnwanted;
        const [at, mirrored] = [first * players.count + second, second * players.count + first];
        found[at] = (found[at] ?? 0) + index;
        found[mirrored] = (found[mirrored] ?? 0) + index;
      }
  }

  return (decisions, rowWeights, values) => {
    [decided, weights, found] = [decisions, rowWeights, values];
    for (row = 0; row < background.count; row += 1)
      for (let tree = 0; tree + 1 < roots.length; tree += 1) visit(roots[tree] ?? 0);
  };
}
