import { describe, expect, test } from "vitest";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { intTensor } from "../../../../domain/onnx/tensors.ts";
import { numbers, type Numbers } from "../../../../domain/onnx/interpret/array.ts";
import { gradientAt } from "../support/gradient-at.ts";
import { checkGradient } from "../support/gradient-check.ts";
import { apart, normals, randomOf } from "../support/random-numbers.ts";
import { checkOnWasm } from "../support/wasm-check.ts";

const random = randomOf("reduction");

const positive = (dims: number[]): Numbers => {
  const x = normals(random, dims);
  return { ...x, data: x.data.map((element) => 0.3 + Math.abs(element)) };
};
const nonZero = (dims: number[]): Numbers => apart(random, dims, 0.1);

const REDUCTIONS: [string, (dims: number[]) => Numbers][] = [
  ["ReduceSum", (dims) => normals(random, dims)],
  ["ReduceMean", (dims) => normals(random, dims)],
  ["ReduceMax", nonZero],
  ["ReduceMin", nonZero],
  ["ReduceProd", nonZero],
  ["ReduceL1", nonZero],
  ["ReduceL2", nonZero],
  ["ReduceLogSum", positive],
  ["ReduceLogSumExp", (dims) => normals(random, dims)],
  ["ReduceSumSquare", (dims) => normals(random, dims)],
];

/** Some of the axes of a rank, counted from either end. */
const someAxes = (rank: number): number[] =>
  Array.from({ length: rank }, (_, axis) => axis)
    .filter(() => random.uniform() < 0.5)
    .map((axis) => (random.uniform() < 0.5 ? axis : axis - rank));

const someDims = (): number[] =>
  Array.from({ length: 1 + random.integer(3) }, () => 1 + random.integer(3));

describe("gradients of reductions", () => {
  describe.each(REDUCTIONS)("%s", (operator, inputOf) => {
    test.each([1, 2, 3, 4, 5])("over random axes, round %s", (round) => {
      const dims = someDims();
      const axes = someAxes(dims.length);
      const attributes = { keepdims: random.integer(2), noop_with_empty_axes: random.integer(2) };
      checkGradient({
        name: `${operator} ${round} [${dims.join()}] over [${axes.join()}] ${JSON.stringify(attributes)}`,
        inputs: { x: inputOf(dims) },
        build: (b) => b.node(operator, ["x", b.constant(intTensor(axes))], attributes),
      });
    });

    test.each([0, 1])("over everything, keepdims %s", (keepdims) => {
      checkGradient({
        name: `${operator} over everything`,
        inputs: { x: inputOf([2, 3]) },
        build: (b) => b.node(operator, ["x"], { keepdims }),
      });
    });

    test("of a scalar", () => {
      checkGradient({
        name: `${operator} of a scalar`,
        inputs: { x: inputOf([]) },
        build: (b) => b.node(operator, ["x"]),
      });
    });

    test.each([0, 1])("over axes that an input gives, keepdims %s", (keepdims) => {
      checkGradient({
        name: `${operator} over given axes`,
        inputs: { x: inputOf([2, 3, 2]), axes: numbers("int64", [2], [0, 2]) },
        build: (b) => {
          const y = b.node(operator, ["x", "axes"], { keepdims });
          return b.node("Reshape", [y, b.ints([3])]);
        },
      });
    });

    test.each([[[0]], [[1]], [[0, 1]]])("with a free batch size, over %j", (axes) => {
      checkGradient({
        name: `${operator} with a symbol over ${axes.join()}`,
        inputs: { x: inputOf([3, 2]) },
        symbolic: true,
        build: (b) => b.node(operator, ["x", b.ints(axes)], { keepdims: 0 }),
      });
    });

    test("runs on ONNX Runtime", async () => {
      await checkOnWasm({
        name: operator,
        inputs: { x: inputOf([3, 4, 2]) },
        symbolic: true,
        build: (b) => b.node(operator, ["x", b.ints([0, -1])], { keepdims: 0 }),
        profiles: ["wasm", "webgpu"],
      });
    });
  });
});

describe("where a reduction is not smooth", () => {
  const of = (operator: string, values: number[]): number[] | undefined =>
    gradientAt({ x: numbers("float64", [values.length], values) }, (b) => b.node(operator, ["x"]))[
      "x"
    ];

  test("equal extremes share", () => {
    expect(of("ReduceMax", [1, 3, 3, 2])).toEqual([0, 0.5, 0.5, 0]);
    expect(of("ReduceMin", [1, 3, 1, 1])).toEqual([1 / 3, 0, 1 / 3, 1 / 3]);
  });

  test("the norms of zeros are flat", () => {
    expect(of("ReduceL2", [0, 0])).toEqual([0, 0]);
    expect(of("ReduceL1", [0, -2])).toEqual([0, -1]);
  });

  test.each([
    [
      [2, 3, 4],
      [12, 8, 6],
    ],
    [
      [2, 0, 4],
      [0, 8, 0],
    ],
    [
      [0, 3, 0],
      [0, 0, 0],
    ],
  ])("the product of %j", (values, expected) => {
    expect(of("ReduceProd", values)).toEqual(expected);
  });

  test("large exponents do not overflow", () => {
    expect(of("ReduceLogSumExp", [1000, 1000])).toEqual([0.5, 0.5]);
    expect(of("Softmax", [1000, -1000])).toEqual([0, 0]);
  });
});

describe("gradients along an axis", () => {
  const NORMALISING = ["Softmax", "LogSoftmax"].flatMap((operator) =>
    [-1, 0, 1].map((axis) => [operator, axis] as const),
  );

  test.each(NORMALISING)("%s along the axis %s", async (operator, axis) => {
    const gradientCase = {
      name: `${operator} ${axis}`,
      inputs: { x: normals(random, [2, 3, 4]) },
      build: (b: Parameters<Parameters<typeof gradientAt>[1]>[0]) =>
        b.node(operator, ["x"], { axis }),
      symbolic: true,
    };
    checkGradient(gradientCase);
    if (axis === 1) await checkOnWasm({ ...gradientCase, profiles: ["wasm", "webgpu"] });
  });

  test("Hardmax is flat", () => {
    const x = numbers("float64", [2], [1, 2]);
    expect(gradientAt({ x }, (b) => b.node("Hardmax", ["x"]))["x"]).toEqual([0, 0]);
  });

  const DIRECTIONS = [0, 1].flatMap((reverse) =>
    [0, 1].map((exclusive): AttributeLiterals => ({ reverse, exclusive })),
  );

  test.each(DIRECTIONS)("CumSum %j", async (attributes) => {
    const gradientCase = {
      name: `CumSum ${JSON.stringify(attributes)}`,
      inputs: { x: normals(random, [2, 4]) },
      build: (b: Parameters<Parameters<typeof gradientAt>[1]>[0]) =>
        b.node("CumSum", ["x", b.scalar(1, "int64")], attributes),
    };
    checkGradient(gradientCase);
    await checkOnWasm({ ...gradientCase, profiles: ["wasm"] });
  });

  test.each(DIRECTIONS)("CumProd %j, with no, one and two zeros", (attributes) => {
    const x = nonZero([3, 4]);
    for (const zero of [5, 8, 11]) x.data[zero] = 0;
    checkGradient({
      name: `CumProd ${JSON.stringify(attributes)}`,
      inputs: { x },
      build: (b) => b.node("CumProd", ["x", b.scalar(-1, "int64")], attributes),
    });
  });
});
