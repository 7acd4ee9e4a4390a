import type { Model } from "../../onnx/model.ts";
import type { Rows } from "../rows.ts";

/** How a branch compares, by its code in ONNX's TreeEnsemble. */
export const MODES = ["LEQ", "LT", "GTE", "GT", "EQ", "NEQ", "MEMBER"] as const;

/**
 * Trees as columns of one table. Nodes are in preorder, tree after tree: the child where a
 * comparison holds follows its branch.
 */
export type Trees = {
  readonly nodes: number;
  /** The root of each tree, and at the end the number of nodes. */
  readonly roots: Int32Array;
  /** The column that a branch compares; -1 for a leaf. */
  readonly column: Int32Array;
  /** Index into `MODES`. */
  readonly mode: Uint8Array;
  readonly split: Float64Array;
  /** 1 where NaN takes the branch as if the comparison held. */
  readonly missing: Uint8Array;
  /** The child where the comparison does not hold; 0 for a leaf. */
  readonly no: Int32Array;
  readonly members: ReadonlyMap<number, ReadonlySet<number>>;
  /** How many samples of the training passed each node, where the file has it. */
  readonly hits: Float64Array | null;
  /** The most branches from a root to a leaf. */
  readonly depth: number;
};

/** Margins (the sums over trees, base included) become the score by the identity, a sigmoid or a softmax over them. */
export type TreeLink = "identity" | "logistic" | "softmax";

/** A tree ensemble that gives the target's score. */
export type TreeModel = {
  readonly trees: Trees;
  /** How many margins there are: one, but for a softmax over several. */
  readonly margins: number;
  /** What each node adds to each margin, `nodes` x `margins`; zeros for branches. */
  readonly values: Float64Array;
  readonly base: Float64Array;
  /** The margin of the target. */
  readonly target: number;
  readonly link: TreeLink;
  /** Columns that the ensemble reads of a row. */
  readonly columns: number;
  /** The element of the model's row (its inputs one after another) that each column is computed from. */
  readonly sources: Int32Array;
  /** True where comparisons are of float32, as ONNX Runtime has it unless the ensemble reads float64. */
  readonly is_single: boolean;
  /** The part of the model that makes columns of its inputs; null where they are the columns. */
  readonly before: { readonly model: Model; readonly output: string } | null;
};

/** Writes for every branch whether its comparison holds for the row that starts at `at`: 1 or 0; 0 for leaves. */
export function decide(
  { trees, is_single }: TreeModel,
  rows: Rows,
  at: number,
  decisions: Uint8Array,
): void {
  const { column, mode, split, missing, members } = trees;
  for (let node = 0; node < trees.nodes; node += 1) {
    const from = column[node] ?? -1;
    if (from < 0) continue;
    const given = rows[at + from] ?? Number.NaN;
    const value = is_single ? Math.fround(given) : given;
    const bound = split[node] ?? 0;
    let holds = false;
    // The indices of MODES.
    switch (mode[node]) {
      case 0:
        holds = value <= bound;
        break;
      case 1:
        holds = value < bound;
        break;
      case 2:
        holds = value >= bound;
        break;
      case 3:
        holds = value > bound;
        break;
      case 4:
        holds = value === bound;
        break;
      case 5:
        holds = value !== bound;
        break;
      default:
        holds = members.get(node)?.has(value) ?? false;
    }
    decisions[node] = holds || (missing[node] === 1 && Number.isNaN(value)) ? 1 : 0;
  }
}

/** The margins of the row whose decisions lie from `at` on. */
export function marginsOf(
  { trees, values, base, margins }: Pick<TreeModel, "trees" | "values" | "base" | "margins">,
  decisions: Uint8Array,
  at = 0,
): Float64Array {
  const found = base.slice();
  for (let tree = 0; tree + 1 < trees.roots.length; tree += 1) {
    let node = trees.roots[tree] ?? 0;
    while ((trees.column[node] ?? -1) >= 0)
      node = decisions[at + node] === 1 ? node + 1 : (trees.no[node] ?? 0);
    for (let margin = 0; margin < margins; margin += 1)
      found[margin] = (found[margin] ?? 0) + (values[node * margins + margin] ?? 0);
  }
  return found;
}
