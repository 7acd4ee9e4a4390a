import { describe, expect, test } from "vitest";
import {
  attributesOf,
  type AttributeLiterals,
} from "../../../../domain/onnx/attribute-literals.ts";
import { tensorFact, type Fact } from "../../../../domain/onnx/infer/fact.ts";
import { inferNode } from "../../../../domain/onnx/infer/infer.ts";
import { attempt } from "../../../../domain/onnx/onnx-fault.ts";

const x = tensorFact("float32", ["n", 3, null]);
const ints = (...elements: number[]): Fact => tensorFact("int64", [elements.length], elements);

function inferred(
  opType: string,
  inputs: readonly Fact[],
  attributes: AttributeLiterals = {},
  opset = 21,
): readonly Fact[] {
  const node = {
    opType,
    inputs: inputs.map((_, index) => `x${index}`),
    outputs: ["y"],
    attributes: attributesOf(attributes),
  };
  const facts = new Map(inputs.map((fact, index) => [`x${index}`, fact]));
  return inferNode({ opsets: [{ version: opset }] }, node, facts);
}

describe("the shapes of reductions", () => {
  test.each([
    ["axes as an input", [x, ints(1, -1)], {}, 18, ["n", 1, 1]],
    ["axes as an input, not kept", [x, ints(1, -1)], { keepdims: 0 }, 18, ["n"]],
    ["axes as an attribute", [x], { axes: [0], keepdims: 0 }, 13, [3, null]],
    ["no axes", [x], {}, 18, [1, 1, 1]],
    ["no axes, not kept", [x], { keepdims: 0 }, 18, []],
    ["no axes and nothing to do", [x, ints()], { noop_with_empty_axes: 1 }, 18, ["n", 3, null]],
    ["axes that are not known", [x, tensorFact("int64", [2])], { keepdims: 0 }, 18, [null]],
    ["axes that are not known, kept", [x, tensorFact("int64", [2])], {}, 18, [null, null, null]],
    ["axes whose number is not known", [x, tensorFact("int64", ["k"])], { keepdims: 0 }, 18, null],
    ["any rank", [tensorFact("float32", null)], { keepdims: 0 }, 18, []],
    ["any rank, kept", [tensorFact("float32", null)], {}, 18, null],
  ])("%s", (_name, inputs, attributes, opset, expected) => {
    expect(inferred("ReduceMax", inputs, attributes, opset)).toEqual([
      tensorFact("float32", expected),
    ]);
  });

  test("ReduceSum takes its axes as an input from opset 13 on, the others from 18 on", () => {
    const attributes = { axes: [0], keepdims: 0 };
    expect(inferred("ReduceSum", [x], attributes, 12)).toEqual([tensorFact("float32", [3, null])]);
    expect(inferred("ReduceSum", [x, ints(0)], { keepdims: 0 }, 13)).toEqual([
      tensorFact("float32", [3, null]),
    ]);
    expect(inferred("ReduceMean", [x], attributes, 17)).toEqual([tensorFact("float32", [3, null])]);
  });

  test("an axis beyond the rank is refused by name", () => {
    expect(attempt(() => inferred("ReduceMean", [x, ints(3)]))).toMatchObject({
      ok: false,
      error: {
        code: "invalid",
        operator: "ReduceMean",
        message: expect.stringContaining("axis 3"),
      },
    });
    expect(attempt(() => inferred("ArgMax", [x], { axis: -4 }))).toMatchObject({ ok: false });
    expect(attempt(() => inferred("Softmax", [x], { axis: 3 }))).toMatchObject({ ok: false });
  });

  test("the number of elements of a shape is followed", () => {
    const shape = tensorFact("int64", [3], [2, 3, 4]);
    expect(inferred("ReduceProd", [shape], { keepdims: 0 })).toEqual([
      tensorFact("int64", [], [24]),
    ]);
    expect(inferred("ReduceSum", [shape])).toEqual([tensorFact("int64", [1], [9])]);
    expect(inferred("ReduceMax", [shape], { keepdims: 0 })).toEqual([tensorFact("int64", [], [4])]);
    const free = tensorFact("int64", [2], ["n", 1]);
    expect(inferred("ReduceProd", [free], { keepdims: 0 })).toEqual([
      tensorFact("int64", [], ["n"]),
    ]);
  });

  test("indices of extremes are int64", () => {
    expect(inferred("ArgMax", [x], { axis: 1 })).toEqual([tensorFact("int64", ["n", 1, null])]);
    expect(inferred("ArgMin", [x], { axis: -1, keepdims: 0 })).toEqual([
      tensorFact("int64", ["n", 3]),
    ]);
  });

  test("an axis after the last is one before opset 13", () => {
    expect(inferred("Softmax", [x], { axis: 3 }, 12)).toEqual([x]);
  });
});

describe("the shapes of losses", () => {
  const scores = tensorFact("float32", ["n", 5, 7]);
  const labels = tensorFact("int64", ["n", 7]);

  test("one for each label, or one in all", () => {
    expect(inferred("NegativeLogLikelihoodLoss", [scores, labels])).toEqual([
      tensorFact("float32", []),
    ]);
    expect(inferred("SoftmaxCrossEntropyLoss", [scores, labels], { reduction: "none" })).toEqual([
      tensorFact("float32", ["n", 7]),
      scores,
    ]);
  });

  test("labels of another rank, and reductions that there are not, are refused", () => {
    expect(attempt(() => inferred("SoftmaxCrossEntropyLoss", [scores, scores]))).toMatchObject({
      error: { code: "invalid", message: expect.stringContaining("rank 3") },
    });
    expect(
      attempt(() => inferred("SoftmaxCrossEntropyLoss", [scores, labels], { reduction: "max" })),
    ).toMatchObject({ error: { message: expect.stringContaining("'max'") } });
  });
});
