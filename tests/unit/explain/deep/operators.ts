import { range } from "../../../../domain/onnx/axes.ts";
import type { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";

type Make = (b: GraphBuilder, x: string) => string;

const unary =
  (operator: string, attributes: Record<string, number> = {}): Make =>
  (b, x) =>
    b.node(operator, [x], attributes);

const reduced =
  (operator: string, axes: number[], keepdims: number): Make =>
  (b, x) =>
    b.node(operator, [x, b.ints(axes)], { keepdims });

/** Above 0. */
const positive: Make = (b, x) => b.node("Add", [b.node("Abs", [x]), b.scalar(0.1)]);
/** Between -1 and 1. */
const small: Make = (b, x) => b.node("Mul", [b.node("Tanh", [x]), b.scalar(0.9)]);
const after =
  (first: Make, operator: string): Make =>
  (b, x) =>
    b.node(operator, [first(b, x)]);

/** The middle of x and another function of it: two that vary. */
const binary =
  (operator: string): Make =>
  (b, x) =>
    b.node(operator, [x, b.node("Sigmoid", [x])]);

const vector = (b: GraphBuilder, count: number): string =>
  b.constant(
    floatTensor(
      [count],
      Array.from({ length: count }, (_, at) => 0.5 + at / 4),
    ),
  );

const turned: Make = (b, x) => b.node("Transpose", [x], { perm: [0, 2, 1] });

/** A step that multiplies by what it takes from around it. */
const scanned: Make = (b, x) => {
  const gate = b.node("Sigmoid", [b.node("ReduceMean", [x, b.ints([1])], { keepdims: 0 })]);
  const [, sums = ""] = b.nodes("Scan", [gate, x], 2, {
    num_scan_inputs: 1,
    scan_input_axes: [1],
    scan_output_axes: [1],
    body: b.subgraph("steps", (inner) => {
      const state = inner.input("state", "float32", ["rows", 6]);
      const slice = inner.input("slice", "float32", ["rows", 6]);
      const product = inner.node("Mul", [inner.node("Tanh", [slice]), gate]);
      const next = inner.node("Add", [inner.node("Mul", [state, gate]), product]);
      return [next, inner.node("Sin", [next])];
    }),
  });
  return sums;
};

/** Small graphs of [rows, 4, 6], each of which leads through the operator that it is named by. */
export const OPERATORS: Readonly<Record<string, Make>> = {
  ...Object.fromEntries(
    (
      "Relu LeakyRelu Abs HardSigmoid HardSwish Shrink ThresholdedRelu Ceil Floor Round Sign " +
      "Sigmoid Tanh Elu Celu Selu Softplus Softsign Gelu Mish Erf Exp Sin Cos Atan Asinh Sinh " +
      "Cosh Neg Identity Softmax LogSoftmax GlobalMaxPool GlobalAveragePool LpNormalization"
    )
      .split(" ")
      .map((operator) => [operator, unary(operator)]),
  ),
  ...Object.fromEntries(
    "ReduceL1 ReduceL2 ReduceLogSumExp ReduceSumSquare ReduceMax ReduceMin ReduceMean ReduceSum"
      .split(" ")
      .map((operator, at) => [operator, reduced(operator, [1 + (at % 2)], at % 3 === 0 ? 1 : 0)]),
  ),
  "Gelu of tanh": (b, x) => b.node("Gelu", [x], { approximate: "tanh" }),
  "LpNormalization of p 1": unary("LpNormalization", { p: 1 }),
  MeanVarianceNormalization: (b, x) => b.node("MeanVarianceNormalization", [x], { axes: [1, 2] }),
  "Softmax over rows": unary("Softmax", { axis: 1 }),
  Clip: (b, x) => b.node("Clip", [x, b.scalar(-0.3), b.scalar(0.8)]),
  PRelu: (b, x) => b.node("PRelu", [x, vector(b, 6)]),
  Log: after(positive, "Log"),
  Sqrt: after(positive, "Sqrt"),
  "Sqrt at its pole": after(unary("Relu"), "Sqrt"),
  Reciprocal: after(positive, "Reciprocal"),
  ReduceLogSum: (b, x) => b.node("ReduceLogSum", [positive(b, x), b.ints([1, 2])]),
  Asin: after(small, "Asin"),
  Acos: after(small, "Acos"),
  Atanh: after(small, "Atanh"),
  Tan: after(small, "Tan"),
  Acosh: (b, x) => b.node("Acosh", [b.node("Add", [positive(b, x), b.scalar(1)])]),
  "Pow by a constant": (b, x) => b.node("Pow", [positive(b, x), b.scalar(1.7)]),
  "Pow by 2": (b, x) => b.node("Pow", [x, b.scalar(2)]),
  "Pow by what varies": (b, x) => b.node("Pow", [positive(b, x), b.node("Sin", [x])]),
  Mul: binary("Mul"),
  "Mul by itself": (b, x) => b.node("Mul", [x, x]),
  "Mul, broadcast": (b, x) => b.node("Mul", [x, b.node("ReduceMean", [x, b.ints([1])])]),
  Div: binary("Div"),
  "Div by a constant": (b, x) => b.node("Div", [x, vector(b, 6)]),
  "Div of a constant": (b, x) => b.node("Div", [vector(b, 6), positive(b, x)]),
  Sub: binary("Sub"),
  Max: binary("Max"),
  Min: binary("Min"),
  "Max with a constant": (b, x) => b.node("Max", [x, vector(b, 6)]),
  MatMul: (b, x) => b.node("MatMul", [x, turned(b, b.node("Tanh", [x]))]),
  Gemm: (b, x) => {
    const rows = b.node("ReduceMean", [x, b.ints([1])], { keepdims: 0 });
    const weights = b.constant(floatTensor([6, 6], range(36).map(Math.sin)));
    return b.node("Gemm", [rows, weights, b.node("Sin", [rows])], { alpha: 0.5, beta: 2 });
  },
  Einsum: (b, x) => b.node("Einsum", [x, b.node("Exp", [x])], { equation: "bij,bik->bjk" }),
  MaxPool: (b, x) => b.node("MaxPool", [x], { kernel_shape: [3], strides: [1], pads: [1, 1] }),
  AveragePool: (b, x) => b.node("AveragePool", [x], { kernel_shape: [3], strides: [2] }),
  LayerNormalization: (b, x) => b.node("LayerNormalization", [x, vector(b, 6), vector(b, 6)]),
  "LayerNormalization's deviation": (b, x) =>
    b.nodes("LayerNormalization", [x, vector(b, 6)], 3)[2] ?? "",
  RMSNormalization: (b, x) => b.node("RMSNormalization", [x, vector(b, 6)], { axis: -1 }),
  InstanceNormalization: (b, x) => b.node("InstanceNormalization", [x, vector(b, 4), vector(b, 4)]),
  GroupNormalization: (b, x) =>
    b.node("GroupNormalization", [x, vector(b, 4), vector(b, 4)], { num_groups: 2 }),
  BatchNormalization: (b, x) =>
    b.node("BatchNormalization", [x, ...Array.from({ length: 4 }, () => vector(b, 4))]),
  Attention: (b, x) =>
    b.node("Attention", [x, b.node("Sin", [x]), x], {
      q_num_heads: 2,
      kv_num_heads: 2,
      is_causal: 1,
      softcap: 2,
    }),
  "Attention of heads apart": (b, x) => {
    const heads = b.node("Reshape", [x, b.ints([0, 2, 4, 3])]);
    return b.node("Attention", [heads, heads, b.node("Tanh", [heads])]);
  },
  "where the choice is fixed": (b, x) => {
    const mask = b.node("Greater", [vector(b, 6), b.scalar(1)]);
    return b.node("Where", [mask, b.node("Exp", [x]), b.node("Sin", [x])]);
  },
  "a scores' mask of minus infinity": (b, x) => {
    const mask = b.constant(floatTensor([6], [0, 0, 0, 0, -Infinity, -Infinity]));
    return b.node("Softmax", [b.node("Add", [x, mask])]);
  },
  "scores far apart": (b, x) => b.node("LogSoftmax", [b.node("Mul", [x, b.scalar(200)])]),
  ScatterElements: (b, x) => {
    const indices = b.constant({
      type: "int64",
      dims: [1, 4, 1],
      data: new BigInt64Array([2n, 0n, 5n, 1n]),
    });
    const rows = b.node("Expand", [
      indices,
      b.node("Concat", [b.node("Shape", [x], { end: 1 }), b.ints([4, 1])], { axis: 0 }),
    ]);
    const updates = b.node("ReduceMax", [x, b.ints([2])]);
    return b.node("ScatterElements", [x, rows, updates], { axis: 2, reduction: "add" });
  },
  RNN: (b, x) => recurrent(b, x, "RNN", 1),
  GRU: (b, x) => recurrent(b, x, "GRU", 3),
  "GRU, linear before reset": (b, x) => recurrent(b, x, "GRU", 3, { linear_before_reset: 1 }),
  LSTM: (b, x) => recurrent(b, x, "LSTM", 4, { direction: "reverse" }),
  Scan: scanned,
};

function recurrent(
  b: GraphBuilder,
  x: string,
  operator: string,
  gates: number,
  attributes: Record<string, number | string> = {},
): string {
  const hidden = 3;
  const weights = (columns: number): string =>
    b.constant(
      floatTensor(
        [1, gates * hidden, columns],
        Array.from({ length: gates * hidden * columns }, (_, at) => Math.sin(7 * at) / 2),
      ),
    );
  const steps = b.node("Transpose", [x], { perm: [1, 0, 2] });
  const inputs = [steps, weights(6), weights(hidden)];
  return b.node("Transpose", [b.node(operator, inputs, { hidden_size: hidden, ...attributes })], {
    perm: [2, 0, 1, 3],
  });
}
