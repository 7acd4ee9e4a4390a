import { describe, expect, test } from "vitest";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { differentiate } from "../../../../domain/onnx/gradient/differentiate.ts";
import { forWebgpu } from "../../../../domain/onnx/gradient/for-webgpu.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { isNumbers, numbers, type Numbers } from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import { normals, randomOf, SEED } from "../support/random-numbers.ts";

/** Each operator with inputs of these dims, and how many outputs it has. */
type Case = [
  operator: string,
  dims: number[][],
  attributes?: AttributeLiterals,
  more?: { outputs?: number; labels?: number[]; axes?: number[] },
];

const channels = [[3], [3], [3], [3]];
const CASES: Case[] = [
  ["Celu", [[2, 5]], { alpha: 0.7 }],
  ["Selu", [[2, 5]]],
  ["Selu", [[2, 5]], { alpha: 1.2, gamma: 0.8 }],
  ["Shrink", [[2, 9]], { bias: 0.2, lambd: 0.4 }],
  ["Sign", [[2, 5]]],
  ["Softsign", [[2, 5]]],
  ["Sum", [[2, 3], [3], [2, 1]]],
  ["Mean", [[2, 3], [3], [2, 1]]],
  ["Size", [[2, 3, 4]]],
  ["LogSoftmax", [[2, 3, 4]], { axis: 1 }],
  ["LogSoftmax", [[2, 3, 4]]],
  ["Split", [[30, 2]], {}, { outputs: 30 }],
  ["Split", [[2, 60]], { axis: 1 }, { outputs: 60 }],
  ["Split", [[2, 8]], { axis: -1 }, { outputs: 8 }],
  ["ReduceL1", [[2, 3]], { noop_with_empty_axes: 1 }],
  ["ReduceL2", [[2, 3]], { noop_with_empty_axes: 1 }],
  ["ReduceSumSquare", [[2, 3]], { noop_with_empty_axes: 1 }],
  ["BatchNormalization", [[2, 3, 4], ...channels], { training_mode: 1 }, { outputs: 3 }],
  ["BatchNormalization", [[4, 3], ...channels], { training_mode: 1, momentum: 0.3 }],
  ["BatchNormalization", [[5], [1], [1], [1], [1]], { training_mode: 1 }, { outputs: 3 }],
  ["BatchNormalization", [[5], [1], [1], [1], [1]], { epsilon: 0.1 }],
  ["ConvTranspose", [[2, 4, 5], [4, 1, 3], [2]], { group: 2, strides: [2] }],
  [
    "ConvTranspose",
    [
      [2, 6, 3, 3],
      [6, 1, 2, 2],
    ],
    { group: 3, pads: [1, 0, 0, 1] },
  ],
  [
    "SoftmaxCrossEntropyLoss",
    [[4, 3], [3]],
    { ignore_index: 1 },
    { outputs: 2, labels: [0, 2, 1, 2] },
  ],
  ["SoftmaxCrossEntropyLoss", [[4, 3]], { reduction: "sum" }, { labels: [0, 2, 1, 2] }],
  ["NegativeLogLikelihoodLoss", [[4, 3], [3]], { reduction: "none" }, { labels: [0, 2, 1, 2] }],
  ["NegativeLogLikelihoodLoss", [[4, 3, 1]], { ignore_index: -100 }, { labels: [0, -100, 1, 2] }],
];

describe("a form for WebGPU computes what its operator does", () => {
  test.each(CASES)("%s %j %j", (operator, dims, attributes = {}, more = {}) => {
    const { outputs = 1, labels } = more;
    const random = randomOf(`${operator} ${JSON.stringify([dims, attributes])}`);
    const b = GraphBuilder.empty();
    const feeds: Record<string, Numbers> = {};
    const inputs = dims.map((shape, index) => {
      const input = b.input(`x${index}`, "float32", shape);
      feeds[input] = float32(random, shape, isVariance(operator, index));
      return input;
    });
    if (labels) {
      const spatial = dims[0]?.slice(2) ?? [];
      inputs.splice(1, 0, b.input("labels", "int64", [labels.length, ...spatial]));
      feeds["labels"] = numbers("int64", [labels.length, ...spatial], labels);
    }
    if (operator === "Split") {
      const along = dims[0]?.at(Number(attributes["axis"] ?? 0)) ?? 0;
      inputs.push(b.ints(Array<number>(outputs).fill(along / outputs)));
    }
    const made = b.nodes(operator, inputs, outputs, attributes);
    for (const output of made) b.output(output);
    const model = b.model();
    const changed = forWebgpu(model);
    expect(changed.graph.nodes).not.toContain(model.graph.nodes[0]);

    const [expected, found] = [interpret(model, feeds), interpret(changed, feeds)];
    for (const output of made) {
      const [wanted, got] = [expected[output], found[output]];
      if (!wanted || !got || !isNumbers(wanted) || !isNumbers(got)) throw new Error(output);
      expect(got.dims).toEqual(wanted.dims);
      expect(got.type).toBe(wanted.type);
      for (const [index, value] of wanted.data.entries())
        expect(got.data[index], `${output} ${index}, SEED=${SEED}`).toBeCloseTo(value, 5);
    }
  });

  test("what WebGPU has stays as it is", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [2, 6, 4]);
    b.input("w", "float32", [6, 2, 3]);
    b.input("sizes", "int64", [2]);
    b.output(b.node("ConvTranspose", ["x", "w"], { group: 2 }));
    b.output(b.node("Sign", ["sizes"]));
    const model = b.model();
    expect(forWebgpu(model)).toBe(model);
  });

  test("a gradient over three axes, which would fail on the device, is refused by name", () => {
    const b = GraphBuilder.empty();
    b.input("x", "float32", [1, 2, 3, 3, 3]);
    b.input("w", "float32", [2, 2, 2, 2, 2]);
    b.output(b.node("Conv", ["x", "w"]), "y");
    const options = { of: "y", with_respect_to: ["x"] };
    expect(() => differentiate(b.model(), { ...options, profile: "webgpu" })).toThrow(
      "WebGPU has no ConvTranspose over three axes",
    );
    expect(differentiate(b.model(), { ...options, profile: "wasm" }).graph.outputs).toHaveLength(1);
  });
});

const isVariance = (operator: string, index: number): boolean =>
  operator === "BatchNormalization" && index === 4;

function float32(
  random: ReturnType<typeof randomOf>,
  dims: number[],
  isPositive: boolean,
): Numbers {
  const { data } = normals(random, dims);
  const rounded = data.map((value) => Math.fround(isPositive ? value ** 2 + 0.1 : value));
  return numbers("float32", dims, rounded);
}
