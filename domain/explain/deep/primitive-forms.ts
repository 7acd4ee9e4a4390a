import { frontAxis, range } from "../../onnx/axes.ts";
import { arithmeticIn } from "../../onnx/gradient/arithmetic.ts";
import { weighed } from "../../onnx/gradient/attention.ts";
import { GradientCall, type Profile } from "../../onnx/gradient/gradient-call.ts";
import { expandRecurrent } from "../../onnx/gradient/recurrent-layer.ts";
import { expandScan, isExposed } from "../../onnx/gradient/scan-gradient.ts";
import { averageOver } from "../../onnx/gradient/standardised.ts";
import type { GraphBuilder } from "../../onnx/graph-builder.ts";
import type { Node } from "../../onnx/model.ts";
import { floatOf, intOf, intsOf, opsetOf } from "../../onnx/node.ts";

/** Adds nodes that compute what a node does, and answers with its outputs; undefined where it stays. */
export type PrimitiveForm = (
  b: GraphBuilder,
  node: Node,
  varies: (tensor: string) => boolean,
  profile: Profile,
) => readonly string[] | undefined;

const input = (node: Node, index: number): string => node.inputs[index] ?? "";
const has = (node: Node, index: number): boolean => input(node, index) !== "";

/** softmax x = exp (x - log Σ exp x), which overflows nowhere. */
const logSoftmax = (b: GraphBuilder, node: Node): string => {
  const axes = b.ints([intOf(node, "axis", -1)]);
  const x = input(node, 0);
  return b.node("Sub", [x, b.node("ReduceLogSumExp", [x, axes], { keepdims: 1 })]);
};

/** Normalised over axes, with what a normalisation gives beside it. */
type Normalised = { value: string; mean?: string; inverse: string };

function normalised(
  b: GraphBuilder,
  x: string,
  axes: readonly number[],
  epsilon: number,
  isCentred = true,
): Normalised {
  const { add, sub, div, sqrt, square } = arithmeticIn(b);
  const mean = isCentred ? averageOver(b, x, axes) : undefined;
  const centred = mean === undefined ? x : sub(x, mean);
  const deviation = sqrt(add(averageOver(b, square(centred), axes), epsilon));
  const inverse = b.node("Reciprocal", [deviation]);
  return { value: div(centred, deviation), inverse, ...(mean === undefined ? {} : { mean }) };
}

const EPSILON = 1e-5;
const epsilonOf = (node: Node): number => floatOf(node, "epsilon", EPSILON);

/** Scaled, and shifted where there is a bias. */
function affine(b: GraphBuilder, value: string, scale: string, bias: string | undefined): string {
  const scaled = b.node("Mul", [value, scale]);
  return bias === undefined ? scaled : b.node("Add", [scaled, bias]);
}

/** Over the axes from the one that the node names on. */
function lastAxes(b: GraphBuilder, node: Node): number[] {
  const rank = b.shapeOf(input(node, 0)).length;
  return range(rank).slice(frontAxis(intOf(node, "axis", -1), rank));
}

const layerNormalization: PrimitiveForm = (b, node) => {
  const {
    value,
    mean = "",
    inverse,
  } = normalised(b, input(node, 0), lastAxes(b, node), epsilonOf(node));
  const bias = has(node, 2) ? input(node, 2) : undefined;
  return [affine(b, value, input(node, 1), bias), mean, inverse];
};

const rmsNormalization: PrimitiveForm = (b, node) => {
  const { value } = normalised(b, input(node, 0), lastAxes(b, node), epsilonOf(node), false);
  return [affine(b, value, input(node, 1), undefined)];
};

const instanceNormalization: PrimitiveForm = (b, node) => {
  const axes = range(b.shapeOf(input(node, 0)).length).slice(2);
  const perChannel = (vector: string): string =>
    b.node("Reshape", [vector, b.ints([-1, ...axes.map(() => 1)])]);
  const { value } = normalised(b, input(node, 0), axes, epsilonOf(node));
  return [affine(b, value, perChannel(input(node, 1)), perChannel(input(node, 2)))];
};

/** As [rows, groups, channels of a group, the rest]. Before version 21 the scale is one of each group. */
const groupNormalization: PrimitiveForm = (b, node) => {
  const x = input(node, 0);
  const shape = b.shapeOf(x);
  const groups = intOf(node, "num_groups", 1);
  const [, channels, ...rest] = shape;
  const sizes = rest.filter((size) => typeof size === "number");
  if (typeof channels !== "number" || sizes.length < rest.length) return undefined;
  const each = channels / groups;
  const parameter = (vector: string): string =>
    b.node("Reshape", [vector, b.ints(opsetOf(b) < 21 ? [groups, 1, 1] : [groups, each, 1])]);
  const apart = b.node("Reshape", [x, b.ints([0, groups, each, -1])]);
  const { value } = normalised(b, apart, [2, 3], epsilonOf(node));
  const y = affine(b, value, parameter(input(node, 1)), parameter(input(node, 2)));
  return [b.node("Reshape", [y, b.ints([0, channels, ...sizes])])];
};

const lpNormalization: PrimitiveForm = (b, node) => {
  const x = input(node, 0);
  const axes = b.ints([intOf(node, "axis", -1)]);
  const operator = intOf(node, "p", 2) === 2 ? "ReduceL2" : "ReduceL1";
  return [b.node("Div", [x, b.node(operator, [x, axes], { keepdims: 1 })])];
};

/** A reduction as one of sums, in front of which and behind which a function of one number stands. */
const reduction =
  (before: string | undefined, operator: string, after: string | undefined): PrimitiveForm =>
  (b, node) => {
    const [x = "", ...axes] = node.inputs;
    const made = before === undefined ? x : b.node(before, [x]);
    const sum = b.fresh(operator);
    b.add({ ...node, opType: operator, inputs: [made, ...axes], outputs: [sum] });
    return [after === undefined ? sum : b.node(after, [sum])];
  };

const attention: PrimitiveForm = (b, node) => {
  // What the attention's gradient computes first is the attention itself; nothing is differentiated here.
  const call = new GradientCall(
    b,
    node,
    "webgpu",
    [],
    new Set(),
    () => {},
    () => [],
  );
  const { p, v, groups, keyHeads, isPacked } = weighed(call);
  const heads = groups * keyHeads;
  const mixed = b.node("MatMul", [p, v]);
  const size = Number(b.shapeOf(v).at(-1));
  if (!isPacked) return [b.node("Reshape", [mixed, b.ints([0, heads, -1, size])])];
  const ordered = b.node("Transpose", [mixed], { perm: [0, 3, 1, 2, 4] });
  return [b.node("Reshape", [ordered, b.ints([0, 0, heads * size])])];
};

/** x^y = exp (y log x) where y varies. */
const power: PrimitiveForm = (b, node, varies) => {
  if (!varies(input(node, 1))) return undefined;
  const { mul, exp, log, like } = arithmeticIn(b);
  const base = log(input(node, 0));
  return [exp(mul(like(input(node, 1), base), base))];
};

/** x s(alpha x) of the gate, times the value. */
const gated: PrimitiveForm = (b, node) => {
  const { mul, sigmoid } = arithmeticIn(b);
  const [gate, value] = [input(node, 0), input(node, 1)];
  return [mul(mul(gate, sigmoid(mul(gate, floatOf(node, "alpha", 1)))), value)];
};

const recurrent: PrimitiveForm = (b, node, _, profile) => expandRecurrent(b, node, profile);

/**
 * The operators that are made of simpler ones, as those: functions of one number, products,
 * quotients and linear maps, each of which has a secant. A recurrence becomes a `Scan` that shows its
 * states; on WebGPU, which has no `Scan`, its steps one after the other.
 */
export const PRIMITIVE_FORMS: Readonly<Record<string, PrimitiveForm>> = {
  Softmax: (b, node) => [b.node("Exp", [logSoftmax(b, node)])],
  LogSoftmax: (b, node) => [logSoftmax(b, node)],
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  // The operator adds 1e-9 to the deviation, which counts where that is zero.
  MeanVarianceNormalization: (b, node) => [
    normalised(b, input(node, 0), intsOf(node, "axes") ?? [0, 2, 3], 1e-18).value,
  ],
  LpNormalization: lpNormalization,
  ReduceL1: reduction("Abs", "ReduceSum", undefined),
  ReduceL2: reduction(undefined, "ReduceSumSquare", "Sqrt"),
  ReduceLogSum: reduction(undefined, "ReduceSum", "Log"),
  Attention: attention,
  SwiGLU: gated,
  Pow: power,
  RNN: recurrent,
  GRU: recurrent,
  LSTM: recurrent,
  Scan: (b, node, _, profile) =>
    isExposed(node) && profile !== "webgpu" ? undefined : expandScan(b, node, profile),
};
