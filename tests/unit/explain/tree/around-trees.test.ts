import { describe, expect, test } from "vitest";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import { prepareTreeShap } from "../../../../domain/explain/tree/prepare-tree-shap.ts";
import { readTreeModel } from "../../../../domain/explain/tree/read-tree-model.ts";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { floatTensor, intTensor } from "../../../../domain/onnx/tensors.ts";
import { runOnWasm } from "../../../fixtures/wasm-runtime.ts";
import { randomOf } from "../../onnx/support/random-numbers.ts";
import {
  ensembleModel,
  listedAttributes,
  randomRows,
  type Operator,
  type PlainTree,
} from "./random-trees.ts";
import {
  codeOf,
  COLUMNS,
  columnsOf,
  COUNT,
  expectRuntimesPredictions,
  floatRows,
  forest,
  positive,
} from "./runtime-predictions.ts";

/** A graph around an ensemble: `make` gives the columns and takes the scores. */
function around(
  trees: readonly PlainTree[],
  operator: Operator,
  attributes: AttributeLiterals,
  make: {
    before: (b: GraphBuilder) => string;
    after?: (b: GraphBuilder, scores: string) => string;
  },
): Model {
  const b = GraphBuilder.empty(17);
  b.opsets.push({ domain: "ai.onnx.ml", version: 3 });
  const columns = make.before(b);
  const isClassifier = operator === "TreeEnsembleClassifier";
  const outputs = b.nodes(
    operator,
    [columns],
    isClassifier ? 2 : 1,
    { ...listedAttributes(trees, isClassifier ? "class" : "target"), ...attributes },
    { domain: "ai.onnx.ml" },
  );
  const scores = outputs.at(-1) ?? "";
  b.output(make.after?.(b, scores) ?? scores, "score");
  return b.model();
}

const ml = { domain: "ai.onnx.ml" };
const plainInput = (b: GraphBuilder): string => b.input("x", "float32", ["n", COLUMNS]);

describe("before the trees", () => {
  const rowsOf = (name: string) => floatRows(randomRows(randomOf(name), COUNT, COLUMNS));

  test("columns may be scaled, imputed, clipped, combined with constants, picked and put together", async () => {
    const model = around(
      forest("before"),
      "TreeEnsembleRegressor",
      { n_targets: 1 },
      {
        before: (b) => {
          const x = plainInput(b);
          const imputed = b.node(
            "Imputer",
            [x],
            { imputed_value_floats: [0.25], replaced_value_float: Number.NaN },
            ml,
          );
          const scaled = b.node(
            "Scaler",
            [imputed],
            { offset: [0, 0.5, 0, 1], scale: [1, 2, 1, -1] },
            ml,
          );
          const shifted = b.node("Add", [scaled, b.constant(floatTensor([4], [0, 0, 0.25, 0]))]);
          const two = b.node("Gather", [shifted, b.constant(intTensor([3, 0]))], { axis: 1 });
          const one = b.node("Slice", [
            shifted,
            ...[[1], [2], [1]].map((at) => b.constant(intTensor(at))),
          ]);
          const other = b.node("Relu", [
            b.node("ArrayFeatureExtractor", [x, b.constant(intTensor([2]))], {}, ml),
          ]);
          return b.node("Concat", [two, one, b.node("Reshape", [other, b.ints([-1, 1])])], {
            axis: 1,
          });
        },
      },
    );
    const [tree] = await expectRuntimesPredictions(model, { x: rowsOf("before rows") });
    expect([...(tree?.sources ?? [])]).toEqual([3, 0, 1, 2]);
  });

  test("columns may be split, in more rows than one run takes", async () => {
    const before = (b: GraphBuilder): string => {
      const [first = "", rest = ""] = b.nodes("Split", [plainInput(b), b.ints([1, 3])], 2, {
        axis: 1,
      });
      return b.node("Neg", [b.node("Concat", [rest, first], { axis: -1 })]);
    };
    const model = around(forest("split"), "TreeEnsembleRegressor", { n_targets: 1 }, { before });
    const tree = readTreeModel(model, { output: "score", index: 0 });
    expect([...tree.sources]).toEqual([1, 2, 3, 0]);
    const rows = Float32Array.from({ length: 4_500 * COLUMNS }, (_, at) => at);
    const columns = await columnsOf(model, tree, { x: floatRows(rows) });
    expect(columns.every((value, at) => value === -(at % 4 === 3 ? at - 3 : at + 1))).toBe(true);
  });

  test("columns of several inputs that are only moved need no run", async () => {
    const model = around(
      forest("inputs"),
      "TreeEnsembleRegressor",
      { n_targets: 1 },
      {
        before: (b) => {
          const names = ["a", "b", "c"].map((name) =>
            b.input(name, "float32", ["n", name === "b" ? 2 : 1]),
          );
          return b.node(
            "FeatureVectorizer",
            names.toReversed(),
            { inputdimensions: [1, 2, 1] },
            ml,
          );
        },
      },
    );
    const random = randomOf("inputs rows");
    const feeds = Object.fromEntries(
      ["a", "b", "c"].map((name) => {
        const width = name === "b" ? 2 : 1;
        return [name, floatRows(randomRows(random, COUNT, width), width)];
      }),
    );
    const tree = readTreeModel(model, { output: "score", index: 0 });
    expect(tree.before).toBeNull();
    expect([...tree.sources]).toEqual([3, 1, 2, 0]);
    const columns = await columnsOf(model, tree, feeds);
    const explainer = prepareTreeShap(tree, {
      mode: "interventional",
      scale: "raw",
      background: { rows: columns, count: COUNT, weights: new Float64Array(COUNT).fill(1 / COUNT) },
    });
    const direct = ensembleModel("TreeEnsembleRegressor", COLUMNS, {
      ...listedAttributes(forest("inputs"), "target"),
      n_targets: 1,
    });
    const { score } = await runOnWasm(direct, { x: floatRows(Float32Array.from(columns)) });
    for (let row = 0; row < COUNT; row += 1) {
      const { prediction } = explainer.explain(
        columns.subarray(row * COLUMNS, (row + 1) * COLUMNS),
      );
      expect(Math.abs(prediction - Number(score?.data[row]))).toBeLessThan(1e-6);
    }
  });

  test("an encoded text is one player with all of its columns", async () => {
    const random = randomOf("text");
    const texts = ["red", "green", "blue"];
    const trees = forest("encoded");
    const model = around(
      trees,
      "TreeEnsembleRegressor",
      { n_targets: 1 },
      {
        before: (b) => {
          const colour = b.input("colour", "string", ["n", 1]);
          const size = b.input("size", "float32", ["n", 1]);
          const hot = b.node("OneHotEncoder", [colour], { cats_strings: texts, zeros: 1 }, ml);
          return b.node("Concat", [b.node("Reshape", [hot, b.ints([-1, 3])]), size], { axis: 1 });
        },
      },
    );
    const data = Array.from({ length: COUNT }, () => texts[random.integer(3)] ?? "");
    const feeds = {
      colour: { type: "string" as const, dims: [COUNT, 1], data },
      size: floatRows(randomRows(random, COUNT, 1), 1),
    };
    const [tree] = await expectRuntimesPredictions(model, feeds);
    expect([...(tree?.sources ?? [])]).toEqual([0, 0, 0, 1]);
  });

  test.each([
    [
      "a matrix product",
      (b: GraphBuilder) =>
        b.node("MatMul", [plainInput(b), b.constant(floatTensor([4, 4], new Float32Array(16)))]),
      /MatMul comes before/,
    ],
    [
      "two columns in one",
      (b: GraphBuilder) => {
        const x = plainInput(b);
        return b.node("Add", [
          x,
          b.node("Gather", [x, b.constant(intTensor([3, 2, 1, 0]))], { axis: 1 }),
        ]);
      },
      /several input values/,
    ],
    [
      "a width that is not known",
      (b: GraphBuilder) => b.input("x", "float32", ["n", "k"]),
      /axis 1 of 'x' is not known/,
    ],
    [
      "fewer columns than are asked for",
      (b: GraphBuilder) => b.input("x", "float32", ["n", 1]),
      /asks for column/,
    ],
    [
      "rows that are turned",
      (b: GraphBuilder) => b.node("Transpose", [b.input("x", "float32", [4, 4])], { perm: [1, 0] }),
      /Transpose comes before/,
    ],
  ])("%s is refused", (_, before, message) => {
    const model = around(forest("refused"), "TreeEnsembleRegressor", { n_targets: 1 }, { before });
    expect(() => readTreeModel(model, { output: "score", index: 0 })).toThrow(message);
    expect(() => readTreeModel(model, { output: "score", index: 0 })).toThrow(ExplainFault);
  });
});

describe("after the trees", () => {
  const x = floatRows(randomRows(randomOf("after rows"), COUNT, COLUMNS));
  type After = (b: GraphBuilder, scores: string) => string;
  const cases: [string, number, After][] = [
    [
      "an affine function",
      3,
      (b, s) =>
        b.node("Sub", [
          b.scalar(1),
          b.node("Div", [
            b.node("Add", [
              b.node("Mul", [s, b.constant(floatTensor([3], [1, 2, 3]))]),
              b.constant(floatTensor([3], [0.5, -1, 2])),
            ]),
            b.scalar(4),
          ]),
        ]),
    ],
    [
      "a sigmoid of a shifted score",
      1,
      (b, s) => b.node("Cast", [b.node("Sigmoid", [b.node("Add", [s, b.scalar(0.5)])])], { to: 1 }),
    ],
    [
      "a softmax of some classes",
      3,
      (b, s) =>
        b.node("Softmax", [b.node("Gather", [s, b.constant(intTensor([2, 0]))], { axis: 1 })], {
          axis: -1,
        }),
    ],
    [
      "one class of a softmax, with a factor of one",
      3,
      (b, s) =>
        b.node("Mul", [
          b.node("Slice", [
            b.node("Softmax", [s]),
            ...[[1], [2], [1]].map((at) => b.constant(intTensor(at))),
          ]),
          b.scalar(1),
        ]),
    ],
    ["a squeezed score", 1, (b, s) => b.node("Squeeze", [s, b.ints([1])])],
  ];
  test.each(cases)("%s", async (name, targets, after) => {
    const model = around(
      forest(name, { targets }),
      "TreeEnsembleRegressor",
      { n_targets: targets },
      { before: plainInput, after },
    );
    await expectRuntimesPredictions(model, { x });
  });

  test("an affine function of the score that completes another to 1", async () => {
    const model = around(
      forest("completed").map(positive),
      "TreeEnsembleClassifier",
      { classlabels_int64s: [0, 1] },
      {
        before: plainInput,
        after: (b, s) => b.node("Add", [b.node("Mul", [b.scalar(3), s]), b.scalar(0.5)]),
      },
    );
    await expectRuntimesPredictions(model, { x });
  });

  test("a Normalizer over leaves that hold shares", async () => {
    const shared = (tree: PlainTree): PlainTree => {
      const sum = tree.weights.reduce((total, weight) => total + Math.abs(weight), 0);
      return {
        ...tree,
        weights: tree.weights.map((weight) => Math.fround(Math.abs(weight) / sum)),
        ...(tree.branch && {
          branch: { ...tree.branch, yes: shared(tree.branch.yes), no: shared(tree.branch.no) },
        }),
      };
    };
    const trees = forest("shares", { targets: 3 });
    const normalised = (given: readonly PlainTree[]) =>
      around(
        given,
        "TreeEnsembleClassifier",
        { classlabels_int64s: [0, 1, 2] },
        {
          before: plainInput,
          after: (b, scores) => b.node("Normalizer", [scores], { norm: "L1" }, ml),
        },
      );
    await expectRuntimesPredictions(normalised(trees.map(shared)), { x });
    expect(() => readTreeModel(normalised(trees), { output: "score", index: 0 })).toThrow(
      /constant sum/,
    );
  });

  test.each([
    ["an index that is not there", 3, (_: GraphBuilder, s: string) => s, 3, "target_unknown"],
    [
      "a score that is taken to a power",
      1,
      (b: GraphBuilder, s: string) => b.node("Exp", [s]),
      0,
      "method_unsupported",
    ],
    [
      "a sigmoid that is stretched",
      1,
      (b: GraphBuilder, s: string) => b.node("Mul", [b.node("Sigmoid", [s]), b.scalar(2)]),
      0,
      "method_unsupported",
    ],
    ["no trees", 1, (b: GraphBuilder) => b.node("Relu", ["x"]), 0, "method_unsupported"],
  ] as const)("%s is refused", (_, targets, after, index, code) => {
    const model = around(
      forest("after"),
      "TreeEnsembleRegressor",
      { n_targets: targets },
      { before: plainInput, after },
    );
    expect(codeOf(() => readTreeModel(model, { output: "score", index }))).toBe(code);
  });
});
