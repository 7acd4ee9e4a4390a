import { frontAxis } from "../axes.ts";
import { einsumOf } from "../einsum-equation.ts";
import { intOf, intsOf } from "../node.ts";
import type { ChannelCall, ChannelRule } from "./channel-call.ts";
import type { Axis } from "./channels.ts";
import { conv, convTranspose } from "./convolution-channels.ts";
import { recurrent } from "./recurrent-channels.ts";
import { reshape } from "./reshape-channels.ts";

/** Aligns axes with those of the output from the last one on. */
function alignAxes(call: ChannelCall, input: readonly Axis[], output: readonly Axis[]): void {
  for (const [at, axis] of input.entries()) {
    const other = output[at + output.length - input.length];
    if (axis.size === 1 && other?.size !== 1) call.free(axis);
    else call.tie(axis, other);
  }
}

const elementwise: ChannelRule = (call) => {
  for (const out of call.node.outputs.keys())
    for (const index of call.node.inputs.keys())
      alignAxes(call, call.input(index), call.output(out));
};

/** Ties the axes of an input and an output of one rank where `keeps` says that they correspond. */
const axiswise =
  (keeps: (call: ChannelCall, axis: number, rank: number) => boolean): ChannelRule =>
  (call) => {
    const input = call.input(0);
    for (const [at, axis] of input.entries())
      if (keeps(call, at, input.length))
        for (const out of call.node.outputs.keys()) call.tie(axis, call.output(out)[at]);
  };

const pooling = axiswise((_, axis) => axis < 2);

const axisOf = (call: ChannelCall, absent: number, rank: number): number =>
  frontAxis(intOf(call.node, "axis", absent), rank);

/** Softmax normalised everything from its axis on before version 13. */
const softmax = axiswise((call, axis, rank) =>
  call.opset < 13 ? axis < axisOf(call, 1, rank) : axis !== axisOf(call, -1, rank),
);

const matMul: ChannelRule = (call) => {
  const [a, b, y] = [call.input(0), call.input(1), call.output()];
  if (a.length < 2 || b.length < 2) return;
  call.tie(a.at(-1), b.at(-2));
  call.tie(a.at(-2), y.at(-2));
  call.tie(b.at(-1), y.at(-1));
  for (const operand of [a, b]) alignAxes(call, operand.slice(0, -2), y.slice(0, -2));
};

const gemm: ChannelRule = (call) => {
  const [a, b, c, y] = [call.input(0), call.input(1), call.input(2), call.output()];
  const isTurned = (name: string): boolean => intOf(call.node, name, 0) === 1;
  const [rows, inner] = isTurned("transA") ? [a[1], a[0]] : [a[0], a[1]];
  const [depth, columns] = isTurned("transB") ? [b[1], b[0]] : [b[0], b[1]];
  call.tie(inner, depth);
  call.tie(rows, y[0]);
  call.tie(columns, y[1]);
  alignAxes(call, c, y);
};

/** Channels each on their own; `isLocal` where the other axes stay independent too. */
const perChannel =
  (isLocal: boolean): ChannelRule =>
  (call) => {
    const [x, y] = [call.input(0), call.output()];
    for (const [at, axis] of x.entries()) if (isLocal || at < 2) call.tie(axis, y[at]);
    for (const index of call.node.inputs.keys())
      if (index > 0) call.tie(call.input(index)[0], x[1]);
  };

/** Whole groups go, since what is left of one would be normalised to something else. */
const groupNormalization: ChannelRule = (call) => {
  const [x, y] = [call.input(0), call.output()];
  const [, channels] = x;
  const groups = intOf(call.node, "num_groups", 1);
  call.tie(x[0], y[0]);
  call.tie(channels, y[1]);
  if (!channels || channels.size % groups > 0) return;
  const width = channels.size / groups;
  for (let at = 0; at < channels.size; at += 1)
    call.tieSlices(channels, at, channels, at - (at % width));
  for (const [parameters] of [call.input(1), call.input(2)]) {
    if (!parameters) continue;
    const step = channels.size / parameters.size;
    if (step !== 1 && step !== width) continue;
    for (let at = 0; at < parameters.size; at += 1)
      call.tieSlices(parameters, at, channels, at * step);
  }
};

const transpose: ChannelRule = (call) => {
  const [x, y] = [call.input(0), call.output()];
  const order = intsOf(call.node, "perm") ?? [...x.keys()].toReversed();
  for (const [to, from] of order.entries()) call.tie(x[from], y[to]);
};

/** Parts of an axis one behind the other, each tied to its tensor. */
function tieParts(
  call: ChannelCall,
  whole: readonly Axis[],
  parts: readonly (readonly Axis[])[],
  axis: number,
): void {
  let offset = 0;
  const joined = whole[axis];
  const total = parts.reduce((sum, part) => sum + (part[axis]?.size ?? 0), 0);
  if (!joined || total !== joined.size) return;
  for (const part of parts)
    for (const [at, own] of part.entries()) {
      if (at !== axis) call.tie(own, whole[at]);
      else
        for (let index = 0; index < own.size; index += 1, offset += 1)
          call.tieSlices(own, index, joined, offset);
    }
}

const concat: ChannelRule = (call) => {
  const parts = call.node.inputs.map((_, index) => call.input(index));
  tieParts(call, call.output(), parts, axisOf(call, 1, call.output().length));
};

const split: ChannelRule = (call) => {
  if (call.node.inputs.length > 1 && !call.isConstant(1)) return;
  const parts = call.node.outputs.map((_, index) => call.output(index));
  tieParts(call, call.input(0), parts, axisOf(call, 0, call.input(0).length));
};

/** Axes that nothing is cut from or added to. */
const slice: ChannelRule = (call) => {
  const rank = call.input(0).length;
  const listed = intsOf(call.node, "axes") ?? call.elements(3);
  const starts = intsOf(call.node, "starts") ?? call.elements(1);
  const axes = listed ?? starts?.map((_, at) => at);
  if (!axes || (call.node.inputs.length > 3 && call.elements(3) === undefined)) return;
  const cut = new Set(axes.map((axis) => (Number(axis) < 0 ? Number(axis) + rank : Number(axis))));
  axiswise((_, axis) => !cut.has(axis))(call);
};

const pad: ChannelRule = (call) => {
  const rank = call.input(0).length;
  const pads = intsOf(call.node, "pads") ?? call.elements(1);
  if (pads?.length !== 2 * rank || (call.node.inputs[3] ?? "") !== "") return;
  axiswise((_, axis) => pads[axis] === 0 && pads[axis + rank] === 0)(call);
};

/** By scales; sizes that are given would name the number of channels. */
const resize: ChannelRule = (call) => {
  if ((call.node.inputs[3] ?? "") === "") pooling(call);
};

const gather: ChannelRule = (call) => {
  const [data, indices, y] = [call.input(0), call.input(1), call.output()];
  const axis = axisOf(call, 0, data.length);
  for (const [at, own] of data.entries())
    if (at !== axis) call.tie(own, y[at < axis ? at : at + indices.length - 1]);
  for (const [at, own] of indices.entries()) call.tie(own, y[axis + at]);
};

/** `isSum`: zeros along a reduced axis add nothing, so that they may as well not be there. */
const reduction =
  (isSum: boolean): ChannelRule =>
  (call) => {
    const [x, y] = [call.input(0), call.output()];
    const given = intsOf(call.node, "axes") ?? call.elements(1);
    if (!given && (call.node.inputs[1] ?? "") !== "") return;
    const all = given === undefined || given.length === 0;
    if (all && intOf(call.node, "noop_with_empty_axes", 0) === 1) return elementwise(call);
    const reduced = new Set(
      all ? x.keys() : given.map((axis) => (Number(axis) + x.length) % x.length),
    );
    const keeps = intOf(call.node, "keepdims", 1) === 1;
    let to = 0;
    for (const [at, axis] of x.entries()) {
      if (!reduced.has(at)) call.tie(axis, y[to]);
      else if (isSum) call.free(axis);
      if (keeps || !reduced.has(at)) to += 1;
    }
  };

const einsum: ChannelRule = (call) => {
  const operands = call.node.inputs.map((_, index) => call.input(index));
  const { operands: terms, output } = einsumOf(
    call.node,
    operands.map((axes) => axes.length),
  );
  const byLetter = new Map<string, Axis>();
  const visit = (letters: readonly string[], axes: readonly Axis[]): void => {
    for (const [at, letter] of letters.entries()) {
      const axis = axes[at];
      const known = byLetter.get(letter);
      if (known) call.tie(known, axis);
      else if (axis) byLetter.set(letter, axis);
      if (!known && axis && output.length > 0) call.free(axis);
    }
  };
  for (const [at, letters] of terms.entries()) visit(letters, operands[at] ?? []);
  visit(output, call.output());
};

const names = (list: string, rule: ChannelRule): Record<string, ChannelRule> =>
  Object.fromEntries(list.split(" ").map((name) => [name, rule]));

/** How channels pass through each operator; one that is not here keeps all slices of its tensors. */
export const CHANNEL_RULES: Readonly<Record<string, ChannelRule>> = {
  ...names(
    "Abs Acos Acosh Add And Asin Asinh Atan Atanh Cast Ceil Celu Clip Cos Cosh Div Dropout Elu Equal Erf Exp Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish Identity IsInf IsNaN LeakyRelu Less LessOrEqual Log Max Mean Min Mish Mod Mul Neg Not Or PRelu Pow Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Sub Sum Swish Tan Tanh ThresholdedRelu Where Xor",
    elementwise,
  ),
  ...names("AveragePool GlobalAveragePool GlobalLpPool GlobalMaxPool LpPool MaxPool", pooling),
  ...names("Hardmax LogSoftmax Softmax", softmax),
  ...names("ReduceL1 ReduceL2 ReduceSum ReduceSumSquare", reduction(true)),
  ...names(
    "ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd",
    reduction(false),
  ),
  ...names("Flatten Reshape Squeeze Unsqueeze", reshape),
  ...names("GRU LSTM RNN", recurrent),
  BatchNormalization: perChannel(true),
  InstanceNormalization: perChannel(false),
  GroupNormalization: groupNormalization,
  LayerNormalization: axiswise((call, axis, rank) => axis < axisOf(call, -1, rank)),
  RMSNormalization: axiswise((call, axis, rank) => axis < axisOf(call, -1, rank)),
  Concat: concat,
  Conv: conv,
  ConvTranspose: convTranspose,
  Einsum: einsum,
  Gather: gather,
  Gemm: gemm,
  MatMul: matMul,
  Pad: pad,
  Resize: resize,
  Shape: (call) => call.free(...call.input(0)),
  Slice: slice,
  Split: split,
  Transpose: transpose,
};
