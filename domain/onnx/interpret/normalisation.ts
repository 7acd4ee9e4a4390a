import { countOf } from "../../tensors/tensor.ts";
import { checkedAxis, range } from "../axes.ts";
import { ONNX_TYPES } from "../model.ts";
import { floatOf, intOf, intsOf } from "../node.ts";
import { filled, numbers, positionOf, type Numbers } from "./array.ts";
import { broadcastAt, combined } from "./broadcast.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import { alongAxes, groupsAlong } from "./reduction.ts";

type Moments = { readonly mean: number; readonly variance: number };

const averageOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean and population variance. */
function momentsOf(values: readonly number[]): Moments {
  const mean = averageOf(values);
  return { mean, variance: averageOf(values.map((value) => (value - mean) ** 2)) };
}

const epsilonOf = (call: InterpreterCall): number => floatOf(call.node, "epsilon", 1e-5);

/** (x - mean) / √(variance + epsilon) of values that are normalised together. */
function standardised(values: readonly number[], epsilon: number): number[] {
  const { mean, variance } = momentsOf(values);
  return values.map((value) => (value - mean) / Math.sqrt(variance + epsilon));
}

/** `x` by the scale and bias of the channel of each element, or of what `indexOf` makes of it. */
const affine = (
  x: Numbers,
  scale: Numbers,
  bias: Numbers,
  indexOf = (channel: number): number => channel,
): Numbers =>
  filled(x.type, x.dims, (index) => {
    const at = indexOf(positionOf(index, x.dims)[1] ?? 0);
    return (x.data[index] ?? 0) * (scale.data[at] ?? 0) + (bias.data[at] ?? 0);
  });

/** The axes from the one that the node names on. */
function lastAxes(call: InterpreterCall, rank: number): number[] {
  const first = checkedAxis(call, intOf(call.node, "axis", -1), rank);
  return range(rank).slice(first);
}

/**
 * The statistics are those of the batch where `training_mode` asks for it; before opset 14, where
 * the node has more outputs than y. Before opset 9, `spatial` = 0 asks for those of each activation.
 */
const batchNormalization: InterpreterRule = (call) => {
  const { node, opset } = call;
  const [x, scale, bias] = [call.numbers(0), call.numbers(1), call.numbers(2)];
  const [mean, variance] = [call.numbers(3), call.numbers(4)];
  const isTraining = opset >= 14 ? intOf(node, "training_mode", 0) === 1 : node.outputs.length > 1;
  const isSpatial = opset >= 9 || intOf(node, "spatial", 1) === 1;
  const axes = isSpatial ? range(x.dims.length).toSpliced(1, 1) : [0];
  const groups = groupsAlong(x.dims, axes);
  const current = groups.map((group, at) =>
    isTraining
      ? momentsOf(group.map((index) => x.data[index] ?? 0))
      : { mean: mean.data[at] ?? 0, variance: variance.data[at] ?? 0 },
  );
  const y = x.data.slice();
  for (const [at, group] of groups.entries()) {
    const moments = current[at] ?? { mean: 0, variance: 0 };
    const factor = (scale.data[at] ?? 0) / Math.sqrt(moments.variance + epsilonOf(call));
    for (const index of group)
      y[index] = ((x.data[index] ?? 0) - moments.mean) * factor + (bias.data[at] ?? 0);
  }
  const result = { ...x, data: y };
  if (!isTraining) return result;
  const means = numbers(
    mean.type,
    mean.dims,
    current.map((moments) => moments.mean),
  );
  const variances = numbers(
    variance.type,
    variance.dims,
    current.map((moments) => moments.variance),
  );
  const momentum = floatOf(node, "momentum", 0.9);
  const running = (old: Numbers, now: Numbers): Numbers =>
    combined(call, old.type, [old, now], (a, b) => a * momentum + b * (1 - momentum));
  return [result, running(mean, means), running(variance, variances), means, variances];
};

const instanceNormalization: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const axes = range(x.dims.length).slice(2);
  const normal = alongAxes(x, axes, (values) => standardised(values, epsilonOf(call)));
  return affine(normal, call.numbers(1), call.numbers(2));
};

/** Version 18 has a scale and a bias for each group, later ones for each channel. */
const groupNormalization: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const [batch = 0, channels = 0] = x.dims;
  const groups = intOf(call.node, "num_groups", 1);
  const view = { ...x, dims: [batch, groups, countOf(x.dims) / (batch * groups)] };
  const { data } = alongAxes(view, [2], (values) => standardised(values, epsilonOf(call)));
  return affine({ ...x, data }, call.numbers(1), call.numbers(2), (channel) =>
    call.opset < 21 ? Math.floor((channel * groups) / channels) : channel,
  );
};

/** The mean and the inverse deviation come as further outputs. */
const layerNormalization: InterpreterRule = (call) => {
  const [x, scale, bias] = [call.numbers(0), call.numbers(1), call.optional(2)];
  const axes = lastAxes(call, x.dims.length);
  const normal = alongAxes(x, axes, (values) => standardised(values, epsilonOf(call)));
  const y = combined(
    call,
    x.type,
    bias ? [normal, scale, bias] : [normal, scale],
    (n, s, b = 0) => n * s + b,
  );
  const moments = groupsAlong(x.dims, axes).map((group) =>
    momentsOf(group.map((index) => x.data[index] ?? 0)),
  );
  const stash = (ONNX_TYPES[intOf(call.node, "stash_type", 1)] ?? "float32") as Numbers["type"];
  const dims = x.dims.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const means = moments.map(({ mean }) => mean);
  const inverses = moments.map(({ variance }) => 1 / Math.sqrt(variance + epsilonOf(call)));
  return [y, numbers(stash, dims, means), numbers(stash, dims, inverses)];
};

const rmsNormalization: InterpreterRule = (call) => {
  const [x, scale] = [call.numbers(0), call.numbers(1)];
  const normal = alongAxes(x, lastAxes(call, x.dims.length), (values) => {
    const root = Math.sqrt(averageOf(values.map((value) => value ** 2)) + epsilonOf(call));
    return values.map((value) => value / root);
  });
  return combined(call, scale.type, [normal, scale], (n, s) => n * s);
};

/** Zeros stay zeros. */
const lpNormalization: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const power = intOf(call.node, "p", 2);
  const axis = checkedAxis(call, intOf(call.node, "axis", -1), x.dims.length);
  return alongAxes(x, [axis], (values) => {
    const norm = values.reduce((sum, value) => sum + Math.abs(value) ** power, 0) ** (1 / power);
    return values.map((value) => (norm === 0 ? 0 : value / norm));
  });
};

/** Its epsilon is added to the deviation, not to the variance. */
const meanVarianceNormalization: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const axes = (intsOf(call.node, "axes") ?? [0, 2, 3]).map((axis) =>
    checkedAxis(call, axis, x.dims.length),
  );
  return alongAxes(x, axes, (values) => {
    const { mean, variance } = momentsOf(values);
    return values.map((value) => (value - mean) / (Math.sqrt(variance) + 1e-9));
  });
};

/** x / (bias + alpha / size · Σ x²) ^ beta, the sum over the `size` channels around each. */
const lrn: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const size = intOf(call.node, "size", 1);
  const alpha = floatOf(call.node, "alpha", 1e-4);
  const beta = floatOf(call.node, "beta", 0.75);
  const bias = floatOf(call.node, "bias", 1);
  const [, channels = 0] = x.dims;
  const before = Math.floor((size - 1) / 2);
  return filled(x.type, x.dims, (index) => {
    const position = positionOf(index, x.dims);
    const squares = range(size)
      .map((offset) => (position[1] ?? 0) - before + offset)
      .filter((channel) => channel >= 0 && channel < channels)
      .reduce((sum, channel) => sum + broadcastAt(x, position.with(1, channel)) ** 2, 0);
    return (x.data[index] ?? 0) / (bias + (alpha / size) * squares) ** beta;
  });
};

export const NORMALISATION: Record<string, InterpreterRule> = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
  LRN: lrn,
};
