import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { countOf, type Tensor } from "../../../../domain/tensors/tensor.ts";

/** A model with inputs for it; its output is `y`. */
export type Network = { model: Model; feeds: Record<string, Tensor> };

const ROWS = 48;
const OPSET = 17;

function drawing(seed: string): (dims: number[], scale?: number) => Tensor {
  const random = seededRandom(seed);
  return (dims, scale = 0.3) =>
    floatTensor(
      dims,
      Array.from({ length: countOf(dims) }, () => random.normal() * scale),
    );
}

/** Convolutions (one depthwise), a residual, a concatenation, pools and a classifier. */
export function imageNetwork(): Network {
  const draw = drawing("image network");
  const b = GraphBuilder.empty(OPSET);
  const weight = (name: string, dims: number[]): string => b.constant(draw(dims), name);
  const pads = [1, 1, 1, 1];
  const image = b.input("x", "float32", ["batch", 1, 8, 8]);
  const first = b.node(
    "Conv",
    [image, weight("first_weight", [8, 1, 3, 3]), weight("first_bias", [8])],
    { pads },
    { name: "first", output: "first_sum" },
  );
  const pooled = b.node(
    "MaxPool",
    [b.node("Relu", [first], {}, { output: "first_clamped" })],
    { kernel_shape: [2, 2], strides: [2, 2] },
    { output: "pooled" },
  );
  const second = b.node(
    "Conv",
    [pooled, weight("second_weight", [8, 8, 3, 3]), weight("second_bias", [8])],
    { pads },
  );
  const residual = b.node("Clip", [b.node("Add", [second, pooled]), b.scalar(0), b.scalar(6)]);
  const depthwise = b.node(
    "Conv",
    [residual, weight("depth_weight", [8, 1, 3, 3]), weight("depth_bias", [8])],
    { pads, group: 8 },
  );
  const leaky = b.node("LeakyRelu", [b.node("Mul", [depthwise, b.scalar(0.5)])], { alpha: 0.1 });
  const joined = b.node("Concat", [leaky, residual], { axis: 1 }, { output: "joined" });
  const features = b.node("Flatten", [b.node("GlobalAveragePool", [joined])]);
  const classes = [features, weight("class_weight", [10, 16]), weight("class_bias", [10])];
  b.output(b.node("Gemm", classes, { transB: 1 }, { name: "classes" }), "y");
  return { model: b.model(), feeds: { x: drawing("images")([ROWS, 1, 8, 8], 1) } };
}

/** An embedding, a grouped 1-D convolution, a bidirectional LSTM, attention of activations, and a scaled Gemm. */
export function tokenNetwork(): Network {
  const draw = drawing("token network");
  const hidden = 8;
  const b = GraphBuilder.empty(OPSET);
  const weight = (name: string, dims: number[]): string => b.constant(draw(dims), name);
  const tokens = b.input("tokens", "int64", ["batch", 10]);
  const embedded = b.node("Gather", [weight("table", [20, 12]), tokens], {}, { name: "look_up" });
  const across = b.node("Transpose", [embedded], { perm: [0, 2, 1] });
  const convolved = b.node(
    "Conv",
    [across, weight("conv_weight", [16, 6, 3])],
    { group: 2, pads: [1, 1] },
    { name: "conv" },
  );
  const steps = b.node("Transpose", [convolved], { perm: [2, 0, 1] });
  const [states = ""] = b.nodes(
    "LSTM",
    [
      steps,
      weight("lstm_weight", [2, 4 * hidden, 16]),
      weight("lstm_recurrence", [2, 4 * hidden, hidden]),
      weight("lstm_bias", [2, 8 * hidden]),
    ],
    1,
    { hidden_size: hidden, direction: "bidirectional" },
    { name: "lstm" },
  );
  const rows = b.node("Reshape", [
    b.node("Transpose", [states], { perm: [2, 0, 1, 3] }),
    b.ints([0, 0, 2 * hidden]),
  ]);
  const queries = b.node("MatMul", [rows, weight("query_weight", [2 * hidden, 4])]);
  const scores = b.node("MatMul", [queries, b.node("Transpose", [queries], { perm: [0, 2, 1] })]);
  const mixed = b.node("MatMul", [scores, queries], {}, { name: "mix" });
  const mean = b.node("ReduceMean", [mixed], { axes: [1], keepdims: 0 });
  const classes = [mean, weight("class_weight", [4, 3]), weight("class_bias", [3])];
  b.output(b.node("Gemm", classes, { alpha: 0.5, beta: 2 }), "y");
  const random = seededRandom("tokens");
  const data = BigInt64Array.from({ length: ROWS * 10 }, () => BigInt(random.integer(20)));
  return { model: b.model(), feeds: { tokens: { type: "int64", dims: [ROWS, 10], data } } };
}
