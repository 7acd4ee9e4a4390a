import { staticShape } from "../infer/fact.ts";
import { productOf } from "../infer/sizes.ts";
import { intOf } from "../node.ts";
import { reduceSum, reshapeLike, scalarLike, zerosLike } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";
import {
  addSlices,
  axisOf,
  axisSizes,
  indexAlong,
  int64,
  joined,
  scatterElements,
} from "./scatter.ts";

const gather: GradientRule = (call) => {
  const { b } = call;
  const axis = axisOf(call, 0);
  const indices = b.node("Reshape", [int64(b, call.input(1)), b.ints([-1])]);
  const slices = withOneAxis(call, axis);
  call.give(0, addSlices(call, zerosLike(b, call.input(0)), indices, slices, axis));
};

/** The gradient of a `Gather` with the axes of the indices as one. */
function withOneAxis(call: GradientCall, axis: number): string {
  const { b, dy } = call;
  const indices = call.shape(1);
  if (indices.length === 1) return dy;
  if (indices.length === 0) return b.node("Unsqueeze", [dy, b.ints([axis])]);
  const sizes = staticShape(call.shape(0).with(axis, productOf(indices)));
  if (sizes) return b.node("Reshape", [dy, b.ints(sizes)]);
  const shape = b.node("Shape", [dy]);
  const end = axis + indices.length;
  const part = (from: number, to: number): string =>
    b.node("Slice", [shape, b.ints([from]), b.ints([to])]);
  const parts = [part(0, axis), b.ints([-1]), part(end, b.shapeOf(dy).length)];
  return b.node("Reshape", [dy, b.node("Concat", parts, { axis: 0 })]);
}

const gatherElements: GradientRule = (call) => {
  const zeros = zerosLike(call.b, call.input(0));
  call.give(0, scatterElements(call, zeros, call.input(1), call.dy, axisOf(call, 0)));
};

const gatherND: GradientRule = (call) => {
  const { b, dy } = call;
  const x = call.input(0);
  const indices = withBatchAxes(call, intOf(call.node, "batch_dims", 0));
  if (call.profile === "webgpu") {
    call.give(0, b.node("ScatterND", [zerosLike(b, x), indices, dy], { reduction: "add" }));
    return;
  }
  const depth = b.shapeOf(indices).at(-1);
  if (typeof depth !== "number") throw call.blocked("the last size of its indices is not known");
  const rows = b.node("Flatten", [zerosLike(b, x)], { axis: depth });
  const updates = b.node("Flatten", [dy], { axis: call.shape(1).length - 1 });
  const sum = addSlices(call, rows, flatIndices(call, indices, depth), updates, 0);
  call.give(0, reshapeLike(b, sum, x));
};

/** The indices of a `GatherND`, each after its own place in the batch. */
function withBatchAxes(call: GradientCall, batches: number): string {
  const { b } = call;
  const indices = call.input(1);
  if (batches === 0) return indices;
  const column = b.node("Slice", [indices, b.ints([0]), b.ints([1]), b.ints([-1])]);
  const places = Array.from({ length: batches }, (_, axis) => indexAlong(b, column, axis));
  return joined(b, [...places, indices]);
}

/** Indices along the first `depth` axes of the input as indices along these axes as one. */
function flatIndices(call: GradientCall, indices: string, depth: number): string {
  const { b } = call;
  if (depth === 1) return b.node("Reshape", [indices, b.ints([-1])]);
  const sizes = axisSizes(b, call.input(0), 0, depth);
  const strides = Array.from({ length: depth }, (_, axis) => {
    const size = productOf(call.shape(0).slice(axis + 1, depth));
    if (typeof size === "number") return b.ints([size]);
    return b.node("ReduceProd", [axisSizes(b, call.input(0), axis + 1, depth)]);
  });
  const fromFront = b.node("Mod", [indices, sizes]);
  const steps = b.node("Mul", [fromFront, joined(b, strides)]);
  return b.node("Reshape", [reduceSum(b, steps, [-1]), b.ints([-1])]);
}

/** Kept are the slices, or without an axis the elements, whose condition is true. */
const compress: GradientRule = (call) => {
  const { b, dy } = call;
  const x = call.input(0);
  const kept = b.node("Reshape", [b.node("NonZero", [call.input(1)]), b.ints([-1])]);
  const zeros = zerosLike(b, x);
  if (intOf(call.node, "axis") !== undefined) {
    call.give(0, addSlices(call, zeros, kept, dy, axisOf(call, 0)));
    return;
  }
  const flat = b.node("Reshape", [zeros, b.ints([-1])]);
  call.give(0, reshapeLike(b, addSlices(call, flat, kept, dy, 0), x));
};

const topK: GradientRule = (call) => {
  const zeros = zerosLike(call.b, call.input(0));
  const indices = call.output(1);
  call.give(0, scatterElements(call, zeros, indices, call.dy, axisOf(call, -1), "none"));
};

/** Each of the two values is where the other is not. */
const oneHot: GradientRule = (call) => {
  const { b, dy } = call;
  const all = b.shapeOf(dy).map((_, axis) => axis);
  const zeroOne = b.node(
    "Concat",
    [0, 1].map((value) => b.node("Unsqueeze", [scalarLike(b, dy, value), b.ints([0])])),
    { axis: 0 },
  );
  const isOn = b.node("OneHot", [call.input(0), call.input(1), zeroOne], {
    axis: intOf(call.node, "axis", -1),
  });
  const total = (value: string): string =>
    b.node("Reshape", [reduceSum(b, value, all), b.ints([1])]);
  const on = total(b.node("Mul", [dy, isOn]));
  call.give(2, b.node("Concat", [b.node("Sub", [total(dy), on]), on], { axis: 0 }));
};

export const GATHERING: Record<string, GradientRule> = {
  Compress: compress,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  OneHot: oneHot,
  TopK: topK,
};
