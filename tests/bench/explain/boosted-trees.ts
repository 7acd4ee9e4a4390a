import { writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import type { Table } from "./subjects.ts";

const TREES = 100;
const DEPTH = 6;
const BRANCHES = 2 ** DEPTH - 1;

/** 100 full trees of depth 6 whose branches compare the columns of `table` with what it has in them. */
export function boostedTrees({ name, rows }: Table): Uint8Array {
  const random = seededRandom("trees");
  const columns = rows[0]?.length ?? 0;
  const lists = {
    nodes_treeids: [] as number[],
    nodes_nodeids: [] as number[],
    nodes_featureids: [] as number[],
    nodes_values: [] as number[],
    nodes_modes: [] as string[],
    nodes_truenodeids: [] as number[],
    nodes_falsenodeids: [] as number[],
    nodes_hitrates: [] as number[],
    target_treeids: [] as number[],
    target_nodeids: [] as number[],
    target_ids: [] as number[],
    target_weights: [] as number[],
  };
  for (let tree = 0; tree < TREES; tree += 1) {
    // Nodes are numbered as in a heap, so that the children of `node` are 2 node + 1 and 2 node + 2.
    const passed: (readonly number[])[] = [[...rows.keys()]];
    for (let node = 0; node < 2 * BRANCHES + 1; node += 1) {
      const here = passed[node] ?? [];
      const isLeaf = node >= BRANCHES;
      const column = random.integer(columns);
      const among = here.length > 1 ? here : [...rows.keys()];
      const split = splitOf(among.map((row) => rows[row]?.[column] ?? 0));
      const isBelow = (row: number): boolean => (rows[row]?.[column] ?? 0) < split;
      if (!isLeaf) {
        passed[2 * node + 1] = here.filter(isBelow);
        passed[2 * node + 2] = here.filter((row) => !isBelow(row));
      }
      lists.nodes_treeids.push(tree);
      lists.nodes_nodeids.push(node);
      lists.nodes_featureids.push(isLeaf ? 0 : column);
      lists.nodes_values.push(isLeaf ? 0 : split);
      lists.nodes_modes.push(isLeaf ? "LEAF" : "BRANCH_LT");
      lists.nodes_truenodeids.push(isLeaf ? 0 : 2 * node + 1);
      lists.nodes_falsenodeids.push(isLeaf ? 0 : 2 * node + 2);
      if (!isLeaf) continue;
      lists.target_treeids.push(tree);
      lists.target_nodeids.push(node);
      lists.target_ids.push(0);
      lists.target_weights.push(Math.fround(random.normal() / 10));
    }
    lists.nodes_hitrates.push(...coversOf(passed));
  }
  const b = GraphBuilder.empty(17);
  b.opsets.push({ domain: "ai.onnx.ml", version: 3 });
  const input = b.input(name, "float32", ["batch", columns]);
  const attributes = { ...lists, n_targets: 1, base_values: [0] };
  b.output(
    b.node("TreeEnsembleRegressor", [input], attributes, { domain: "ai.onnx.ml", output: "score" }),
  );
  return writeModel(b.model());
}

/** No round number, so that no row has it. */
const BETWEEN = Math.SQRT2 - 1;

/** Between the two values in the middle, so that "less" and "at most" are the same. */
function splitOf(values: readonly number[]): number {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  const high = sorted[sorted.length >> 1] ?? 0;
  const low = sorted[(sorted.length >> 1) - 1] ?? high - 1;
  return Math.fround(low + BETWEEN * (high - low));
}

/** How many rows pass each node, at least one for each leaf, branches being the sums of their children. */
function coversOf(passed: readonly (readonly number[])[]): number[] {
  const covers = passed.map((rows) => Math.max(1, rows.length));
  for (let node = BRANCHES - 1; node >= 0; node -= 1)
    covers[node] = (covers[2 * node + 1] ?? 0) + (covers[2 * node + 2] ?? 0);
  return covers;
}
