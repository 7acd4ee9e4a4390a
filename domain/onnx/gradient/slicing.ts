import type { Dimension } from "../../tensors/tensor.ts";
import { frontAxis, range } from "../axes.ts";
import { sliceOf, slicedIndices } from "../infer/slicing.ts";
import { stringOf } from "../node.ts";
import { reduceSum, reshapeLike, scalarLike } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";
import { addSlices, axisRange, axisSizes, LONGEST_CONSTANT } from "./scatter.ts";

/** An end that is open: as far as int32 goes, which every runtime takes. */
const OPEN = 2 ** 31 - 1;

/** Zeros around what a `Slice` kept, and between where it made steps. */
export const slice: GradientRule = (call) => {
  const { b } = call;
  const x = call.input(0);
  const shape = call.shape(0);
  const kept = b.shapeOf(call.output());
  const pads = Array<number>(2 * shape.length).fill(0);
  let dx = call.dy;
  for (const [at, axis] of axesOf(call, 3).entries()) {
    const size = shape[axis] ?? null;
    const [start, end, step] = [1, 2, 4].map((index) => boundOf(call, index, at));
    if (step === 1 && size !== null && kept[axis] === size) continue;
    const isConstant = isKnown(size) && isKnown(start) && isKnown(end) && isKnown(step);
    if (!isConstant || (step !== 1 && size > LONGEST_CONSTANT)) {
      const bounds = [1, 2, 4].map((index) => boundVector(call, index, at));
      const [from = "", to = "", by = ""] = bounds;
      const indices = b.node("Slice", [axisRange(b, x, axis), from, to, b.ints([0]), by]);
      dx = addSlices(call, zerosBefore(call, dx, axis), indices, dx, axis);
      continue;
    }
    if (step === 1) {
      const { from, count } = sliceOf(size, start, end, step);
      pads[axis] = count === 0 ? 0 : from;
      pads[axis + shape.length] = size - (count === 0 ? 0 : from) - count;
    } else dx = spread(call, dx, axis, slicedIndices(size, start, end, step), size);
  }
  call.give(0, pads.some((count) => count > 0) ? b.node("Pad", [dx, b.ints(pads)]) : dx);
};

const isKnown = (bound: Dimension | undefined): bound is number => typeof bound === "number";

/** The axes that input `index` names, or all. */
function axesOf(call: GradientCall, index: number): number[] {
  const rank = call.shape(0).length;
  if (!call.has(index)) {
    const count = index === 3 && call.node.opType === "Slice" ? call.shape(1)[0] : rank;
    if (typeof count !== "number") throw call.blocked("it is not known how many axes it slices");
    return range(count);
  }
  const axes = call.tensor(index).elements?.filter((axis) => typeof axis === "number");
  if (axes === undefined || axes.length !== call.tensor(index).elements?.length)
    throw call.blocked("its axes have to be constant");
  return axes.map((axis) => frontAxis(axis, rank));
}

/** A start, end or step; a step that is left out is 1. */
const boundOf = (call: GradientCall, index: number, at: number): Dimension =>
  call.has(index) ? (call.tensor(index).elements?.[at] ?? null) : 1;

/** The same as an int64 vector of one, found when the graph runs. */
function boundVector(call: GradientCall, index: number, at: number): string {
  const { b } = call;
  const bound = boundOf(call, index, at);
  if (isKnown(bound)) return b.ints([bound]);
  const all = b.node("Cast", [call.input(index)], { to: 7 });
  return b.node("Slice", [all, b.ints([at]), b.ints([at + 1])]);
}

/** Zeros shaped like `tensor`, but with the size of the node's input along an axis. */
function zerosBefore(call: GradientCall, tensor: string, axis: number): string {
  const { b } = call;
  const sizes = [
    axisSizes(b, tensor, 0, axis),
    axisSizes(b, call.input(0), axis, axis + 1),
    axisSizes(b, tensor, axis + 1, b.shapeOf(tensor).length),
  ];
  return b.node("Expand", [scalarLike(b, tensor, 0), b.node("Concat", sizes, { axis: 0 })]);
}

/** Each slice of `tensor` at its index of an axis of `size`, zeros in between. */
function spread(
  call: GradientCall,
  tensor: string,
  axis: number,
  indices: readonly number[],
  size: number,
): string {
  const { b } = call;
  const pads = b.shapeOf(tensor).flatMap(() => [0, 0]);
  pads[pads.length / 2 + axis] = 1;
  const withZero = b.node("Pad", [tensor, b.ints(pads)]);
  const sources = Array<number>(size).fill(indices.length);
  for (const [at, index] of indices.entries()) sources[index] = at;
  return b.node("Gather", [withZero, b.ints(sources)], { axis });
}

/** What was added falls away, or goes to where it was copied from. */
export const pad: GradientRule = (call) => {
  const { b, dy } = call;
  const isConstant = stringOf(call.node, "mode", "constant") === "constant";
  const dx = isConstant ? withoutPads(call) : foldedBack(call);
  call.give(0, dx);
  if (!call.wants(2)) return;
  const total = (value: string): string =>
    reduceSum(
      b,
      value,
      b.shapeOf(value).map((_, axis) => axis),
      0,
    );
  call.give(2, reshapeLike(b, b.node("Sub", [total(dy), total(dx)]), call.input(2)));
};

function withoutPads(call: GradientCall): string {
  const { b, dy } = call;
  const pads = call.tensor(1).elements;
  const known = pads?.filter(isKnown).filter((count) => count >= 0) ?? [];
  if (pads === undefined || known.length < pads.length) {
    const negative = b.node("Neg", [call.input(1)]);
    return b.node("Pad", call.has(3) ? [dy, negative, "", call.input(3)] : [dy, negative]);
  }
  const padded = axesOf(call, 3).map((axis, at, axes) => ({
    axis,
    before: known[at] ?? 0,
    after: known[at + axes.length] ?? 0,
  }));
  const cut = padded.filter(({ before, after }) => before > 0 || after > 0);
  if (cut.length === 0) return dy;
  return b.node("Slice", [
    dy,
    b.ints(cut.map(({ before }) => before)),
    b.ints(cut.map(({ after }) => (after > 0 ? -after : OPEN))),
    b.ints(cut.map(({ axis }) => axis)),
  ]);
}

/** For the modes that copy: the indices of an axis, padded alike, say where each element came from. */
function foldedBack(call: GradientCall): string {
  const { b } = call;
  const mode = stringOf(call.node, "mode", "constant");
  return axesOf(call, 3).reduce((dx, axis, at, axes) => {
    const [before, after] = [at, at + axes.length].map((index) => boundOf(call, 1, index));
    if (before === 0 && after === 0) return dx;
    const sides = [at, at + axes.length].map((index) => boundVector(call, 1, index));
    const pads = b.node("Concat", sides, { axis: 0 });
    const indices = b.node("Pad", [axisRange(b, call.input(0), axis), pads], { mode });
    return addSlices(call, zerosBefore(call, dx, axis), indices, dx, axis);
  }, call.dy);
}
