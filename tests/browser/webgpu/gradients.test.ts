import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { differentiate, gradientName } from "../../../domain/onnx/gradient/differentiate.ts";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import { staticShape } from "../../../domain/onnx/infer/fact.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";
import { expectAsOnWasm } from "./support/against-wasm.ts";
import { normals } from "./support/random-tensors.ts";
import { startWebgpu, type WebgpuBrowser } from "./support/webgpu-browser.ts";

const chromium = inject("chromium");
const TOLERANCE = 1e-3;

type Case = {
  name: string;
  /** The dims of the inputs of floats `x`, `y` and `z`. */
  dims: number[][];
  build: (b: GraphBuilder) => string;
  labels?: Tensor;
};

const line = [4, 2, 8];
const plane = [4, 2, 5, 5];
const labels = (...classes: number[]): Tensor => ({
  type: "int64",
  dims: [classes.length],
  data: BigInt64Array.from(classes, BigInt),
});
const unary = (operator: string, attributes = {}): Case => ({
  name: operator,
  dims: [[4, 6]],
  build: (b) => b.node(operator, ["x"], attributes),
});
const reduction = (operator: string): Case => ({
  name: operator,
  dims: [[4, 3, 2]],
  build: (b) => b.node(operator, [b.node("Exp", ["x"]), b.ints([1])], { keepdims: 0 }),
});
const convolution = (name: string, x: number[], w: number[], attributes: object): Case => ({
  name: `Conv ${name}`,
  dims: [x, w, [w[0] ?? 1]],
  build: (b) => b.node("Conv", ["x", "y", "z"], { ...attributes }),
});

const CASES: Case[] = [
  ...["Celu", "Gelu", "LogSoftmax", "Selu", "Softplus", "Softsign"].map((operator) =>
    unary(operator),
  ),
  unary("Shrink", { bias: 0.1, lambd: 0.4 }),
  {
    name: "arithmetic with broadcasting",
    dims: [[4, 3], [3], [4, 1]],
    build: (b) => b.node("Div", [b.node("Mul", ["x", "y"]), b.node("Exp", ["z"])]),
  },
  { name: "Sum", dims: [[4, 3], [3], [1]], build: (b) => b.node("Sum", ["x", "y", "z"]) },
  { name: "Mean", dims: [[4, 3], [3], [1]], build: (b) => b.node("Mean", ["x", "y", "z"]) },
  ...["ReduceMax", "ReduceLogSumExp", "ReduceProd"].map(reduction),
  {
    name: "ReduceMean of everything",
    dims: [[4, 3]],
    build: (b) => b.node("ReduceMean", [b.node("Mul", ["x", "x"])], { keepdims: 0 }),
  },
  {
    name: "ReduceLogSum over no axis",
    dims: [[4, 3]],
    build: (b) => b.node("ReduceLogSum", [b.node("Exp", ["x"])], { noop_with_empty_axes: 1 }),
  },
  {
    name: "CumSum",
    dims: [[4, 5]],
    build: (b) => b.node("CumSum", ["x", b.scalar(1, "int64")], { exclusive: 1 }),
  },
  {
    name: "MatMul",
    dims: [
      [4, 2, 3],
      [3, 5],
    ],
    build: (b) => b.node("MatMul", ["x", "y"]),
  },
  {
    name: "Einsum",
    dims: [
      [4, 2, 3],
      [4, 3, 5],
    ],
    build: (b) => b.node("Einsum", ["x", "y"], { equation: "bij,bjk->bik" }),
  },
  convolution("over a plane", plane, [3, 2, 3, 3], { pads: [1, 1, 1, 1] }),
  convolution("depthwise", line, [2, 1, 3], { group: 2 }),
  convolution("of several maps a channel", line, [4, 1, 3], { group: 2, strides: [2] }),
  convolution("of groups, dilated", [4, 4, 9], [6, 2, 3], { group: 2, dilations: [2] }),
  {
    name: "ConvTranspose of several channels to one",
    dims: [[4, 4, 5], [4, 1, 3], [2]],
    build: (b) => b.node("ConvTranspose", ["x", "y", "z"], { group: 2, strides: [2] }),
  },
  {
    name: "MaxPool",
    dims: [plane],
    build: (b) => b.node("MaxPool", ["x"], { kernel_shape: [3, 3], strides: [2, 2] }),
  },
  {
    name: "AveragePool",
    dims: [line],
    build: (b) => b.node("AveragePool", ["x"], { kernel_shape: [3], pads: [1, 1] }),
  },
  {
    name: "GlobalMaxPool with equal maxima",
    dims: [line],
    build: (b) => b.node("GlobalMaxPool", [b.node("Concat", ["x", "x"], { axis: 2 })]),
  },
  {
    name: "InstanceNormalization",
    dims: [line, [2], [2]],
    build: (b) => b.node("InstanceNormalization", ["x", "y", "z"]),
  },
  ...[[6], [4, 2], plane].map((dims): Case => ({
    name: `BatchNormalization in training, of rank ${dims.length}`,
    dims: [dims, [dims[1] ?? 1], [dims[1] ?? 1]],
    build: (b) => {
      const zeros = b.constant(zerosOf(dims[1] ?? 1));
      const outputs = ["normal", "next_mean", "next_variance"];
      b.nodes("BatchNormalization", ["x", "y", "z", zeros, zeros], outputs, { training_mode: 1 });
      for (const output of outputs.slice(1)) b.output(output);
      return "normal";
    },
  })),
  {
    name: "SoftmaxCrossEntropyLoss",
    dims: [[4, 3], [3]],
    labels: labels(0, 2, 1, 2),
    build: (b) =>
      b.node("SoftmaxCrossEntropyLoss", ["x", "labels", b.node("Exp", ["y"])], { ignore_index: 1 }),
  },
  {
    name: "NegativeLogLikelihoodLoss",
    dims: [[4, 3]],
    labels: labels(0, 2, 1, 2),
    build: (b) => b.node("NegativeLogLikelihoodLoss", ["x", "labels"], { reduction: "none" }),
  },
  {
    name: "Split into many, and Concat",
    dims: [[4, 12]],
    build: (b) => {
      const parts = b.nodes("Split", ["x", b.ints(Array<number>(12).fill(1))], 12, { axis: 1 });
      const each = parts.map((part, index) => b.node("Mul", [part, b.scalar(index + 1)]));
      return b.node("Concat", each.toReversed(), { axis: 1 });
    },
  },
  {
    name: "Transpose, Slice, Pad",
    dims: [line],
    build: (b) => {
      const turned = b.node("Transpose", ["x"], { perm: [0, 2, 1] });
      const cut = b.node("Slice", [turned, b.ints([1]), b.ints([7]), b.ints([1]), b.ints([2])]);
      return b.node("Pad", [cut, b.ints([0, 1, 0, 0, 0, 2])]);
    },
  },
  {
    name: "Gather of repeated rows",
    dims: [[4, 3]],
    build: (b) => b.node("Gather", ["x", b.ints([2, 0, 2, 2])]),
  },
  {
    name: "Where, Tile, Expand",
    dims: [
      [4, 3],
      [4, 3],
    ],
    build: (b) => {
      const larger = b.node("Where", [b.node("Greater", ["x", "y"]), "x", "y"]);
      return b.node("Expand", [b.node("Tile", [larger, b.ints([1, 2])]), b.ints([2, 4, 6])]);
    },
  },
  {
    name: "Resize",
    dims: [[4, 2, 3, 3]],
    build: (b) =>
      b.node("Resize", ["x", "", "", b.ints([4, 2, 6, 6])], {
        mode: "linear",
        coordinate_transformation_mode: "half_pixel",
      }),
  },
  {
    name: "GRU, unrolled",
    dims: [
      [2, 4, 2],
      [1, 6, 2],
      [1, 6, 2],
    ],
    build: (b) => b.node("GRU", ["x", "y", "z"], { hidden_size: 2 }),
  },
];

describe.skipIf(chromium === null)("gradients on WebGPU, with nothing fetched on the way", () => {
  let browser: WebgpuBrowser;
  beforeAll(async () => {
    browser = await startWebgpu(chromium ?? "");
  });
  afterAll(() => browser?.stop());

  test.each(CASES)("$name", async ({ name, dims, build, labels: targets }) => {
    const random = seededRandom(name);
    const b = GraphBuilder.empty();
    const feeds: Record<string, Tensor> = {};
    for (const [index, shape] of dims.entries()) {
      const input = b.input("xyz".charAt(index), "float32", shape);
      feeds[input] = normals(random, shape);
    }
    if (targets) feeds[b.input("labels", targets.type, targets.dims)] = targets;
    const of = b.output(build(b));
    const gradient = differentiate(b.model(), {
      of,
      with_respect_to: dims.map((_, index) => "xyz".charAt(index)),
      seed: "input",
      profile: "webgpu",
      keep_outputs: true,
    });
    feeds[gradientName(of)] = normals(random, staticShape(b.shapeOf(of)) ?? []);
    const { device, fetches } = await expectAsOnWasm(browser, gradient, feeds, TOLERANCE);
    expect(device).toBeGreaterThan(0);
    expect(fetches).toBe(0);
  });
});

const zerosOf = (size: number): Tensor => ({
  type: "float32",
  dims: [size],
  data: new Float32Array(size),
});
