import { ExplainFault } from "../explain-fault.ts";
import type { Decided } from "./pattern-tables.ts";
import type { Trees } from "./tree-model.ts";

/**
 * The share of its parent's samples that each node gets; 1 for roots. By the hit rates of the file
 * where it has them, else by the weights of the background's rows that pass. A branch that no row
 * comes to is taken to be split evenly.
 */
export function coverShares(trees: Trees, background: Decided | null): Float64Array {
  if (trees.hits === null && background === null)
    throw new ExplainFault(
      "background_missing",
      "the model does not hold how many samples passed each node (nodes_hitrates); give a background, whose rows are counted instead",
      "background",
    );
  const covers = trees.hits ?? (background && counted(trees, background)) ?? new Float64Array();
  const shares = new Float64Array(trees.nodes).fill(1);
  for (let node = 0; node < trees.nodes; node += 1) {
    const other = trees.no[node] ?? 0;
    if (other === 0) continue;
    const [yes = 0, no = 0] = [covers[node + 1], covers[other]];
    shares[node + 1] = yes + no > 0 ? yes / (yes + no) : 0.5;
    shares[other] = yes + no > 0 ? no / (yes + no) : 0.5;
  }
  return shares;
}

function counted(trees: Trees, { decisions, count, weights }: Decided): Float64Array {
  const covers = new Float64Array(trees.nodes);
  for (let row = 0; row < count; row += 1)
    for (let tree = 0; tree + 1 < trees.roots.length; tree += 1) {
      let node = trees.roots[tree] ?? 0;
      for (;;) {
        covers[node] = (covers[node] ?? 0) + (weights[row] ?? 0);
        const other = trees.no[node] ?? 0;
        if (other === 0) break;
        node = decisions[row * trees.nodes + node] === 1 ? node + 1 : other;
      }
    }
  return covers;
}
