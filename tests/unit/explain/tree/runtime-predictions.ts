import { expect } from "vitest";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import { layoutOf, rowsFromFeeds, type Rows } from "../../../../domain/explain/rows.ts";
import { prepareTreeShap } from "../../../../domain/explain/tree/prepare-tree-shap.ts";
import { readTreeModel } from "../../../../domain/explain/tree/read-tree-model.ts";
import { treeColumns } from "../../../../domain/explain/tree/tree-columns.ts";
import type { TreeModel } from "../../../../domain/explain/tree/tree-model.ts";
import { writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { withOpenModel } from "../../../../domain/onnx/runtime.ts";
import type { Tensor } from "../../../../domain/tensors/tensor.ts";
import { runOnWasm, wasmRuntime } from "../../../fixtures/wasm-runtime.ts";
import { randomOf } from "../../onnx/support/random-numbers.ts";
import { randomTree, type PlainTree } from "./random-trees.ts";

export const COLUMNS = 4;
export const COUNT = 40;

/** The rows of a layout in which the model's inputs are `feeds`. */
export async function columnsOf(
  model: Model,
  tree: TreeModel,
  feeds: Record<string, Tensor>,
): Promise<Rows> {
  const inputs = model.graph.inputs.map(({ name }) => ({
    name,
    type: feeds[name]?.type ?? "float32",
    shape: [],
  }));
  const layout = layoutOf({ inputs, outputs: [] }, feeds);
  const { rows, count } = rowsFromFeeds(layout, feeds);
  if (tree.before === null) return treeColumns(tree, null, layout, rows, count);
  return withOpenModel(wasmRuntime, writeModel(tree.before.model), (before) =>
    treeColumns(tree, before, layout, rows, count),
  );
}

/** The tree model's predictions are ONNX Runtime's, row by row, in every element of the output. */
export async function expectRuntimesPredictions(
  model: Model,
  feeds: Record<string, Tensor>,
  { output = "score", within = 2e-6 } = {},
): Promise<TreeModel[]> {
  const { [output]: scores } = await runOnWasm(model, feeds);
  const [count = 0] = scores?.dims ?? [];
  const width = (scores?.data.length ?? 0) / count;
  const found: TreeModel[] = [];
  for (let index = 0; index < width; index += 1) {
    const tree = readTreeModel(model, { output, index });
    const columns = await columnsOf(model, tree, feeds);
    const background = { rows: columns, count, weights: new Float64Array(count).fill(1 / count) };
    const options = { mode: "interventional", scale: "probability", background } as const;
    const explainer = prepareTreeShap(tree, options);
    for (let row = 0; row < count; row += 1) {
      const from = row * tree.columns;
      const { prediction } = explainer.explain(columns.subarray(from, from + tree.columns));
      const expected = Number(scores?.data[row * width + index]);
      expect(Math.abs(prediction - expected), `row ${row}, value ${index}`).toBeLessThan(within);
    }
    found.push(tree);
  }
  return found;
}

export const floatRows = (data: Float32Array, columns = COLUMNS): Tensor => ({
  type: "float32",
  dims: [data.length / columns, columns],
  data,
});

export const forest = (
  name: string,
  shape: { targets?: number; modes?: number } = {},
): PlainTree[] => {
  const random = randomOf(name);
  return Array.from({ length: 6 }, () => randomTree(random, { columns: 4, depth: 5, ...shape }));
};

export const positive = (tree: PlainTree): PlainTree => ({
  ...tree,
  weights: tree.weights.map((weight) => Math.fround(Math.abs(weight) / 100)),
  ...(tree.branch && {
    branch: { ...tree.branch, yes: positive(tree.branch.yes), no: positive(tree.branch.no) },
  }),
});

/** The code of the fault that the work throws; "done" where it throws none. */
export const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof ExplainFault ? error.problem.code : String(error);
  }
  return "done";
};
