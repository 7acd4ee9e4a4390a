import { describe, expect, test } from "vitest";
import {
  numbers,
  scalar,
  toTensor,
  type Numbers,
} from "../../../../domain/onnx/interpret/array.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import { runOperator, type OperatorRun } from "../support/run-operator.ts";
import { randomOf } from "../support/random-numbers.ts";
import { runOnWasm } from "../support/wasm-runtime.ts";

const floats = (dims: number[], ...values: number[]): Numbers => numbers("float32", dims, values);
const bytes = (dims: number[], ...values: number[]): Numbers => numbers("uint8", dims, values);
const computed = (run: OperatorRun): number[][] =>
  runOperator(run).map(({ data }) => Array.from<unknown, number>(data, Number));

describe("QuantizeLinear", () => {
  const quantise = (x: Numbers, scale: Numbers, zeroPoint?: Numbers, attributes = {}) =>
    computed({
      operator: "QuantizeLinear",
      opset: 21,
      inputs: [x, scale, zeroPoint],
      attributes,
    })[0];

  test("rounds ties to even before the zero point is added, and saturates", () => {
    const x = floats([6], 1, 3, 5, -1, 600, -600);
    const zeroPoint = scalar("uint8", 101);
    expect(quantise(x, scalar("float32", 2), zeroPoint)).toEqual([101, 103, 103, 101, 255, 0]);
  });

  test("divides in the precision of its scale, as runtimes do", () => {
    // 0.5 / float32(5 / 255) is 25.4999991 in exact arithmetic, and the tie 25.5 in float32.
    const scale = scalar("float32", Math.fround(5 / 255));
    expect(quantise(floats([1], 0.5), scale)).toEqual([26]);
  });

  test.each([
    ["int8", 127, -128],
    ["uint16", 65535, 0],
    ["int16", 32767, -32768],
  ] as const)("to %s saturates at %i and %i", (type, greatest, least) => {
    const x = floats([2], 1e6, -1e6);
    expect(quantise(x, scalar("float32", 1), scalar(type, 0))).toEqual([greatest, least]);
  });

  test("has a scale for each index of an axis, or for each block", () => {
    const x = floats([2, 4], 2, 4, 6, 8, 2, 4, 6, 8);
    expect(quantise(x, floats([2], 1, 2), bytes([2], 0, 1), { axis: 0 })).toEqual([
      2, 4, 6, 8, 2, 3, 4, 5,
    ]);
    const blocks = { axis: -1, block_size: 2 };
    expect(quantise(x, floats([2, 2], 1, 2, 2, 1), undefined, blocks)).toEqual([
      2, 4, 3, 4, 1, 2, 6, 8,
    ]);
  });

  test("refuses a zero point of another shape", () => {
    const x = floats([2, 2], 1, 2, 3, 4);
    expect(() => quantise(x, floats([2], 1, 2), bytes([2, 1], 0, 0))).toThrow(
      "the zero point [2, 1] is to have the shape of the scale [2]",
    );
  });
});

describe("the dynamic and the integer operators", () => {
  test("DynamicQuantizeLinear widens the range to hold zero", () => {
    const run = (...values: number[]) =>
      computed({
        operator: "DynamicQuantizeLinear",
        opset: 11,
        inputs: [floats([values.length], ...values)],
        outputs: 3,
      });
    expect(run(51, 255)).toEqual([[51, 255], [1], [0]]);
    expect(run(-255, -1)).toEqual([[0, 254], [1], [255]]);
    expect(run(0, 0)).toEqual([[0, 0], [1], [0]]);
  });

  test("MatMulInteger takes a zero point for each row and each column", () => {
    const inputs = [
      bytes([2, 2], 1, 2, 3, 4),
      bytes([2, 2], 5, 6, 7, 8),
      bytes([2], 1, 2),
      bytes([2], 5, 6),
    ];
    // [[0, 1], [1, 2]] [[0, 0], [2, 2]]
    expect(computed({ operator: "MatMulInteger", opset: 10, inputs })).toEqual([[2, 2, 4, 4]]);
  });

  test("ConvInteger pads with what stands for zero", () => {
    const inputs = [
      bytes([1, 1, 2], 3, 4),
      numbers("int8", [1, 1, 3], [1, 2, 3]),
      scalar("uint8", 2),
      scalar("int8", 1),
    ];
    // [0, 1, 2, 0] * [0, 1, 2]
    const attributes = { pads: [1, 1] };
    expect(computed({ operator: "ConvInteger", opset: 10, inputs, attributes })).toEqual([[5, 2]]);
  });

  test("QLinearConv has a bias in steps of both scales", () => {
    const inputs = [
      bytes([1, 1, 1], 12),
      scalar("float32", 0.5),
      scalar("uint8", 10),
      numbers("int8", [2, 1, 1], [3, 4]),
      floats([2], 2, 1),
      numbers("int8", [2], [0, 0]),
      scalar("float32", 0.25),
      scalar("uint8", 100),
      numbers("int32", [2], [1, -2]),
    ];
    // 1 * (6, 4) + (1 * 0.5 * 2, -2 * 0.5 * 1) = (7, 3), in quarters from 100.
    expect(computed({ operator: "QLinearConv", opset: 10, inputs })).toEqual([[128, 112]]);
  });
});

test("quantised networks give the bytes of ONNX Runtime", async () => {
  const random = randomOf("quantisation");
  const x = floats([3, 4], ...Array.from({ length: 12 }, () => Math.fround(random.normal())));
  const b = GraphBuilder.empty(20);
  b.input("x", "float32", x.dims);
  const [y = "", scale = "", zeroPoint = ""] = b.nodes("DynamicQuantizeLinear", ["x"], 3);
  const weights = Array.from({ length: 8 }, () => random.integer(256) - 128);
  const w = b.constant(toTensor(numbers("int8", [4, 2], weights)));
  b.output(b.node("MatMulInteger", [y, w, zeroPoint]), "product");
  b.output(b.node("DequantizeLinear", [y, scale, zeroPoint]), "back");
  b.output(y, "bytes");
  const model = b.model();
  const found = await runOnWasm(model, { x: toTensor(x) });
  const expected = interpret(model, { x }) as Record<string, Numbers>;
  expect(Array.from(found["bytes"]?.data as Uint8Array)).toEqual([
    ...(expected["bytes"]?.data ?? []),
  ]);
  expect(Array.from(found["product"]?.data as Int32Array)).toEqual([
    ...(expected["product"]?.data ?? []),
  ]);
  for (const [at, value] of (expected["back"]?.data ?? []).entries())
    expect(Number(found["back"]?.data[at])).toBeCloseTo(value, 5);
});
