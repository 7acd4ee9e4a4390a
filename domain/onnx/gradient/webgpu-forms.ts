import type { GraphBuilder } from "../graph-builder.ts";
import { staticShape } from "../infer/fact.ts";
import type { Node } from "../model.ts";
import { floatOf, intOf, placeOf, stringOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { arithmeticIn } from "./arithmetic.ts";
import { onesLike, reshapeLike, zerosLike } from "./emit.ts";
import { isOwnClass } from "./loss.ts";

/**
 * Adds nodes that compute what a node does and that all have a kernel on WebGPU, and answers with
 * the values of its outputs; undefined where the node can stay as it is.
 */
export type WebgpuForm = (b: GraphBuilder, node: Node) => string[] | undefined;

/**
 * How many outputs a Split may have. A shader has a buffer for each and one for the input, and
 * WebGPU promises eight.
 */
const SPLIT_LIMIT = 7;

const inputOf = (node: Node, index: number): string => node.inputs[index] ?? "";
const has = (node: Node, index: number): boolean => inputOf(node, index) !== "";

function logSoftmaxOver(b: GraphBuilder, x: string, axis: number): string {
  const { sub, exp, log } = arithmeticIn(b);
  const shifted = sub(x, b.node("ReduceMax", [x, b.ints([axis])]));
  return sub(shifted, log(b.node("ReduceSum", [exp(shifted), b.ints([axis])])));
}

const logSoftmax: WebgpuForm = (b, node) => [
  logSoftmaxOver(b, inputOf(node, 0), intOf(node, "axis", -1)),
];

/** The loss of labels, from the logarithms of the probabilities: what the node does after its own LogSoftmax, if any. */
function negativeLogLikelihood(b: GraphBuilder, node: Node, logarithms: string): string {
  const { mul, div, neg, where, like } = arithmeticIn(b);
  const isOwn = isOwnClass(b, node);
  const one = b
    .shapeOf(logarithms)
    .slice(2)
    .map(() => 1);
  const weighted = (value: string): string =>
    has(node, 2) ? mul(value, b.node("Reshape", [inputOf(node, 2), b.ints([-1, ...one])])) : value;
  const each = where(isOwn, weighted(logarithms), 0);
  const total = (value: string): string => b.node("ReduceSum", [value], { keepdims: 0 });
  switch (stringOf(node, "reduction", "mean")) {
    case "none":
      return neg(b.node("ReduceSum", [each, b.ints([1])], { keepdims: 0 }));
    case "sum":
      return neg(total(each));
    default:
      return neg(div(total(each), total(weighted(like(isOwn, logarithms)))));
  }
}

const softmaxCrossEntropyLoss: WebgpuForm = (b, node) => {
  const logarithms = logSoftmaxOver(b, inputOf(node, 0), 1);
  return [negativeLogLikelihood(b, node, logarithms), logarithms];
};

const negativeLogLikelihoodLoss: WebgpuForm = (b, node) => [
  negativeLogLikelihood(b, node, inputOf(node, 0)),
];

/** WebGPU normalises by given statistics only, and needs an axis of channels. */
const batchNormalization: WebgpuForm = (b, node) => {
  const isTraining = intOf(node, "training_mode", 0) === 1;
  const original = inputOf(node, 0);
  const isVector = b.shapeOf(original).length === 1;
  if (!isTraining && !isVector) return undefined;
  const { add, mul, square } = arithmeticIn(b);
  const x = isVector ? b.node("Reshape", [original, b.ints([-1, 1])]) : original;
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => inputOf(node, index)) as [
    string,
    string,
    string,
    string,
  ];
  const normalised = (of: string, epsilon: number, ...by: string[]): string =>
    b.node("BatchNormalization", [of, ...by], { epsilon });
  const epsilon = floatOf(node, "epsilon", 1e-5);
  if (!isTraining)
    return [reshapeLike(b, normalised(x, epsilon, scale, bias, mean, variance), original)];
  const axes = b.ints(b.shapeOf(x).flatMap((_, axis) => (axis === 1 ? [] : [axis])));
  const average = (value: string): string => b.node("ReduceMean", [value, axes], { keepdims: 0 });
  const [ones, zeros] = [onesLike(b, scale), zerosLike(b, scale)];
  const ownMean = average(x);
  const ownVariance = average(square(normalised(x, 0, ones, zeros, ownMean, ones)));
  const y = normalised(x, epsilon, scale, bias, ownMean, ownVariance);
  const momentum = floatOf(node, "momentum", 0.9);
  const running = (old: string, own: string): string =>
    add(mul(old, momentum), mul(own, 1 - momentum));
  return [
    reshapeLike(b, y, original),
    ...[running(mean, ownMean), running(variance, ownVariance)].slice(0, node.outputs.length - 1),
  ];
};

/** Parts of parts, where there are more than a shader can write. */
const split: WebgpuForm = (b, node) => {
  if (node.outputs.length <= SPLIT_LIMIT) return undefined;
  const axis = intOf(node, "axis", 0);
  const sizes = staticShape(node.outputs.map((output) => b.shapeOf(output).at(axis) ?? null));
  return sizes ? splitBy(b, inputOf(node, 0), sizes, axis) : undefined;
};

function splitBy(b: GraphBuilder, x: string, sizes: readonly number[], axis: number): string[] {
  if (sizes.length === 1) return [x];
  let width = 1;
  while (width * SPLIT_LIMIT < sizes.length) width *= SPLIT_LIMIT;
  const groups = Array.from({ length: Math.ceil(sizes.length / width) }, (_, index) =>
    sizes.slice(index * width, (index + 1) * width),
  );
  const totals = groups.map((group) => group.reduce((sum, size) => sum + size, 0));
  const parts = b.nodes("Split", [x, b.ints(totals)], groups.length, { axis });
  return groups.flatMap((group, index) => splitBy(b, parts[index] ?? "", group, axis));
}

/**
 * ONNX Runtime 1.30 computes wrong where a group has several input channels and one output channel:
 * there each input channel becomes a group, and those of a group are added up.
 */
/** Batch, channels and two axes: the provider runs no ConvTranspose over more. */
const CONV_TRANSPOSE_RANK = 4;

const convTranspose: WebgpuForm = (b, node) => {
  if (b.shapeOf(inputOf(node, 0)).length > CONV_TRANSPOSE_RANK)
    throw new OnnxFault(
      "unsupported",
      "WebGPU has no ConvTranspose over three axes, which the gradients of 3-D convolutions and pools need; take the profile 'wasm'",
      placeOf(node),
    );
  const group = intOf(node, "group", 1);
  const [maps = null, channels = null] = b.shapeOf(inputOf(node, 1));
  if (group === 1 || channels !== 1 || typeof maps !== "number" || maps === group) return undefined;
  const parts = b.fresh("parts");
  b.add({
    ...node,
    inputs: node.inputs.slice(0, 2),
    outputs: [parts],
    attributes: node.attributes.map((attribute) =>
      attribute.name === "group" ? { name: "group", kind: "int", value: maps } : attribute,
    ),
  });
  const spatial = b.shapeOf(parts).length - 2;
  const sizes = spatial === 0 ? [] : [b.node("Shape", [parts], { start: 2 })];
  const grouped = b.node("Reshape", [
    parts,
    b.node("Concat", [b.ints([0, group, maps / group]), ...sizes], { axis: 0 }),
  ]);
  const sum = b.node("ReduceSum", [grouped, b.ints([2])], { keepdims: 0 });
  if (!has(node, 2)) return [sum];
  const bias = b.node("Reshape", [
    inputOf(node, 2),
    b.ints([-1, ...Array<number>(spatial).fill(1)]),
  ]);
  return [b.node("Add", [sum, bias])];
};

/** The number of elements, without fetching them. */
const size: WebgpuForm = (b, node) => [
  b.node("ReduceProd", [b.node("Shape", [inputOf(node, 0)])], { keepdims: 0 }),
];

const sum: WebgpuForm = (b, { inputs }) => [
  inputs.reduce((total, input) => b.node("Add", [total, input])),
];

const mean: WebgpuForm = (b, { inputs }) => {
  const total = inputs.reduce((added, input) => b.node("Add", [added, input]));
  return [arithmeticIn(b).mul(total, 1 / inputs.length)];
};

const sign: WebgpuForm = (b, node) => {
  const { greater, less, like, sub } = arithmeticIn(b);
  const x = inputOf(node, 0);
  return [sub(like(greater(x, 0), x), like(less(x, 0), x))];
};

const softsign: WebgpuForm = (b, node) => {
  const { div, add, abs } = arithmeticIn(b);
  const x = inputOf(node, 0);
  return [div(x, add(abs(x), 1))];
};

const selu: WebgpuForm = (b, node) => {
  const gamma = floatOf(node, "gamma", 1.0507009873554805);
  const alpha = floatOf(node, "alpha", 1.6732632423543772);
  return [arithmeticIn(b).mul(b.node("Elu", [inputOf(node, 0)], { alpha }), gamma)];
};

const celu: WebgpuForm = (b, node) => {
  const { mul, div } = arithmeticIn(b);
  const alpha = floatOf(node, "alpha", 1);
  return [mul(b.node("Elu", [div(inputOf(node, 0), alpha)]), alpha)];
};

const shrink: WebgpuForm = (b, node) => {
  const { greater, less, where, add, sub } = arithmeticIn(b);
  const x = inputOf(node, 0);
  const [bias, lambd] = [floatOf(node, "bias", 0), floatOf(node, "lambd", 0.5)];
  const above = where(greater(x, lambd), sub(x, bias), 0);
  return [where(less(x, -lambd), add(x, bias), above)];
};

/** A reduction over no axis, which WebGPU answers with its input: what remains to be done to each element. */
const reducingNothing =
  (each: (b: GraphBuilder, x: string) => string): WebgpuForm =>
  (b, node) => {
    const keeps = intOf(node, "noop_with_empty_axes", 0) === 1;
    const isEmpty = !has(node, 1) || b.shapeOf(inputOf(node, 1))[0] === 0;
    return keeps && isEmpty ? [each(b, inputOf(node, 0))] : undefined;
  };

const absolute = reducingNothing((b, x) => b.node("Abs", [x]));

/** The operators that ONNX Runtime's WebGPU provider lacks or computes wrong, in others that it has (1.30, opset 18 or later). */
export const WEBGPU_FORMS: ReadonlyMap<string, WebgpuForm> = new Map<string, WebgpuForm>([
  ["BatchNormalization", batchNormalization],
  ["Celu", celu],
  ["ConvTranspose", convTranspose],
  ["LogSoftmax", logSoftmax],
  ["Mean", mean],
  ["NegativeLogLikelihoodLoss", negativeLogLikelihoodLoss],
  ["ReduceL1", absolute],
  ["ReduceL2", absolute],
  ["ReduceLogSum", reducingNothing((b, x) => b.node("Log", [x]))],
  ["ReduceSumSquare", reducingNothing((b, x) => b.node("Mul", [x, x]))],
  ["Selu", selu],
  ["Shrink", shrink],
  ["Sign", sign],
  ["Size", size],
  ["SoftmaxCrossEntropyLoss", softmaxCrossEntropyLoss],
  ["Softsign", softsign],
  ["Split", split],
  ["Sum", sum],
]);
