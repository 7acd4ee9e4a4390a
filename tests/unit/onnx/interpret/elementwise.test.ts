import { describe, expect, test } from "vitest";
import {
  attributesOf,
  type AttributeLiterals,
} from "../../../../domain/onnx/attribute-literals.ts";
import {
  isNumbers,
  isTexts,
  numbers,
  toTensor,
  type Numbers,
  type Value,
} from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import {
  ONNX_TYPES,
  type Attribute,
  type Model,
  type OnnxType,
} from "../../../../domain/onnx/model.ts";
import { attempt } from "../../../../domain/onnx/onnx-fault.ts";
import type { Tensor } from "../../../../domain/tensors/tensor.ts";
import { runOnWasm } from "../../../fixtures/wasm-runtime.ts";
import { randomOf, SEED } from "../support/random-numbers.ts";

const random = randomOf("interpret elementwise");

type Call = {
  operator: string;
  inputs: readonly Value[];
  attributes?: AttributeLiterals;
  opset?: number;
  floats?: Record<string, number>;
  output?: OnnxType;
};

/** A model of one node. `floats` are attributes that only old versions have. */
function modelOf({
  operator,
  inputs,
  attributes = {},
  opset = 18,
  floats = {},
  output,
}: Call): Model {
  const old = Object.entries(floats).map(([name, value]): Attribute => ({
    name,
    kind: "float",
    value,
  }));
  const names = inputs.map((_, index) => `x${index}`);
  const info = (name: string, elementType: OnnxType, shape: readonly number[] | null) => ({
    name,
    type: { kind: "tensor", elementType, shape } as const,
  });
  return {
    irVersion: 8,
    opsets: [{ version: opset }],
    graph: {
      name: "one",
      nodes: [
        {
          opType: operator,
          inputs: names,
          outputs: ["y"],
          attributes: [...attributesOf(attributes), ...old],
        },
      ],
      inputs: inputs.map((value, index) => info(`x${index}`, typeOf(value), dimsOf(value))),
      outputs: [info("y", output ?? typeOf(inputs[0]), null)],
      initializers: [],
    },
  };
}

const typeOf = (value: Value | undefined): OnnxType =>
  value && (isNumbers(value) || isTexts(value)) ? value.type : "float32";
const dimsOf = (value: Value): readonly number[] =>
  isNumbers(value) || isTexts(value) ? value.dims : [];

const feedsOf = ({ inputs }: Call): Record<string, Value> =>
  Object.fromEntries(inputs.map((value, index) => [`x${index}`, value]));

const computed = (call: Call): Value | undefined => interpret(modelOf(call), feedsOf(call))["y"];

const dataOf = (call: Call): number[] => {
  const value = computed(call);
  if (value === undefined || !isNumbers(value)) throw new Error("no numbers");
  return [...value.data];
};

const ints = (type: Numbers["type"], ...values: number[]): Numbers =>
  numbers(type, [values.length], values);
const floats = (dims: readonly number[]): Numbers =>
  numbers(
    "float32",
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => Math.fround(2 * random.normal())),
  );

describe("integers", () => {
  test.each<[string, Numbers[], number[], AttributeLiterals?]>([
    ["Add", [ints("int8", 127, -128), ints("int8", 1, -1)], [-128, 127]],
    ["Sub", [ints("uint8", 0, 5), ints("uint8", 1, 3)], [255, 2]],
    ["Mul", [ints("int32", 65537, -3), ints("int32", 65537, 5)], [131073, -15]],
    ["Mul", [ints("uint32", 4294967295), ints("uint32", 4294967295)], [1]],
    ["Div", [ints("int64", 7, -7, 7), ints("int64", 2, 2, -2)], [3, -3, -3]],
    ["Mod", [ints("int32", 7, -7, 7, -7), ints("int32", 4, 4, -4, -4)], [3, 1, -1, -3]],
    [
      "Mod",
      [ints("int32", 7, -7, 7, -7), ints("int32", 4, 4, -4, -4)],
      [3, -3, 3, -3],
      { fmod: 1 },
    ],
    ["Pow", [ints("int32", 2, -3, 2, 1), ints("int32", 10, 3, -1, -5)], [1024, -27, 0, 1]],
    ["Pow", [ints("int32", 3, 2), ints("int32", 1000000001, 2000000000)], [-1943431165, 0]],
    ["Neg", [ints("int8", -128, 5)], [-128, -5]],
    ["Abs", [ints("int8", -128, -5)], [-128, 5]],
    ["BitwiseNot", [ints("uint8", 0, 255, 5)], [255, 0, 250]],
    ["BitwiseNot", [ints("int8", 0, -1, 5)], [-1, 0, -6]],
    ["BitwiseXor", [ints("int32", -1, 6), ints("int32", 5, 3)], [-6, 5]],
    ["BitShift", [ints("uint8", 129, 3), ints("uint8", 1, 9)], [2, 0], { direction: "LEFT" }],
    ["BitShift", [ints("uint8", 129, 3), ints("uint8", 1, 9)], [64, 0], { direction: "RIGHT" }],
    ["ReduceSum", [ints("int32", 2147483647, 2)], [-2147483647]],
    ["Max", [ints("int64", 1, 5), ints("int64", 3, 2)], [3, 5]],
    ["Mean", [ints("float32", 1, 5), ints("float32", 3, 2)], [2, 3.5]],
  ])("%s %#", (operator, inputs, expected, attributes = {}) => {
    expect(dataOf({ operator, inputs, attributes })).toEqual(expected);
  });

  test.each(["Div", "Mod"])("%s by zero is refused by name", (operator) => {
    const inputs = [ints("int64", 1), ints("int64", 0)];
    expect(attempt(() => computed({ operator, inputs }))).toMatchObject({
      ok: false,
      error: { code: "invalid", operator },
    });
  });
});

describe("Cast", () => {
  const cast = (value: Value, to: OnnxType): number[] =>
    dataOf({ operator: "Cast", inputs: [value], attributes: { to: ONNX_TYPES.indexOf(to) } });
  const doubles = (...values: number[]): Numbers => numbers("float64", [values.length], values);

  test("cuts floats off toward zero", () => {
    expect(cast(doubles(1.9, -1.9, -0.5), "int32")).toEqual([1, -1, -0]);
  });

  test("holds floats beyond the range at its ends, integers at their lowest bits", () => {
    expect(cast(doubles(300, -300, Number.NaN, Infinity), "int8")).toEqual([127, -128, 0, 127]);
    expect(cast(ints("int32", 200, -1, 256), "int8")).toEqual([-56, -1, 0]);
    expect(cast(ints("int32", -1), "uint16")).toEqual([65535]);
  });

  test("rounds to what the type of floats has, ties to even", () => {
    expect(cast(doubles(0.1), "float32")).toEqual([Math.fround(0.1)]);
    expect(cast(doubles(2049, 2051, 70000, 1e-9), "float16")).toEqual([2048, 2052, Infinity, 0]);
    expect(cast(doubles(257, 259, -257.5, Infinity), "bfloat16")).toEqual([
      256,
      260,
      -258,
      Infinity,
    ]);
  });

  test("makes bools of everything but zero", () => {
    expect(cast(doubles(0, -0, 0.1, Number.NaN), "bool")).toEqual([0, 0, 1, 1]);
    expect(cast(ints("bool", 0, 1), "float32")).toEqual([0, 1]);
  });

  test("reads numbers in texts, and writes them", () => {
    const texts = {
      type: "string",
      dims: [5],
      data: ["1.5", "1e-3", "-INF", "+inf", "nan"],
    } as const;
    expect(cast(texts, "float32")).toEqual([
      1.5,
      Math.fround(1e-3),
      -Infinity,
      Infinity,
      Number.NaN,
    ]);
    const written = computed({
      operator: "Cast",
      inputs: [numbers("float32", [4], [Math.fround(0.1), 3, -Infinity, Number.NaN])],
      attributes: { to: ONNX_TYPES.indexOf("string") },
    });
    expect(written).toEqual({ type: "string", dims: [4], data: ["0.1", "3", "-INF", "NaN"] });
  });

  test("BitCast keeps the bits", () => {
    const one = { operator: "BitCast", inputs: [numbers("float32", [], [1])] };
    expect(dataOf({ ...one, attributes: { to: ONNX_TYPES.indexOf("int32") } })).toEqual([
      0x3f800000,
    ]);
    expect(
      attempt(() => computed({ ...one, attributes: { to: ONNX_TYPES.indexOf("int64") } })),
    ).toMatchObject({ ok: false, error: { code: "invalid" } });
  });
});

describe("texts", () => {
  test("are compared", () => {
    const text = (...data: string[]): Value => ({ type: "string", dims: [data.length], data });
    const inputs = [text("a", "b", "a"), text("a", "a", "b")];
    expect(dataOf({ operator: "Equal", inputs })).toEqual([1, 0, 0]);
  });
});

test("training with a ratio is not drawn", () => {
  const inputs = [floats([2]), numbers("float32", [], [0.5]), numbers("bool", [], [1])];
  expect(attempt(() => computed({ operator: "Dropout", inputs }))).toMatchObject({
    ok: false,
    error: { code: "unsupported" },
  });
});

/** Versions and attributes that ONNX's own tests, which are of the newest versions, leave out. */
const AGAINST_RUNTIME: (Call & { name: string })[] = [
  {
    name: "Clip by attributes",
    operator: "Clip",
    opset: 7,
    inputs: [floats([6])],
    floats: { min: -1, max: 0.5 },
  },
  { name: "Clip without attributes", operator: "Clip", opset: 7, inputs: [floats([6])] },
  {
    name: "Clip whose bounds cross",
    operator: "Clip",
    inputs: [floats([6]), numbers("float32", [], [1]), numbers("float32", [], [-1])],
  },
  { name: "Dropout of version 7", operator: "Dropout", opset: 9, inputs: [floats([4])] },
  ...[0, 1, 2].flatMap((axis) =>
    ["Softmax", "LogSoftmax", "Hardmax"].map((operator) => ({
      name: `${operator} from the axis ${axis} on`,
      operator,
      opset: 11,
      inputs: [floats([2, 3, 2])],
      attributes: { axis },
    })),
  ),
  {
    name: "Softmax from its own axis on",
    operator: "Softmax",
    opset: 9,
    inputs: [floats([2, 3, 2])],
  },
  {
    name: "Softmax along its own axis",
    operator: "Softmax",
    opset: 13,
    inputs: [floats([2, 3, 2])],
  },
  ...["ReduceMean", "ReduceSum", "ReduceL2", "ReduceLogSumExp", "ReduceProd", "ReduceMin"].map(
    (operator) => ({
      name: `${operator} over axes of an attribute`,
      operator,
      opset: 11,
      inputs: [floats([2, 3, 2])],
      attributes: { axes: [-1, 0], keepdims: 0 },
    }),
  ),
  {
    name: "ReduceSum of nothing",
    operator: "ReduceSum",
    inputs: [floats([2, 3]), numbers("int64", [0], [])],
    attributes: { noop_with_empty_axes: 1 },
  },
  {
    name: "ReduceMean of integers",
    operator: "ReduceMean",
    inputs: [ints("int32", -3, 0, -4)],
  },
  {
    name: "ArgMin of equal elements, the last",
    operator: "ArgMin",
    opset: 13,
    inputs: [ints("float32", 3, 1, 1, 2)],
    attributes: { select_last_index: 1 },
    output: "int64",
  },
  {
    name: "Mod of floats",
    operator: "Mod",
    inputs: [floats([6]), floats([6])],
    attributes: { fmod: 1 },
  },
  { name: "Pow of another type", operator: "Pow", inputs: [floats([3]), ints("int64", 0, 2, 3)] },
  {
    name: "PRelu along the channels",
    operator: "PRelu",
    inputs: [floats([2, 3, 2]), floats([3, 1])],
  },
  {
    name: "Max of NaN",
    operator: "Max",
    inputs: [ints("float32", Number.NaN, 1), ints("float32", 1, 2)],
  },
];

test.each(AGAINST_RUNTIME)("$name is as ONNX Runtime has it", async (call) => {
  const found = computed(call);
  if (found === undefined || !isNumbers(found)) throw new Error("no numbers");
  const feeds = Object.fromEntries(
    Object.entries(feedsOf(call)).map(([name, value]): [string, Tensor] => [name, toTensor(value)]),
  );
  const { y } = await runOnWasm(modelOf(call), feeds);
  expect(y?.type).toBe(found.type);
  expect(y?.dims).toEqual(found.dims);
  const expected = Array.from<unknown, number>(y?.data ?? [], Number);
  for (const [index, value] of expected.entries())
    if (Number.isNaN(value)) expect(found.data[index]).toBeNaN();
    else expect(found.data[index], `${call.name}, SEED=${SEED}`).toBeCloseTo(value, 4);
});
