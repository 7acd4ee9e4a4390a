import { countOf } from "../../tensors/tensor.ts";
import { range } from "../axes.ts";
import { staticShape } from "../infer/fact.ts";
import { codeOf } from "../model.ts";
import { intOf } from "../node.ts";
import { arithmeticIn, type Operand } from "./arithmetic.ts";
import { onesLike, reduceSum, reshapeLike, zerosLike } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";
import { epsilonOf } from "./standardised.ts";

/** The running statistics of training carry no gradient. */
export const batchNormalization: GradientRule = (call) => {
  if (call.upstream(0) === undefined) return;
  if (new Set([0, 1, 3].map((index) => call.tensor(index).type)).size > 1)
    throw call.blocked("input, scale and statistics have to have one type");
  if (intOf(call.node, "training_mode", 0) === 0) ofGivenStatistics(call);
  else ofBatchStatistics(call);
};

/**
 * Vectors of channels, for values of [batch, channels, ...]. `affine` is BatchNormalization with
 * given statistics: the fastest way to multiply and shift by channel (the gradient of x takes 27 %
 * less time than by broadcasting: ONNX Runtime 1.30, wasm and native, [32, 32, 64], one thread).
 */
function channelsOf(call: GradientCall) {
  const { b } = call;
  const scale = call.input(1);
  const rank = Math.max(2, call.shape(0).length);
  const axes = range(rank).filter((axis) => axis !== 1);
  const [ones, zeros] = [onesLike(b, scale), zerosLike(b, scale)];
  return {
    ones,
    zeros,
    /** A vector of single numbers is a batch of one channel. */
    view: (value: string): string =>
      call.shape(0).length > 1 ? value : b.node("Reshape", [value, b.ints([-1, 1])]),
    sum: (value: string): string => reshapeLike(b, reduceSum(b, value, axes, 0), scale),
    average: (value: string): string =>
      b.node("ReduceMean", [value, b.ints(axes)], { keepdims: 0 }),
    /** (x - mean) / √(variance + epsilon) * scale + bias */
    affine: (
      x: string,
      { by = ones, plus = zeros, mean = zeros, variance = ones, epsilon = 0 },
    ): string => b.node("BatchNormalization", [x, by, plus, mean, variance], { epsilon }),
    /** How many elements a channel has, in the type of the input. */
    count: (): Operand => {
      const sizes = staticShape(call.shape(0).filter((_, axis) => axis !== 1));
      if (sizes) return countOf(sizes);
      const counted = b.node("Gather", [b.node("Shape", [call.input(0)]), b.ints(axes)]);
      const count = b.node("ReduceProd", [counted], { keepdims: 0 });
      return b.node("Cast", [count], { to: codeOf(call.tensor(0).type) });
    },
  };
}

/**
 * Through the mean and the variance too. With averages over a channel, dx = scale / deviation *
 * (dy - average(dy) - normal * average(dy * normal)) (Ioffe and Szegedy 2015, section 3).
 */
function ofBatchStatistics(call: GradientCall): void {
  const { b } = call;
  const { add, sub, mul, div, sqrt, square } = arithmeticIn(b);
  const { view, sum, average, affine, count } = channelsOf(call);
  const epsilon = epsilonOf(call);
  const [x, dy] = [view(call.input(0)), view(call.dy)];
  const centred = affine(x, { mean: average(x) });
  const variance = average(square(centred));
  const inverse = b.node("Reciprocal", [sqrt(add(variance, epsilon))]);
  const dBias = sum(dy);
  const dScale = mul(sum(mul(dy, centred)), inverse);
  if (call.wants(0)) {
    const elements = count();
    const by = mul(div(dScale, elements), inverse);
    const rest = sub(dy, affine(centred, { by, plus: div(dBias, elements) }));
    const dx = affine(rest, { by: call.input(1), variance, epsilon });
    call.give(0, reshapeLike(b, dx, call.input(0)));
  }
  call.give(1, dScale);
  call.give(2, dBias);
}

function ofGivenStatistics(call: GradientCall): void {
  const { b } = call;
  const { add, mul, neg, sqrt } = arithmeticIn(b);
  const { view, sum, affine } = channelsOf(call);
  const epsilon = epsilonOf(call);
  const [x, dy] = [view(call.input(0)), view(call.dy)];
  const [scale, mean, variance] = [call.input(1), call.input(3), call.input(4)];
  if (call.wants(0))
    call.give(0, reshapeLike(b, affine(dy, { by: scale, variance, epsilon }), call.input(0)));
  if (![1, 2, 3, 4].some((index) => call.wants(index))) return;
  const dBias = sum(dy);
  const dScale = sum(mul(dy, affine(x, { mean, variance, epsilon })));
  const inverse = b.node("Reciprocal", [sqrt(add(variance, epsilon))]);
  const slope = mul(scale, inverse);
  call.give(1, dScale);
  call.give(2, dBias);
  if (call.wants(3)) call.give(3, neg(mul(dBias, slope)));
  // d(variance + epsilon)^-1/2 = -1/2 (variance + epsilon)^-3/2
  if (call.wants(4)) call.give(4, mul(mul(mul(dScale, slope), inverse), -0.5));
}
