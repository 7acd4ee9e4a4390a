import type { Model, Node, StoredTensor } from "../model.ts";
import { isFloatType } from "../float-values.ts";
import { entryOf } from "../node.ts";
import { editGraphs, type GraphEdit } from "../rewrite/graph-edit.ts";

/** The inputs of each operator that are weights where they are constants. Biases are not pruned. */
const WEIGHT_INPUTS: Readonly<Record<string, readonly number[]>> = {
  Conv: [1],
  ConvTranspose: [1],
  Einsum: [0, 1, 2, 3],
  GRU: [1, 2],
  Gemm: [0, 1],
  LSTM: [1, 2],
  MatMul: [0, 1],
  RNN: [1, 2],
};

/** The weights among a node's inputs, by name. */
export const weightNames = (node: Node): string[] =>
  (entryOf(WEIGHT_INPUTS, node) ?? []).flatMap((index) => node.inputs[index] ?? []);

/** The weights of a model, those of sub-graphs too, as they are stored; each once. */
export function weightsOf(model: Model): StoredTensor[] {
  const found = new Set<StoredTensor>();
  editGraphs(model, (edit: GraphEdit) => {
    for (const name of edit.graph.nodes.flatMap(weightNames)) {
      const stored = edit.constantOf(name);
      if (stored && isFloatType(stored.type)) found.add(stored);
    }
  });
  return [...found];
}
