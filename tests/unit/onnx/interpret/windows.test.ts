import { describe, expect, test } from "vitest";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { tensorFact } from "../../../../domain/onnx/infer/fact.ts";
import {
  isNumbers,
  numbers,
  toTensor,
  type Numbers,
} from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import { apart, normals, randomOf, SEED } from "../support/random-numbers.ts";
import { between, describeWindows, randomWindows } from "../support/random-windows.ts";
import { runOnWasm } from "../support/wasm-runtime.ts";

const random = randomOf("windows");

const float32 = (value: Numbers): Numbers => ({
  ...value,
  type: "float32",
  data: value.data.map(Math.fround),
});

/** Holds the outputs of one node against ONNX Runtime's. */
async function checkAgainstWasm(
  operator: string,
  inputs: readonly Numbers[],
  attributes: AttributeLiterals,
  outputs: readonly ("float32" | "int64")[] = ["float32"],
): Promise<void> {
  const b = GraphBuilder.empty(22);
  const feeds = Object.fromEntries(inputs.map((value, index) => [`x${index}`, value]));
  for (const [name, { type, dims }] of Object.entries(feeds)) b.input(name, type, dims);
  const made = b.nodes(operator, Object.keys(feeds), outputs.length, attributes);
  for (const [index, name] of made.entries())
    b.output(name, name, tensorFact(outputs[index] ?? "float32", null));
  const expected = await runOnWasm(
    b.model(),
    Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toTensor(value)])),
  );
  const found = interpret(b.model(), feeds);
  for (const name of made) {
    const [value, tensor] = [found[name], expected[name]];
    if (!value || !isNumbers(value) || !tensor) throw new Error(`${name} is missing`);
    expect(value.dims, `SEED=${SEED}`).toEqual(tensor.dims);
    for (const [index, element] of value.data.entries())
      expect(element, `SEED=${SEED}`).toBeCloseTo(Number(tensor.data[index]), 4);
  }
}

describe("the interpreter and ONNX Runtime compute the same", () => {
  test.each(
    Array.from({ length: 12 }, (_, index) => {
      const windows = randomWindows(random, index % 2 === 0 ? 1 : 2);
      const more = { ceil_mode: between(random, 0, 1), storage_order: between(random, 0, 1) };
      return [`${describeWindows(windows)} ${JSON.stringify(more)}`, windows, more] as const;
    }),
  )("MaxPool with indices: %s", async (_, { sizes, ...attributes }, more) => {
    const x = float32(apart(random, [2, 3, ...sizes]));
    await checkAgainstWasm("MaxPool", [x], { ...attributes, ...more }, ["float32", "int64"]);
  });

  test("MaxPool where every element is the greatest", async () => {
    const x = numbers("float32", [1, 1, 3, 3], Array<number>(9).fill(1));
    const attributes = { kernel_shape: [2, 2], pads: [1, 0, 0, 0] };
    await checkAgainstWasm("MaxPool", [x], attributes, ["float32", "int64"]);
  });

  test.each([
    [
      "one axis",
      [2, 4, 5],
      [4, 3, 3],
      { strides: [3], dilations: [2], group: 2, output_padding: [1] },
    ],
    ["two axes", [1, 2, 3, 4], [2, 2, 2, 3], { strides: [2, 1], pads: [1, 0, 0, 1] }],
    ["SAME_UPPER", [1, 2, 3], [2, 2, 3], { strides: [2], auto_pad: "SAME_UPPER" }],
    ["SAME_LOWER", [1, 2, 3], [2, 2, 3], { strides: [2], auto_pad: "SAME_LOWER" }],
    ["an output shape", [1, 2, 3], [2, 2, 4], { strides: [2], output_shape: [7] }],
  ] as const)("ConvTranspose: %s", async (_, x, w, attributes) => {
    const inputs = [float32(normals(random, x)), float32(normals(random, w))];
    await checkAgainstWasm("ConvTranspose", inputs, attributes);
  });
});

/** What one node makes of float64 tensors. */
function compute(
  operator: string,
  inputs: readonly Numbers[],
  attributes: AttributeLiterals = {},
): number[] {
  const b = GraphBuilder.empty();
  const feeds = Object.fromEntries(inputs.map((value, index) => [`x${index}`, value]));
  for (const [name, { type, dims }] of Object.entries(feeds)) b.input(name, type, dims);
  const y = b.output(b.node(operator, Object.keys(feeds), attributes));
  const value = interpret(b.model(), feeds)[y];
  if (!value || !isNumbers(value)) throw new Error("no numbers");
  return [...value.data];
}

const of = (dims: number[], data: number[]): Numbers => numbers("float64", dims, data);

describe("values worked out by hand", () => {
  test("a determinant changes its sign with the order of the rows", () => {
    expect(compute("Det", [of([2, 2, 2], [0, 2, 3, 1, 3, 1, 0, 2])])).toEqual([-6, 6]);
    expect(compute("Det", [of([2, 2], [1, 2, 2, 4])])).toEqual([0]);
  });

  test("an average leaves padding out or counts it", () => {
    const x = of([1, 1, 2], [2, 4]);
    const attributes = { kernel_shape: [2], pads: [1, 1] };
    expect(compute("AveragePool", [x], attributes)).toEqual([2, 3, 4]);
    expect(compute("AveragePool", [x], { ...attributes, count_include_pad: 1 })).toEqual([1, 3, 2]);
  });

  test("what lies beyond the padding is never counted", () => {
    const attributes = { kernel_shape: [2], strides: [2], ceil_mode: 1, count_include_pad: 1 };
    expect(compute("AveragePool", [of([1, 1, 3], [2, 4, 6])], attributes)).toEqual([3, 6]);
  });

  test("a deformed convolution reads between the elements, and zero outside", () => {
    const x = of([1, 1, 1, 3], [2, 4, 8]);
    const w = of([1, 1, 1, 1], [1]);
    // Offsets down are zero; to the right they are a half, a whole and a half.
    const offset = of([1, 2, 1, 3], [0, 0, 0, 0.5, 1, 0.5]);
    expect(compute("DeformConv", [x, w, offset])).toEqual([3, 8, 4]);
  });
});
