import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { prepareTreeShap } from "../../../../domain/explain/tree/prepare-tree-shap.ts";
import { readTreeModel } from "../../../../domain/explain/tree/read-tree-model.ts";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { readModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import type { Tensor } from "../../../../domain/tensors/tensor.ts";
import { runOnWasm } from "../../../fixtures/wasm-runtime.ts";
import { randomOf } from "../../onnx/support/random-numbers.ts";
import {
  ensembleModel,
  listedAttributes,
  randomRows,
  rootedAttributes,
  type Operator,
  type PlainTree,
} from "./random-trees.ts";
import {
  codeOf,
  COLUMNS,
  COUNT,
  expectRuntimesPredictions,
  floatRows,
  forest,
  positive,
} from "./runtime-predictions.ts";

describe("the routes and scores are those of ONNX Runtime, for NaN and the borders too", () => {
  const labels = (count: number) => ({
    classlabels_int64s: Array.from({ length: count }, (_, at) => at),
  });
  const cases: [string, Operator, number, boolean, AttributeLiterals][] = [
    ["a sum", "TreeEnsembleRegressor", 1, false, { n_targets: 1, base_values: [0.5] }],
    [
      "an average",
      "TreeEnsembleRegressor",
      2,
      false,
      { n_targets: 2, aggregate_function: "AVERAGE", base_values: [1, 2] },
    ],
    [
      "logistic targets",
      "TreeEnsembleRegressor",
      2,
      false,
      { n_targets: 2, post_transform: "LOGISTIC" },
    ],
    [
      "a softmax of targets",
      "TreeEnsembleRegressor",
      3,
      false,
      { n_targets: 3, post_transform: "SOFTMAX" },
    ],
    ["three classes", "TreeEnsembleClassifier", 3, false, { ...labels(3), base_values: [1, 2, 3] }],
    [
      "three classes by softmax",
      "TreeEnsembleClassifier",
      3,
      false,
      { ...labels(3), post_transform: "SOFTMAX" },
    ],
    ["one class of two, by votes", "TreeEnsembleClassifier", 1, true, { ...labels(2) }],
    [
      "one class of two, by votes, with a base",
      "TreeEnsembleClassifier",
      1,
      true,
      { ...labels(2), base_values: [0.1] },
    ],
    [
      "one class of two, by margins",
      "TreeEnsembleClassifier",
      1,
      false,
      { ...labels(2), base_values: [0.1] },
    ],
    [
      "one class of two, logistic",
      "TreeEnsembleClassifier",
      1,
      false,
      { ...labels(2), post_transform: "LOGISTIC", base_values: [-0.5] },
    ],
    [
      "one class of two, logistic of votes",
      "TreeEnsembleClassifier",
      1,
      true,
      { ...labels(2), post_transform: "LOGISTIC" },
    ],
    [
      "one class of two, softmax",
      "TreeEnsembleClassifier",
      1,
      false,
      { ...labels(2), post_transform: "SOFTMAX" },
    ],
    [
      "both classes of two",
      "TreeEnsembleClassifier",
      2,
      false,
      { ...labels(2), post_transform: "SOFTMAX", base_values: [0.1] },
    ],
    [
      "both classes of two, logistic",
      "TreeEnsembleClassifier",
      2,
      true,
      { ...labels(2), post_transform: "LOGISTIC" },
    ],
  ];
  test.each(cases)("%s", async (name, operator, targets, isPositive, more) => {
    const trees = forest(name, { targets }).map((tree) => (isPositive ? positive(tree) : tree));
    const attributes = listedAttributes(
      trees,
      operator === "TreeEnsembleClassifier" ? "class" : "target",
    );
    const x = floatRows(randomRows(randomOf(`${name} rows`), COUNT, COLUMNS));
    await expectRuntimesPredictions(ensembleModel(operator, COLUMNS, { ...attributes, ...more }), {
      x,
    });
  });

  test("TreeEnsemble with sets", async () => {
    const trees = forest("rooted", { modes: 7 }).filter(({ branch }) => branch);
    const model = ensembleModel("TreeEnsemble", COLUMNS, {
      ...rootedAttributes(trees),
      n_targets: 1,
    });
    // Whole numbers, which a set may have, and some between them.
    const values = randomRows(randomOf("rooted rows"), COUNT, COLUMNS);
    const x = floatRows(values.map((value, at) => (at % 8 === 0 ? value : 4 * value)));
    await expectRuntimesPredictions(model, { x });
  });

  test("numbers of float64, which are attributes that are tensors", async () => {
    const { nodes_values, target_weights, ...others } = listedAttributes(
      forest("doubles"),
      "target",
    );
    // Splits that no float32 is.
    const doubles = (values: unknown, more: number): Tensor => ({
      type: "float64",
      dims: [(values as number[]).length],
      data: Float64Array.from(values as number[], (value) => value + more),
    });
    const attributes = {
      ...others,
      n_targets: 1,
      nodes_values_as_tensor: doubles(nodes_values, 1e-12),
      target_weights_as_tensor: doubles(target_weights, 0.1),
    };
    const model = ensembleModel("TreeEnsembleRegressor", COLUMNS, attributes, "float64");
    const rows = randomRows(randomOf("doubles rows"), COUNT, COLUMNS);
    const data = Float64Array.from(rows, (value, at) => value + (at % 2) * 2e-12);
    await expectRuntimesPredictions(model, {
      x: { type: "float64", dims: [COUNT, COLUMNS], data },
    });
  });

  test.each([
    ["float32", 1],
    ["float64", 2],
  ] as const)(
    "a number between a split and its neighbour is compared as %s",
    async (type, leaf) => {
      const stump: PlainTree = {
        hits: 2,
        weights: [],
        branch: {
          column: 0,
          mode: 0,
          split: 0.1,
          members: [],
          missing: false,
          yes: { hits: 1, weights: [1] },
          no: { hits: 1, weights: [2] },
        },
      };
      const model = ensembleModel(
        "TreeEnsembleRegressor",
        1,
        { ...listedAttributes([stump], "target"), n_targets: 1 },
        type,
      );
      // The split is kept as a float32, which this is not above until it is told from it.
      const above = new Float64Array([Math.fround(0.1) + 1e-12]);
      const data = type === "float32" ? Float32Array.from(above) : above;
      const { score } = await runOnWasm(model, { x: { type, dims: [1, 1], data } });
      expect(score?.data[0]).toBe(leaf);
      const explainer = prepareTreeShap(readTreeModel(model, { output: "score", index: 0 }), {
        mode: "interventional",
        scale: "raw",
        background: { rows: new Float64Array([0.2]), count: 1, weights: new Float64Array([1]) },
      });
      expect(explainer.explain(above).prediction).toBe(leaf);
    },
  );
});

describe("an ensemble is refused", () => {
  const tree = forest("ensembles")[0] ?? { hits: 1, weights: [1] };
  const attributes = listedAttributes([tree], "target");
  test.each<[string, AttributeLiterals]>([
    ["with the greatest of the trees", { aggregate_function: "MAX" }],
    [
      "with a transform that ONNX Runtime leaves out for one target",
      { post_transform: "LOGISTIC" },
    ],
    ["with PROBIT", { post_transform: "PROBIT" }],
    ["with a base for two of one target", { base_values: [1, 2] }],
    [
      "with a branch into nothing",
      { nodes_truenodeids: (attributes["nodes_truenodeids"] as number[]).map((id) => id && 9_999) },
    ],
    [
      "with a circle",
      { nodes_truenodeids: (attributes["nodes_truenodeids"] as number[]).map(() => 0) },
    ],
    [
      "with a mode that is none",
      {
        nodes_modes: (attributes["nodes_modes"] as string[]).map((mode) =>
          mode === "LEAF" ? mode : "BRANCH_X",
        ),
      },
    ],
    [
      "with a weight that is infinite",
      { target_weights: (attributes["target_weights"] as number[]).map(() => Infinity) },
    ],
  ])("%s", (_, more) => {
    const build = () =>
      readTreeModel(ensembleModel("TreeEnsembleRegressor", 4, { ...attributes, ...more }), {
        output: "score",
        index: 0,
      });
    expect(codeOf(build)).toBe("method_unsupported");
  });

  test("for its label, and for an output that is not there", () => {
    const model = ensembleModel("TreeEnsembleClassifier", 4, {
      ...listedAttributes([tree], "class"),
      classlabels_int64s: [0, 1],
    });
    expect(codeOf(() => readTreeModel(model, { output: "label", index: 0 }))).toBe(
      "target_unknown",
    );
    expect(codeOf(() => readTreeModel(model, { output: "nothing", index: 0 }))).toBe(
      "target_unknown",
    );
  });
});

test("the values of the forest of examples/wdbc add up to what ONNX Runtime predicts, to 1e-6", async () => {
  const examples = new URL("../../../../examples/wdbc/", import.meta.url);
  const model = readModel(readFileSync(new URL("models/wdbc-forest.onnx", examples)));
  const lines = readFileSync(new URL("breast_cancer.csv", examples), "utf8").trim().split("\n");
  const table = lines.slice(1, 151).map((line) => line.split(",").slice(0, 30).map(Number));
  const rows = Float32Array.from(table.flat());
  const { probabilities } = await runOnWasm(model, { features: floatRows(rows, 30) });
  for (const index of [0, 1]) {
    const tree = readTreeModel(model, { output: "probabilities", index });
    const background = {
      rows: rows.subarray(0, 3_000),
      count: 100,
      weights: new Float64Array(100).fill(0.01),
    };
    for (const mode of ["interventional", "path_dependent"] as const) {
      const explainer = prepareTreeShap(tree, { mode, background, scale: "probability" });
      for (let row = 100; row < 150; row += 1) {
        const found = explainer.explain(rows.subarray(row * 30, (row + 1) * 30));
        const sum = found.values.reduce((total, value) => total + value, found.base);
        expect(Math.abs(sum - Number(probabilities?.data[row * 2 + index]))).toBeLessThan(1e-6);
      }
    }
  }
});
