import { describe, expect, test } from "vitest";
import { differentiate, gradientName } from "../../../../domain/onnx/gradient/differentiate.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { toTensor, type Numbers } from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import type { Random } from "../../../../domain/statistics/random.ts";
import { checkGradient, type GradientCase } from "../support/gradient-check.ts";
import { apart, normals, randomOf } from "../support/random-numbers.ts";
import { checkOnWasm } from "../support/wasm-check.ts";

const random = randomOf("normalisation");

/** Sizes of 2 to 4, with `rank` axes. */
const shapeOf = (generator: Random, rank: number): number[] =>
  Array.from({ length: rank }, () => 2 + generator.integer(3));

const positive = (dims: readonly number[]): Numbers => {
  const { type, data } = normals(random, dims);
  return { type, dims, data: data.map((value) => 0.5 + value ** 2) };
};

/** The inputs of a normalisation, of which the scale and the bias have a shape of their own. */
const withParameters = (x: readonly number[], parameter: readonly number[]) => ({
  x: normals(random, x),
  scale: normals(random, parameter),
  bias: normals(random, parameter),
});

const asFloat32 = (value: Numbers): Numbers => ({ ...value, type: "float32" });
/** Float32 by name: the interpreter computes it in float64 all the same, the rules take another way. */
const calledFloat32 = (gradientCase: GradientCase): GradientCase => ({
  ...gradientCase,
  inputs: Object.fromEntries(
    Object.entries(gradientCase.inputs).map(([name, value]) => [name, asFloat32(value)]),
  ),
  with_respect_to: Object.keys(gradientCase.inputs),
});

const epsilon = 0.01 + random.uniform() / 10;

function batchNormalization(rank: number, isTraining: boolean): GradientCase {
  const dims = shapeOf(random, rank);
  const channels = rank === 1 ? 1 : (dims[1] ?? 1);
  return {
    name: `BatchNormalization of rank ${rank}${isTraining ? " in training" : ""}`,
    inputs: {
      ...withParameters(dims, [channels]),
      mean: normals(random, [channels]),
      variance: positive([channels]),
    },
    build: (b) => {
      const inputs = ["x", "scale", "bias", "mean", "variance"];
      return isTraining
        ? (b.nodes("BatchNormalization", inputs, 3, { training_mode: 1, epsilon })[0] ?? "")
        : b.node("BatchNormalization", inputs, { epsilon });
    },
  };
}

const alongLastAxes = (operator: string, x: number[], axis: number, scale: number[]) => ({
  name: `${operator} of ${x.join("x")} from axis ${axis}, scale ${scale.join("x")}`,
  inputs: withParameters(x, scale),
  build: (b: GraphBuilder) =>
    operator === "RMSNormalization"
      ? b.node(operator, ["x", "scale"], { axis, epsilon })
      : b.node(operator, ["x", "scale", "bias"], { axis, epsilon }),
  ...(operator === "RMSNormalization" ? { with_respect_to: ["x", "scale"] } : {}),
});

const perChannel = (operator: string, attributes: object, dims: number[]): GradientCase => ({
  name: `${operator} of ${dims.join("x")}`,
  inputs: withParameters(dims, [dims[1] ?? 1]),
  build: (b) => b.node(operator, ["x", "scale", "bias"], { epsilon, ...attributes }),
});

const ofOneInput = (operator: string, attributes: object, x: Numbers): GradientCase => ({
  name: `${operator} ${JSON.stringify(attributes)} of ${x.dims.join("x")}`,
  inputs: { x },
  build: (b) => b.node(operator, ["x"], { ...attributes }),
});

describe("gradients of normalisations", () => {
  test.each([1, 2, 3, 4])("BatchNormalization of rank %i in training", (rank) => {
    checkGradient({
      ...batchNormalization(rank, true),
      with_respect_to: ["x", "scale", "bias"],
    });
  });

  test("BatchNormalization in training, with a free batch", () => {
    const { x, ...parameters } = batchNormalization(3, true).inputs;
    if (x === undefined) throw new Error("no x");
    checkGradient({
      name: "BatchNormalization, free batch",
      inputs: { x },
      symbolic: true,
      build: (b) => {
        const names = Object.entries(parameters).map(([name, value]) =>
          b.constant(toTensor(value), name),
        );
        return b.nodes("BatchNormalization", ["x", ...names], 3, { training_mode: 1 })[0] ?? "";
      },
    });
  });

  test("the running statistics of training carry no gradient", () => {
    const b = GraphBuilder.empty();
    const { inputs } = batchNormalization(2, true);
    for (const [name, { type, dims }] of Object.entries(inputs)) b.input(name, type, dims);
    const [, mean = ""] = b.nodes("BatchNormalization", Object.keys(inputs), 3, {
      training_mode: 1,
    });
    const gradient = differentiate(b.model(), { of: mean, with_respect_to: ["x"] });
    const found = interpret(gradient, inputs)[gradientName("x")] as Numbers;
    expect([...new Set(found.data)]).toEqual([0]);
  });

  test.each([1, 2, 3, 4])("BatchNormalization of rank %i with given statistics", (rank) => {
    checkGradient(batchNormalization(rank, false));
  });

  test.each(["LayerNormalization", "RMSNormalization"])("%s over the last axes", (operator) => {
    const x = shapeOf(random, 3);
    for (const axis of [-1, 1, 0])
      for (const scale of [x.slice(axis), x.slice(-1), [1]]) {
        checkGradient(alongLastAxes(operator, x, axis, scale));
        checkGradient(calledFloat32(alongLastAxes(operator, x, axis, scale)));
      }
  });

  test("LayerNormalization without a bias", () => {
    checkGradient({
      name: "LayerNormalization without a bias",
      inputs: { x: normals(random, [3, 4]), scale: normals(random, [4]) },
      build: (b) => b.node("LayerNormalization", ["x", "scale"]),
    });
  });

  test.each([3, 4])("InstanceNormalization of rank %i", (rank) => {
    const gradientCase = perChannel("InstanceNormalization", {}, shapeOf(random, rank));
    checkGradient(gradientCase);
    checkGradient(calledFloat32(gradientCase));
  });

  test.each([1, 2, 4])("GroupNormalization in %i groups", (groups) => {
    const dims = [2, 4, ...shapeOf(random, 1 + random.integer(2))];
    const gradientCase = perChannel("GroupNormalization", { num_groups: groups }, dims);
    checkGradient(gradientCase);
    checkGradient(calledFloat32(gradientCase));
  });

  test.each([1, 2])("LpNormalization with p = %i", (p) => {
    const x = apart(random, shapeOf(random, 3));
    for (const axis of [-1, 0, 1]) checkGradient(ofOneInput("LpNormalization", { p, axis }, x));
  });

  test("the gradient of LpNormalization at zeros is zero", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float64", [2, 2]);
    const of = b.node("LpNormalization", ["x"]);
    const gradient = differentiate(b.model(), { of, with_respect_to: ["x"] });
    const x = { ...normals(random, [2, 2]), data: Float64Array.of(0, 0, 3, 4) };
    const found = interpret(gradient, { x })[gradientName("x")] as Numbers;
    // d(sum(x / |x|))/dx = (1 - y sum(y)) / |x| with y = (0.6, 0.8).
    expect([...found.data]).toEqual([0, 0, expect.closeTo(0.032), expect.closeTo(-0.024)]);
  });

  test("MeanVarianceNormalization", () => {
    const x = normals(random, shapeOf(random, 4));
    checkGradient(ofOneInput("MeanVarianceNormalization", {}, x));
    checkGradient(ofOneInput("MeanVarianceNormalization", { axes: [1, -1] }, x));
  });

  test.each(["LpNormalization", "MeanVarianceNormalization", "LRN"])(
    "%s of a free batch",
    (operator) => {
      const x = normals(random, [2, 3, 2, 2]);
      const attributes = operator === "LRN" ? { size: 3 } : {};
      checkGradient({ ...ofOneInput(operator, attributes, x), symbolic: true });
    },
  );

  test.each([1, 2, 3, 4])("LRN over %i channels", (size) => {
    const attributes = { size, alpha: 0.9, beta: 0.3 + random.uniform(), bias: 1.5 };
    checkGradient(ofOneInput("LRN", attributes, normals(random, [2, 5, 3])));
    checkGradient(ofOneInput("LRN", attributes, normals(random, [2, 4, 2, 2])));
  });

  test("a node that gives its mean is refused where that leads on", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [2, 3]);
    b.input("scale", "float32", [3]);
    const [, mean = ""] = b.nodes("LayerNormalization", ["x", "scale"], 3);
    expect(() => differentiate(b.model(), { of: mean, with_respect_to: ["x"] })).toThrow(
      /no gradient reaches 'x' through LayerNormalization .*the mean/,
    );
  });
});

describe("gradients of normalisations on ONNX Runtime", () => {
  const cases = [
    { ...batchNormalization(4, true), with_respect_to: ["x", "scale", "bias"] },
    batchNormalization(3, false),
    alongLastAxes("LayerNormalization", [3, 4, 5], -1, [5]),
    perChannel("InstanceNormalization", {}, [2, 3, 4, 5]),
    perChannel("GroupNormalization", { num_groups: 2 }, [2, 4, 3, 2]),
    ofOneInput("LpNormalization", { p: 2, axis: 1 }, apart(random, [2, 3, 4])),
    ofOneInput("LpNormalization", { p: 1, axis: 1 }, apart(random, [2, 3, 4])),
    ofOneInput("MeanVarianceNormalization", {}, normals(random, [2, 3, 4, 5])),
    ofOneInput("LRN", { size: 3, alpha: 0.5 }, normals(random, [2, 4, 3, 2])),
  ];
  for (const gradientCase of cases) test(gradientCase.name, async () => checkOnWasm(gradientCase));
});
