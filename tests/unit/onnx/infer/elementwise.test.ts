import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { TensorFact } from "../../../../domain/onnx/infer/fact.ts";
import { inferNode } from "../../../../domain/onnx/infer/infer.ts";
import { tensorFact, type Fact } from "../../../../domain/onnx/infer/fact.ts";
import {
  attributesOf,
  type AttributeLiterals,
} from "../../../../domain/onnx/attribute-literals.ts";
import { attempt } from "../../../../domain/onnx/onnx-fault.ts";
import { filledTensor, floatTensor, intTensor } from "../../../../domain/onnx/tensors.ts";
import type { Dimension } from "../../../../domain/tensors/tensor.ts";

/** What an operator makes of facts, in a version of ONNX. */
function inferred(
  opType: string,
  inputs: readonly (Fact | undefined)[],
  attributes: AttributeLiterals = {},
  opset = 21,
): readonly Fact[] {
  const facts = new Map(
    inputs.map((fact, index) => [`x${index}`, fact ?? tensorFact("bool", null)]),
  );
  const node = {
    opType,
    inputs: inputs.map((fact, index) => (fact === undefined ? "" : `x${index}`)),
    outputs: ["y", "z"],
    attributes: attributesOf(attributes),
  };
  return inferNode({ opsets: [{ version: opset }] }, node, facts);
}

const sizes = (...elements: Dimension[]): TensorFact =>
  tensorFact("int64", [elements.length], elements);
const size = (element: Dimension): TensorFact => tensorFact("int64", [], [element]);
const elementsOf = ([fact]: readonly Fact[]): readonly Dimension[] | undefined =>
  fact?.kind === "tensor" ? fact.elements : undefined;

describe("sizes on their way through arithmetic", () => {
  test.each<[string, TensorFact[], Dimension[]]>([
    ["Add", [sizes(2, "n", "n", null), sizes(3, 0, 1, 0)], [5, "n", null, null]],
    ["Add", [size(0), sizes("n", 4)], ["n", 4]],
    ["Sub", [sizes(2, "n", "n", "n"), sizes(3, 0, "n", "m")], [-1, "n", 0, null]],
    ["Mul", [sizes(2, "n", "n", null), sizes(3, 1, 2, 0)], [6, "n", null, 0]],
    ["Div", [sizes(7, -7, -1, "n", "n"), sizes(2, 2, 2, 1, 2)], [3, -3, 0, "n", null]],
    ["Div", [sizes(7), size(0)], [null]],
    ["Mod", [sizes(7, -7, 3), sizes(4, 4, 0)], [3, 1, null]],
    ["Max", [sizes(2, "n", "n", "n"), sizes(5, -1, 4, "n")], [5, "n", null, "n"]],
    ["Max", [size(1), sizes(0, 3), size(2)], [2, 3]],
    ["Min", [sizes(2, "n", "n"), sizes(5, -1, 4)], [2, -1, null]],
    ["Sum", [sizes("n", 2), size(0), size(0)], ["n", 2]],
    ["Neg", [sizes(2, "n")], [-2, null]],
    ["Abs", [sizes(-2, "n")], [2, "n"]],
    ["Sign", [sizes(-2, 0, 7)], [-1, 0, 1]],
    ["Identity", [sizes("n", 2)], ["n", 2]],
    ["Equal", [sizes(2, "n", "n", "n"), sizes(2, -1, "n", 3)], [1, 0, 1, null]],
    ["Less", [sizes(2, "n", "n"), sizes(3, 0, 1)], [1, 0, null]],
    ["Greater", [sizes(2, "n", "n"), sizes(3, -1, 1)], [0, 1, null]],
    ["LessOrEqual", [sizes(3, "n"), sizes(3, -1)], [1, 0]],
    ["GreaterOrEqual", [sizes(3, "n"), sizes(3, 0)], [1, 1]],
  ])("%s %#", (operator, inputs, expected) => {
    expect(elementsOf(inferred(operator, inputs))).toEqual(expected);
  });

  test("Where chooses by what is known of the condition", () => {
    const condition = tensorFact("bool", [4], [1, 0, null, null]);
    const found = inferred("Where", [condition, sizes("n", 2, "n", 5), sizes(7, "m", "n", 6)]);
    expect(elementsOf(found)).toEqual(["n", "m", "n", null]);
  });

  test("the shape that PyTorch computes for Expand is known", () => {
    const b = GraphBuilder.empty();
    const given = b.ints([-1, 4]);
    const isKept = b.node("Equal", [given, b.ints([-1])]);
    const x = b.input("x", "float32", ["batch", 4]);
    const shape = b.node("Where", [isKept, b.node("Shape", [x]), given]);
    expect(b.tensorOf(shape).elements).toEqual(["batch", 4]);
  });

  test("sizes pass through floats where they stay whole", () => {
    const b = GraphBuilder.empty();
    const x = b.input("x", "float32", ["batch", 6]);
    const floats = b.node("Cast", [b.node("Shape", [x])], { to: 1 });
    const scaled = b.node("Mul", [floats, b.constant(floatTensor([2], [1, 2]))]);
    const back = b.node("Cast", [b.node("Floor", [scaled])], { to: 7 });
    expect(b.tensorOf(back)).toMatchObject({ type: "int64", shape: [2], elements: ["batch", 12] });
    const halved = b.node("Div", [scaled, b.constant(floatTensor([], [8]))]);
    expect(b.tensorOf(b.node("Cast", [halved], { to: 7 })).elements).toEqual([null, null]);
  });

  test("Clip holds sizes within its bounds", () => {
    expect(elementsOf(inferred("Clip", [sizes(-4, 9, "n", "n"), size(-1), size(5)]))).toEqual([
      -1,
      5,
      null,
      null,
    ]);
    expect(elementsOf(inferred("Clip", [sizes("n", -1), size(0)]))).toEqual(["n", 0]);
  });

  test("Cast to bool keeps what is certain", () => {
    expect(elementsOf(inferred("Cast", [sizes(0, 5, "n")], { to: 9 }))).toEqual([0, 1, null]);
  });

  test("numbers too large to be exact are not followed", () => {
    expect(elementsOf(inferred("Mul", [size(2 ** 40), size(2 ** 40)]))).toEqual([null]);
  });

  test("matrices are not followed", () => {
    const matrix = tensorFact("int64", [1, 1]);
    expect(inferred("Add", [matrix, sizes(1)])).toEqual([tensorFact("int64", [1, 1])]);
  });
});

describe("types and shapes", () => {
  const x = tensorFact("float32", ["n", 1, 3]);

  test("broadcasting keeps symbols", () => {
    expect(inferred("Add", [x, tensorFact("float32", [4, 1])])).toEqual([
      tensorFact("float32", ["n", 4, 3]),
    ]);
    expect(
      inferred("Where", [tensorFact("bool", ["n", 2, 1]), x, tensorFact("float32", [])]),
    ).toEqual([tensorFact("float32", ["n", 2, 3])]);
    expect(inferred("Less", [x, tensorFact("float32", [])])).toEqual([
      tensorFact("bool", ["n", 1, 3]),
    ]);
  });

  test("inputs of different types are refused by name", () => {
    const result = attempt(() => inferred("Add", [x, tensorFact("int64", [])]));
    expect(result).toEqual({
      ok: false,
      error: expect.objectContaining({
        code: "invalid",
        operator: "Add",
        tensor: "y",
        message: expect.stringContaining("float32 and int64"),
      }),
    });
    expect(attempt(() => inferred("And", [x, x]))).toMatchObject({ ok: false });
    expect(inferred("Pow", [x, tensorFact("int64", [])])).toEqual([x]);
  });

  test("shapes that do not broadcast are refused", () => {
    expect(attempt(() => inferred("Mul", [x, tensorFact("float32", [2])]))).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining("[n, 1, 3] and [2]") },
    });
  });

  test("a type that is not known is taken from the other input", () => {
    expect(inferred("Add", [tensorFact("undefined", null), x])).toEqual([
      tensorFact("float32", null),
    ]);
  });

  test("Cast takes its type by code, CastLike from a tensor", () => {
    expect(inferred("Cast", [x], { to: 10 })).toEqual([tensorFact("float16", ["n", 1, 3])]);
    expect(inferred("CastLike", [x, tensorFact("int8", [])])).toEqual([
      tensorFact("int8", ["n", 1, 3]),
    ]);
    expect(attempt(() => inferred("Cast", [x]))).toMatchObject({
      error: { message: expect.stringContaining("'to' is missing") },
    });
    expect(attempt(() => inferred("Cast", [x], { to: 99 }))).toMatchObject({
      error: { message: expect.stringContaining("no type 99") },
    });
  });

  test("the mask of Dropout has the type of its version", () => {
    expect(inferred("Dropout", [x], {}, 9)).toEqual([x, x]);
    expect(inferred("Dropout", [x], {}, 13)).toEqual([x, tensorFact("bool", ["n", 1, 3])]);
  });

  test("what is drawn has the shape and type that are asked for", () => {
    expect(inferred("RandomNormal", [], { shape: [2, 3] })).toEqual([
      tensorFact("float32", [2, 3]),
    ]);
    expect(inferred("RandomUniformLike", [x], { dtype: 11 })).toEqual([
      tensorFact("float64", ["n", 1, 3]),
    ]);
    expect(inferred("Bernoulli", [x])).toEqual([x]);
    expect(inferred("Multinomial", [tensorFact("float32", ["n", 5])], { sample_size: 4 })).toEqual([
      tensorFact("int32", ["n", 4]),
    ]);
  });

  test("constants of bools and floats are followed too", () => {
    const b = GraphBuilder.empty();
    const yes = b.constant(filledTensor("bool", [1], 1));
    const chosen = b.node("Where", [yes, b.ints([3]), b.constant(intTensor([4]))]);
    expect(b.tensorOf(chosen).elements).toEqual([3]);
  });
});
