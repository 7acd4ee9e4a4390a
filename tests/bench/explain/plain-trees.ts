import { readTreeModel } from "../../../domain/explain/tree/read-tree-model.ts";
import { readModel } from "../../../domain/onnx/codec/onnx-file.ts";

/** The trees of a model as shap's TreeExplainer takes them as well: lists by node, for one number of the answer. */
export function plainTrees(file: Uint8Array, output: string, index: number) {
  const { trees, values, margins, target } = readTreeModel(readModel(file), { output, index });
  const starts = Array.from(trees.roots.subarray(0, -1));
  return starts.map((from, tree) => {
    const nodes = Array.from({ length: (trees.roots[tree + 1] ?? 0) - from }, (_, at) => from + at);
    const isLeaf = (node: number): boolean => (trees.column[node] ?? -1) < 0;
    const no = (node: number): number => (isLeaf(node) ? -1 : (trees.no[node] ?? 0) - from);
    return {
      children_left: nodes.map((node, at) => (isLeaf(node) ? -1 : at + 1)),
      children_right: nodes.map(no),
      children_default: nodes.map(no),
      features: nodes.map((node) => (isLeaf(node) ? -2 : (trees.column[node] ?? 0))),
      thresholds: nodes.map((node) => trees.split[node] ?? 0),
      values: nodes.map((node) => [values[node * margins + target] ?? 0]),
      node_sample_weight: nodes.map((node) => trees.hits?.[node] ?? 1),
    };
  });
}
