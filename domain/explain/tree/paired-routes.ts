import type { Decided } from "./pattern-tables.ts";
import type { Players } from "./players.ts";
import { needWeights } from "./shapley-weights.ts";
import type { Trees } from "./tree-model.ts";

/** Margins of a tree's nodes, `nodes` x `margins`. */
export type NodeValues = { readonly values: Float64Array; readonly margins: number };

/**
 * Adds the contributions of an instance to `values`, each row of the background with a weight for
 * each margin (`count` x `margins`).
 */
export type PairedRoutes = (
  decisions: Uint8Array,
  weights: Float64Array,
  values: Float64Array,
) => void;

/**
 * Interventional SHAP values of trees of any depth, by one walk for each row of the background.
 * Where instance and row part at a branch, the walk goes both ways and remembers who has gone
 * with which; a leaf's weight is shared by those who are needed and those who must stay out.
 * The method is that of Lundberg et al. 2020 (Algorithm 3); sums are handed up, so that a branch
 * costs the same however many players there are.
 */
export function pairedRoutes(
  { roots, no }: Trees,
  players: Players,
  chosen: readonly number[],
  { values: own, margins }: NodeValues,
  background: Pick<Decided, "decisions" | "count">,
): PairedRoutes {
  const side = 1 + chosen.reduce((most, tree) => Math.max(most, players.most[tree] ?? 0), 0);
  const needs = needWeights(side);
  const nodes = no.length;
  /** With whom each player has gone: 0 nobody yet, 1 the instance, 2 the row. */
  const gone = new Uint8Array(players.count);
  let [row, needed, unwanted] = [0, 0, 0];
  let decided: Uint8Array = new Uint8Array();
  let weights: Float64Array = new Float64Array();
  let found: Float64Array = new Float64Array();
  // What the last visit hands up: what each needed player gains below the node, and each unwanted one loses.
  let [gain, loss] = [0, 0];

  function visit(from: number): void {
    let node = from;
    let other = no[node] ?? 0;
    let player = -1;
    let [withInstance, withRow] = [0, 0];
    for (; other !== 0; other = no[node] ?? 0) {
      player = players.of[node] ?? -1;
      withInstance = decided[node] === 1 ? node + 1 : other;
      withRow = background.decisions[row * nodes + node] === 1 ? node + 1 : other;
      if (withInstance === withRow || player < 0) node = withInstance;
      else if (gone[player] === 1) node = withInstance;
      else if (gone[player] === 2) node = withRow;
      else break;
    }
    if (other === 0) return weigh(node);
    gone[player] = 1;
    needed += 1;
    visit(withInstance);
    needed -= 1;
    const [gained, lost] = [gain, loss];
    gone[player] = 2;
    unwanted += 1;
    visit(withRow);
    unwanted -= 1;
    gone[player] = 0;
    found[player] = (found[player] ?? 0) + gained - loss;
    gain += gained;
    loss += lost;
  }

  function weigh(leaf: number): void {
    let value = 0;
    for (let margin = 0; margin < margins; margin += 1)
      value += (weights[row * margins + margin] ?? 0) * (own[leaf * margins + margin] ?? 0);
    gain = value * (needs[needed * side + unwanted] ?? 0);
    loss = value * (needs[unwanted * side + needed] ?? 0);
  }

  return (decisions, rowWeights, values) => {
    [decided, weights, found] = [decisions, rowWeights, values];
    for (row = 0; row < background.count; row += 1)
      for (const tree of chosen) visit(roots[tree] ?? 0);
  };
}
