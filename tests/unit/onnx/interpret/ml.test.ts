import { describe, expect, test } from "vitest";
import {
  attributesOf,
  type AttributeLiterals,
} from "../../../../domain/onnx/attribute-literals.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import {
  isTexts,
  numbers,
  toTensor,
  type Numbers,
  type Texts,
  type Value,
} from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { filledTensor, floatTensor } from "../../../../domain/onnx/tensors.ts";
import { randomOf } from "../support/random-numbers.ts";
import { runOnWasm } from "../support/wasm-runtime.ts";

const random = randomOf("ml");
const texts = (...data: string[]): Texts => ({ type: "string", dims: [data.length], data });
const floats = (dims: number[], ...values: number[]): Numbers => numbers("float32", dims, values);
const integers = (...values: number[]): Numbers => numbers("int64", [values.length], values);

type Options = { outputs?: number; version?: number; other?: Numbers };

function modelOf(
  operator: string,
  x: Numbers | Texts,
  attributes: AttributeLiterals,
  { outputs = 1, version = 3, other }: Options = {},
): Model {
  const b = GraphBuilder.empty(17);
  b.opsets.push({ domain: "ai.onnx.ml", version });
  b.input("x", x.type, x.dims);
  const names = Array.from({ length: outputs }, (_, at) => `y${at}`);
  b.add({
    opType: operator,
    domain: "ai.onnx.ml",
    inputs: ["x", ...(other ? [b.constant(toTensor(other))] : [])],
    outputs: names,
    attributes: attributesOf(attributes),
  });
  for (const name of names) b.output(name);
  return b.model();
}

/** What the operator computes; inference has to have foreseen type and shape. */
function run(
  operator: string,
  x: Numbers | Texts,
  attributes: AttributeLiterals,
  options: Options = {},
): (Numbers | Texts)[] {
  const model = modelOf(operator, x, attributes, options);
  const found: Record<string, Value> = interpret(model, { x });
  return model.graph.outputs.map(({ name, type }) => {
    const value = found[name] as Numbers | Texts;
    expect(type).toEqual({ kind: "tensor", elementType: value.type, shape: value.dims });
    return value;
  });
}

const dataOf = (values: (Numbers | Texts)[]): (number | string)[][] =>
  values.map((value) => (isTexts(value) ? [...value.data] : [...value.data]));

/** A tree of one question: x[feature] <= split. Leaves give the classes `ids` their weights. */
function stumps(ids: readonly number[], count = 3): AttributeLiterals {
  const trees = Array.from({ length: count }, (_, tree) => tree);
  const each = <T>(make: (tree: number) => readonly T[]): T[] => trees.flatMap(make);
  return {
    nodes_treeids: each((tree) => [tree, tree, tree]),
    nodes_nodeids: each(() => [0, 1, 2]),
    nodes_featureids: each(() => [random.integer(2), 0, 0]),
    nodes_values: each(() => [Math.fround(random.normal() / 2), 0, 0]),
    nodes_modes: each(() => [random.uniform() < 0.5 ? "BRANCH_LEQ" : "BRANCH_GT", "LEAF", "LEAF"]),
    nodes_truenodeids: each(() => [1, 0, 0]),
    nodes_falsenodeids: each(() => [2, 0, 0]),
    nodes_missing_value_tracks_true: each(() => [random.integer(2), 0, 0]),
    class_treeids: each((tree) => ids.flatMap(() => [tree, tree])),
    class_nodeids: each(() => ids.flatMap(() => [1, 2])),
    class_ids: each(() => ids.flatMap((id) => [id, id])),
    class_weights: each(() => ids.flatMap(() => [random.uniform() / 3, random.uniform() / 3])),
  };
}

const rows = (): Numbers => {
  const x = floats([6, 2], ...Array.from({ length: 12 }, () => Math.fround(random.normal())));
  x.data[3] = Number.NaN;
  return x;
};

describe("trees", () => {
  test.each([
    ["a binary forest that names one class", [0], [0, 1]],
    ["a forest of three classes", [0, 1, 2], [3, 5, 7]],
  ])("%s gives what ONNX Runtime gives", async (_, ids, labels) => {
    for (const post_transform of ["NONE", "LOGISTIC"]) {
      const x = rows();
      const attributes = { ...stumps(ids), classlabels_int64s: labels, post_transform };
      const [label, scores] = run("TreeEnsembleClassifier", x, attributes, { outputs: 2 });
      const model = modelOf("TreeEnsembleClassifier", x, attributes, { outputs: 2 });
      const found = await runOnWasm(model, { x: toTensor(x) });
      expect(Array.from<unknown, number>(found["y0"]?.data ?? [], Number)).toEqual([
        ...(label?.data ?? []),
      ]);
      for (const [at, score] of (scores as Numbers).data.entries())
        expect(Number(found["y1"]?.data[at])).toBeCloseTo(score, 5);
    }
  });

  /** x <= 0 ? 1 : 10, and x <= 5 ? 2 : 20, as targets 0 and 0, and a base of 100. */
  const regressor: AttributeLiterals = {
    nodes_treeids: [0, 0, 0, 1, 1, 1],
    nodes_nodeids: [0, 1, 2, 0, 1, 2],
    nodes_featureids: [0, 0, 0, 0, 0, 0],
    nodes_values: [0, 0, 0, 5, 0, 0],
    nodes_modes: ["BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"],
    nodes_truenodeids: [1, 0, 0, 1, 0, 0],
    nodes_falsenodeids: [2, 0, 0, 2, 0, 0],
    target_treeids: [0, 0, 1, 1],
    target_nodeids: [1, 2, 1, 2],
    target_ids: [0, 0, 0, 0],
    target_weights: [1, 10, 2, 20],
    base_values: [100],
    n_targets: 1,
  };
  const x = floats([3, 1], -1, 0.5, 6);

  test.each([
    ["SUM", [103, 112, 130]],
    ["AVERAGE", [101.5, 106, 115]],
    ["MIN", [101, 102, 110]],
    ["MAX", [102, 110, 120]],
  ])("a regressor aggregates by %s and adds its base", (aggregate_function, expected) => {
    const [y] = run("TreeEnsembleRegressor", x, { ...regressor, aggregate_function });
    expect([...(y?.data ?? [])]).toEqual(expected);
  });

  test("nodes in a circle are a fault, not a loop", () => {
    const circle = { ...regressor, nodes_truenodeids: [0, 0, 0, 1, 0, 0] };
    expect(() => run("TreeEnsembleRegressor", x, circle)).toThrow("lead in a circle");
  });

  test("TreeEnsemble asks for membership of sets, and takes missing values where it is told to", () => {
    const tensor = (values: number[]) => floatTensor([values.length], values);
    const attributes = {
      n_targets: 1,
      tree_roots: [0],
      nodes_featureids: [0, 0],
      nodes_splits: tensor([0, 4]),
      nodes_modes: { ...filledTensor("uint8", [2], 0), data: Uint8Array.of(6, 0) },
      nodes_truenodeids: [0, 1],
      nodes_trueleafs: [1, 1],
      nodes_falsenodeids: [1, 2],
      nodes_falseleafs: [0, 1],
      nodes_missing_value_tracks_true: [0, 1],
      membership_values: tensor([7, 9, Number.NaN]),
      leaf_targetids: [0, 0, 0],
      leaf_weights: tensor([70, 4, 5]),
    };
    const [y] = run("TreeEnsemble", floats([5, 1], 7, 9, 3, 8, Number.NaN), attributes, {
      version: 5,
    });
    expect([...(y?.data ?? [])]).toEqual([70, 70, 4, 5, 4]);
  });
});

describe("linear models", () => {
  test("a classifier of one score completes it to two", () => {
    const attributes = {
      coefficients: [1, -1],
      intercepts: [0.5],
      classlabels_strings: ["no", "yes"],
    };
    const found = run("LinearClassifier", floats([2, 2], 1, 1, 0, 1), attributes, { outputs: 2 });
    expect(dataOf(found)).toEqual([
      ["yes", "no"],
      [0.5, 0.5, 1.5, -0.5],
    ]);
  });

  test("of several scores the greatest wins, before the transform", () => {
    const attributes = {
      coefficients: [1, 0, 0, 1, 1, 1],
      classlabels_ints: [10, 20, 30],
      post_transform: "SOFTMAX",
    };
    const [label, scores] = run("LinearClassifier", floats([1, 2], 2, -1), attributes, {
      outputs: 2,
    });
    expect([...(label?.data ?? [])]).toEqual([10]);
    const total = Math.exp(2) + Math.exp(-1) + Math.exp(1);
    for (const [at, score] of [2, -1, 1].entries())
      expect(scores?.data[at]).toBeCloseTo(Math.exp(score) / total, 9);
  });

  test("a regressor has a row of coefficients for each target", () => {
    const attributes = { coefficients: [1, 2, 3, 4], intercepts: [10, 20], targets: 2 };
    expect(dataOf(run("LinearRegressor", floats([1, 2], 1, 1), attributes))).toEqual([[13, 27]]);
  });

  test("SOFTMAX_ZERO leaves zeros out, PROBIT is the normal quantile", () => {
    const regress = (post_transform: string, ...scores: number[]) => {
      const attributes = { coefficients: scores, targets: scores.length, post_transform };
      return dataOf(run("LinearRegressor", floats([1, 1], 1), attributes))[0];
    };
    expect(regress("SOFTMAX_ZERO", 0, 2, 2)).toEqual([0, 0.5, 0.5]);
    expect(regress("PROBIT", 0.5, 0.975)).toEqual([0, expect.closeTo(1.959964, 5)]);
    expect(() => regress("CUBE", 1)).toThrow("'post_transform' is to be one of NONE");
  });
});

describe("features", () => {
  const x = floats([2, 2], 1, -2, 0, 0);

  test.each<[string, AttributeLiterals, number[]]>([
    ["Scaler", { offset: [1, 2], scale: [2, 10] }, [0, -40, -2, -20]],
    ["Scaler", { offset: [1], scale: [2] }, [0, -6, -2, -2]],
    ["Normalizer", { norm: "MAX" }, [1, -2, 0, 0]],
    ["Normalizer", { norm: "L1" }, [1 / 3, -2 / 3, 0, 0]],
    ["Normalizer", { norm: "L2" }, [1 / Math.sqrt(5), -2 / Math.sqrt(5), 0, 0]],
    ["Binarizer", { threshold: 0.5 }, [1, 0, 0, 0]],
    ["Imputer", { imputed_value_floats: [7, 8], replaced_value_float: 0 }, [1, -2, 7, 8]],
    ["FeatureVectorizer", { inputdimensions: [2] }, [1, -2, 0, 0]],
  ])("%s %j", (operator, attributes, expected) => {
    const [found = []] = dataOf(run(operator, x, attributes));
    expect(found).toEqual(expected.map((value) => expect.closeTo(value, 9)));
  });

  test("Imputer finds NaN where NaN is what is missing", () => {
    const attributes = { imputed_value_floats: [5], replaced_value_float: Number.NaN };
    expect(dataOf(run("Imputer", floats([1, 2], Number.NaN, 1), attributes))).toEqual([[5, 1]]);
  });

  test("OneHotEncoder adds an axis of the categories", () => {
    const attributes = { cats_strings: ["a", "b"] };
    expect(dataOf(run("OneHotEncoder", texts("b", "c"), attributes))).toEqual([[0, 1, 0, 0]]);
    expect(() => run("OneHotEncoder", texts("c"), { ...attributes, zeros: 0 })).toThrow(
      "an element is of no category",
    );
  });

  test("ArrayFeatureExtractor takes columns; of a vector it makes a row", () => {
    expect(dataOf(run("ArrayFeatureExtractor", x, {}, { other: integers(1, 1, 0) }))).toEqual([
      [-2, -2, 1, 0, 0, 0],
    ]);
    const [row] = run("ArrayFeatureExtractor", floats([3], 4, 5, 6), {}, { other: integers(2) });
    expect(row).toMatchObject({ dims: [1, 1], data: Float64Array.of(6) });
  });
});

describe("LabelEncoder and CategoryMapper", () => {
  test.each<[number, Numbers | Texts, AttributeLiterals, (number | string)[]]>([
    [1, texts("b", "z"), { classes_strings: ["a", "b"] }, [1, -1]],
    [1, integers(0, 5), { classes_strings: ["a", "b"] }, ["a", "_Unused"]],
    [
      2,
      texts("b", "z"),
      { keys_strings: ["a", "b"], values_floats: [1, 2], default_float: 9 },
      [2, 9],
    ],
    [2, floats([2], 1, NaN), { keys_floats: [NaN, 1], values_int64s: [7, 8] }, [8, 7]],
    [4, integers(3, 4), { keys_int64s: [3, 3], values_strings: ["x", "y"] }, ["y", "_Unused"]],
    [4, integers(3), { keys_int64s: [3], values_tensor: floatTensor([1], [2]) }, [2]],
  ])("version %i", (version, x, attributes, expected) => {
    expect(dataOf(run("LabelEncoder", x, attributes, { version }))).toEqual([expected]);
  });

  test("CategoryMapper maps either way", () => {
    const attributes = { cats_int64s: [10, 20], cats_strings: ["a", "b"] };
    expect(dataOf(run("CategoryMapper", texts("b", "z"), attributes))).toEqual([[20, -1]]);
    expect(dataOf(run("CategoryMapper", integers(10, 7), attributes))).toEqual([["a", "_Unused"]]);
  });
});

test("ZipMap makes a sequence, of which nothing more is known", () => {
  const b = GraphBuilder.empty(17);
  b.opsets.push({ domain: "ai.onnx.ml", version: 1 });
  b.input("x", "float32", ["n", 2]);
  const y = b.node("ZipMap", ["x"], { classlabels_int64s: [0, 1] }, { domain: "ai.onnx.ml" });
  expect(b.factOf(y)).toEqual({ kind: "sequence", of: { kind: "unknown" } });
});
