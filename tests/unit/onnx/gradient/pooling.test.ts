import { describe, expect, test } from "vitest";
import { differentiate, gradientName } from "../../../../domain/onnx/gradient/differentiate.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { isNumbers, numbers } from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import { checkGradient, type GradientCase } from "../support/gradient-check.ts";
import { apart, normals, randomOf } from "../support/random-numbers.ts";
import { between, describeWindows, randomWindows } from "../support/random-windows.ts";
import { checkOnWasm } from "../support/wasm-check.ts";

const random = randomOf("pooling");

/** Numbers far from each other and from zero, where no pooling has a kink. */
const poolingCase = (
  operator: string,
  dims: number[],
  attributes: Record<string, number | number[] | string>,
  name = `${operator} of ${dims.join("x")}: ${JSON.stringify(attributes)}`,
): GradientCase => ({
  name,
  inputs: { x: apart(random, dims) },
  build: (b) => b.node(operator, ["x"], attributes),
});

const RANDOM: GradientCase[] = Array.from({ length: 24 }, (_, index) => {
  const { sizes, ...attributes } = randomWindows(random, index % 2 === 0 ? 1 : 2);
  const operator = ["MaxPool", "AveragePool", "LpPool"][index % 3] ?? "";
  const more = {
    ceil_mode: between(random, 0, 1),
    ...(operator === "AveragePool" ? { count_include_pad: between(random, 0, 1) } : {}),
    ...(operator === "LpPool" ? { p: between(random, 1, 3) } : {}),
  };
  const name = `${operator}: ${describeWindows({ sizes, ...attributes })} ${JSON.stringify(more)}`;
  return poolingCase(operator, [2, 2, ...sizes], { ...attributes, ...more }, name);
});

const CASES: GradientCase[] = [
  poolingCase("MaxPool", [2, 3, 6], { kernel_shape: [2], strides: [2] }),
  poolingCase("MaxPool", [2, 3, 7], { kernel_shape: [2], strides: [2] }),
  poolingCase("MaxPool", [2, 3, 7], { kernel_shape: [2], strides: [2], ceil_mode: 1 }),
  poolingCase("MaxPool", [1, 2, 4, 6], { kernel_shape: [2, 3], strides: [2, 3] }),
  poolingCase("MaxPool", [1, 1, 4, 2, 2], { kernel_shape: [2, 2, 1], strides: [2, 2, 1] }),
  poolingCase("MaxPool", [1, 2, 5, 5], {
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  }),
  poolingCase("MaxPool", [1, 1, 3, 3, 3], { kernel_shape: [2, 2, 2] }),
  poolingCase("MaxPool", [1, 2, 5], { kernel_shape: [3], auto_pad: "SAME_UPPER", strides: [2] }),
  poolingCase("MaxPool", [1, 2, 3], {
    kernel_shape: [2],
    strides: [2],
    pads: [1, 1],
    ceil_mode: 1,
  }),
  poolingCase("AveragePool", [1, 2, 3], { kernel_shape: [1], strides: [3], ceil_mode: 1 }),
  poolingCase("LpPool", [1, 2, 3], { kernel_shape: [1], strides: [3], ceil_mode: 1 }),
  poolingCase("AveragePool", [2, 3, 6], { kernel_shape: [2], strides: [2] }),
  poolingCase("AveragePool", [2, 1, 4, 6], { kernel_shape: [2, 3], strides: [2, 3] }),
  poolingCase("AveragePool", [1, 2, 5, 5], { kernel_shape: [5, 5] }),
  poolingCase("AveragePool", [1, 2, 6], { kernel_shape: [3], auto_pad: "SAME_LOWER" }),
  poolingCase("LpPool", [1, 2, 6], { kernel_shape: [3], p: 1 }),
  poolingCase("LpPool", [1, 2, 4, 4], { kernel_shape: [2, 2], strides: [2, 2] }),
  poolingCase("GlobalAveragePool", [2, 3, 4], {}),
  poolingCase("GlobalAveragePool", [2, 2, 3, 2], {}),
  poolingCase("GlobalMaxPool", [2, 2, 3, 2], {}),
  poolingCase("GlobalLpPool", [2, 2, 3, 2], {}),
  poolingCase("GlobalLpPool", [2, 2, 5], { p: 3 }),
];

/** A MaxPool and its undoing, whose indices no gradient goes through. */
const unpoolCase = (name: string, output: number[]): GradientCase => ({
  name,
  inputs: { x: normals(random, [1, 2, 2, 2]), z: apart(random, [1, 2, 4, 4]) },
  with_respect_to: ["x"],
  build: (b) => {
    const attributes = { kernel_shape: [2, 2], strides: [2, 2] };
    const [, indices = ""] = b.nodes("MaxPool", ["z"], 2, attributes);
    return b.node(
      "MaxUnpool",
      ["x", indices, ...(output.length > 0 ? [b.ints(output)] : [])],
      attributes,
    );
  },
});

describe("gradients of poolings", () => {
  test.each(CASES)("$name", checkGradient);
  test.each(RANDOM)("$name", checkGradient);
  test.each([
    unpoolCase("MaxUnpool", []),
    unpoolCase("MaxUnpool into a larger shape", [1, 2, 5, 6]),
  ])("$name", checkGradient);

  test.each(["MaxPool", "AveragePool", "LpPool"])("%s of a batch of unknown size", (operator) => {
    for (const attributes of [
      { kernel_shape: [2], strides: [2] },
      { kernel_shape: [3], pads: [1, 1] },
    ])
      checkGradient({ ...poolingCase(operator, [3, 2, 6], attributes), symbolic: true });
  });
});

/** The gradient of the sum of the elements of what an operator makes of `data`. */
function gradientOf(
  operator: string,
  data: number[],
  attributes: Record<string, number[]>,
): number[] {
  const b = GraphBuilder.empty();
  b.input("x", "float32", [1, 1, data.length]);
  const of = b.output(b.node(operator, ["x"], attributes));
  const model = differentiate(b.model(), { of, with_respect_to: ["x"] });
  const x = numbers("float32", [1, 1, data.length], data);
  const gradient = interpret(model, { x })[gradientName("x")];
  if (!gradient || !isNumbers(gradient)) throw new Error("no numbers");
  return [...gradient.data];
}

describe("at a kink", () => {
  test("the first of equal maxima takes the gradient of a window", () => {
    const tiled = { kernel_shape: [2], strides: [2] };
    expect(gradientOf("MaxPool", [3, 3, 1, 2], tiled)).toEqual([1, 0, 0, 1]);
    expect(gradientOf("MaxPool", [3, 3, 3], { kernel_shape: [2] })).toEqual([1, 1, 0]);
    expect(gradientOf("GlobalMaxPool", [1, 4, 4], {})).toEqual([0, 1, 0]);
  });

  test("a norm that is zero has the gradient zero", () => {
    expect(gradientOf("LpPool", [0, 0, 0, 5], { kernel_shape: [2], strides: [2] })).toEqual([
      0, 0, 0, 1,
    ]);
  });
});

describe("the emitted graphs on ONNX Runtime", () => {
  test.each([...CASES, ...RANDOM, unpoolCase("MaxUnpool", [])])("$name", (gradientCase) =>
    checkOnWasm({ ...gradientCase, profiles: ["wasm"] }),
  );
});
