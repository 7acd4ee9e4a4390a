import { frontAxis, range } from "../axes.ts";
import { floatOf, intOf, intsOf, opsetOf } from "../node.ts";
import { arithmeticIn } from "./arithmetic.ts";
import { batchNormalization } from "./batch-normalisation.ts";
import { signOf } from "./elementwise.ts";
import { reduceSum, reshapeLike, unbroadcast } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";
import { averageOver, rootMeanSquare, standardised, type Standardised } from "./standardised.ts";

/** What is normalised, in the shape in which it is: the operator's own, or groups of channels apart. */
type View = {
  readonly dy: string;
  /** Broadcasts to `dy`, as does the bias, which has the shape of `bias` or else of the scale. */
  readonly scale: string;
  readonly bias?: string;
  readonly axes: readonly number[];
  readonly normal: Standardised;
};

/**
 * The gradients of normal * scale + bias. With g = dy * scale, and averages over the axes, that of
 * what was normalised is inverse * (g - average(g) - normal * average(g * normal)), without
 * average(g) where no mean was subtracted (Ba et al. 2016, section 3; Zhang and Sennrich 2019).
 */
function giveNormalised(call: GradientCall, view: View): void {
  const { b } = call;
  const { mul, sub } = arithmeticIn(b);
  const { dy, scale, axes, normal } = view;
  if (call.wants(0)) {
    const g = mul(dy, scale);
    const along = mul(normal.value, averageOver(b, mul(g, normal.value), axes));
    const centred = normal.isCentred ? sub(g, averageOver(b, g, axes)) : g;
    call.give(0, reshapeLike(b, mul(normal.inverse, sub(centred, along)), call.input(0)));
  }
  const giveParameter = (index: number, gradient: string, like: string): void =>
    call.give(index, reshapeLike(b, unbroadcast(b, gradient, like), call.input(index)));
  if (call.wants(1)) giveParameter(1, mul(dy, normal.value), scale);
  if (call.wants(2)) giveParameter(2, dy, view.bias ?? scale);
}

/** The axes from the one that the node names on. */
function lastAxes(call: GradientCall): number[] {
  const rank = call.shape(0).length;
  const axis = intOf(call.node, "axis", -1);
  return from(frontAxis(axis, rank), rank);
}

const from = (first: number, rank: number): number[] => range(rank).slice(first);

const layerNormalization: GradientRule = (call) => {
  if (call.upstream(1) !== undefined || call.upstream(2) !== undefined)
    throw call.blocked("the gradient of the mean or the deviation that it gives is not followed");
  const axes = lastAxes(call);
  const normal = standardised(call, call.input(0), axes);
  const bias = call.has(2) ? { bias: call.input(2) } : {};
  giveNormalised(call, { dy: call.dy, scale: call.input(1), ...bias, axes, normal });
};

const rmsNormalization: GradientRule = (call) => {
  const axes = lastAxes(call);
  const normal = rootMeanSquare(call, call.input(0), axes);
  giveNormalised(call, { dy: call.dy, scale: call.input(1), axes, normal });
};

const instanceNormalization: GradientRule = (call) => {
  const rank = call.shape(0).length;
  const axes = from(2, rank);
  const perChannel = call.b.ints([-1, ...axes.map(() => 1)]);
  giveNormalised(call, {
    dy: call.dy,
    scale: call.b.node("Reshape", [call.input(1), perChannel]),
    axes,
    normal: standardised(call, call.input(0), axes),
  });
};

/** As [batch, groups, channels of a group, the rest]. Version 18 has a scale for each group. */
const groupNormalization: GradientRule = (call) => {
  const { b } = call;
  const [, channels] = call.shape(0);
  const groups = intOf(call.node, "num_groups", 1);
  if (typeof channels !== "number") throw call.blocked("the number of channels has to be known");
  const shape = b.ints([0, groups, channels / groups, -1]);
  const perChannel = opsetOf(b) < 21 ? [1, groups, 1, 1] : [1, groups, channels / groups, 1];
  const axes = [2, 3];
  giveNormalised(call, {
    dy: b.node("Reshape", [call.dy, shape]),
    scale: b.node("Reshape", [call.input(1), b.ints(perChannel)]),
    axes,
    normal: standardised(call, b.node("Reshape", [call.input(0), shape]), axes),
  });
};

/** The 1e-9 that the operator adds to the deviation counts where that is zero, and nowhere else. */
const meanVarianceNormalization: GradientRule = (call) => {
  const { b, dy } = call;
  const { add, sub, mul, div, sqrt, square } = arithmeticIn(b);
  const x = call.input(0);
  const rank = call.shape(0).length;
  const axes = (intsOf(call.node, "axes") ?? [0, 2, 3]).map((axis) => frontAxis(axis, rank));
  const centred = sub(x, averageOver(b, x, axes));
  const deviation = add(sqrt(averageOver(b, square(centred), axes)), 1e-9);
  const along = mul(call.output(), averageOver(b, mul(dy, call.output()), axes));
  call.give(0, div(sub(sub(dy, averageOver(b, dy, axes)), along), deviation));
};

/** (dy - s Σ dy y) / norm, where s is y for p = 2 and the sign of x for p = 1; zero where the norm is zero. */
const lpNormalization: GradientRule = (call) => {
  const { b, dy } = call;
  const { mul, sub, div, equal, where } = arithmeticIn(b);
  const [x, y] = [call.input(0), call.output()];
  const axis = intOf(call.node, "axis", -1);
  const isEuclidean = intOf(call.node, "p", 2) === 2;
  const norm = b.node(isEuclidean ? "ReduceL2" : "ReduceL1", [x, b.ints([axis])]);
  const slope = isEuclidean ? y : signOf(call, x);
  const along = mul(slope, reduceSum(b, mul(dy, y), [axis]));
  call.give(0, div(sub(dy, along), where(equal(norm, 0), Infinity, norm)));
};

/**
 * With d = bias + alpha / size Σ x², y = x d^-beta: t - 2 alpha beta x (the average of t x / d over
 * the channels in whose windows x lies), where t = dy d^-beta. A sum over channels is an average
 * pool over the first axis of [channels, the rest].
 */
const lrn: GradientRule = (call) => {
  const { b, dy, node } = call;
  const { add, sub, mul, div, pow, square } = arithmeticIn(b);
  const x = call.input(0);
  const [, channels] = call.shape(0);
  if (typeof channels !== "number") throw call.blocked("the number of channels has to be known");
  const size = intOf(node, "size", 1);
  const alpha = floatOf(node, "alpha", 1e-4);
  const beta = floatOf(node, "beta", 0.75);
  const before = Math.floor((size - 1) / 2);
  const after = size - 1 - before;
  /** The sum over `first` channels before each to `last` after it, divided by `size`. */
  const pooled = (value: string, first: number, last: number): string => {
    const planes = b.node("Reshape", [value, b.ints([0, 1, channels, -1])]);
    const pool = b.node("AveragePool", [planes], {
      kernel_shape: [size, 1],
      pads: [first, 0, last, 0],
      count_include_pad: 1,
    });
    return reshapeLike(b, pool, x);
  };
  const d = add(mul(pooled(square(x), before, after), alpha), floatOf(node, "bias", 1));
  const t = mul(dy, pow(d, -beta));
  const spread = pooled(div(mul(t, x), d), after, before);
  call.give(0, sub(t, mul(mul(x, spread), 2 * alpha * beta)));
};

export const NORMALISATION: Record<string, GradientRule> = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
  LRN: lrn,
};
