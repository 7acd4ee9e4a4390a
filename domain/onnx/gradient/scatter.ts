import { frontAxis, range } from "../axes.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { staticShape } from "../infer/fact.ts";
import { intOf } from "../node.ts";
import { shapeVector } from "./emit.ts";
import type { GradientCall } from "./gradient-call.ts";

/*
 * What was read from several places is added up there. ONNX Runtime 1.30 does that with
 * ScatterElements on the CPU, where its ScatterND loses updates when it adds with several threads,
 * and with ScatterND on WebGPU, which has no ScatterElements.
 */

/** The attribute `axis` of a node, from the front of its first input. */
export function axisOf(call: GradientCall, absent: number): number {
  const axis = intOf(call.node, "axis", absent);
  return frontAxis(axis, call.shape(0).length);
}

/** Indices of a longer axis are made when the graph runs, so that they need no room in the file. */
export const LONGEST_CONSTANT = 65_536;

/** 0, 1 … size - 1 of an axis of a tensor. */
export function axisRange(b: GraphBuilder, tensor: string, axis: number): string {
  const size = b.shapeOf(tensor)[axis];
  if (typeof size === "number" && size <= LONGEST_CONSTANT) return b.ints(range(size));
  const limit =
    typeof size === "number"
      ? b.scalar(size, "int64")
      : b.node("Squeeze", [axisSizes(b, tensor, axis, axis + 1), b.ints([0])]);
  return b.node("Range", [b.scalar(0, "int64"), limit, b.scalar(1, "int64")]);
}

/** The sizes of the axes from `start` to before `end` of a tensor, as a vector. */
export function axisSizes(b: GraphBuilder, tensor: string, start: number, end: number): string {
  const sizes = staticShape(b.shapeOf(tensor).slice(start, end));
  return sizes ? b.ints(sizes) : b.node("Shape", [tensor], { start, end });
}

/** A vector along one axis of a tensor, repeated along the others. */
export function alongAxis(b: GraphBuilder, vector: string, tensor: string, axis: number): string {
  const shape = b.shapeOf(tensor).map((_, at) => (at === axis ? -1 : 1));
  const column = shape.length === 1 ? vector : b.node("Reshape", [vector, b.ints(shape)]);
  return b.node("Expand", [column, shapeVector(b, tensor)]);
}

/** `zeros` plus the slices of `updates` along `axis`, each at its index; `indices` is a vector. */
export function addSlices(
  { b, profile }: GradientCall,
  zeros: string,
  indices: string,
  updates: string,
  axis: number,
): string {
  if (profile !== "webgpu") {
    const all = alongAxis(b, indices, updates, axis);
    return b.node("ScatterElements", [zeros, all, updates], { axis, reduction: "add" });
  }
  const front = [axis, ...b.shapeOf(zeros).flatMap((_, at) => (at === axis ? [] : [at]))];
  const moved = (tensor: string, perm: readonly number[]): string =>
    axis === 0 ? tensor : b.node("Transpose", [tensor], { perm });
  const rows = b.node("Reshape", [indices, b.ints([-1, 1])]);
  const sum = b.node("ScatterND", [moved(zeros, front), rows, moved(updates, front)], {
    reduction: "add",
  });
  return moved(
    sum,
    front.map((_, at) => front.indexOf(at)),
  );
}

/**
 * `base` with each element of `updates` added at (or, with `none`, put at) its index along `axis`,
 * as `ScatterElements` does; `indices` has the shape of the updates.
 */
export function scatterElements(
  { b, profile }: GradientCall,
  base: string,
  indices: string,
  updates: string,
  axis: number,
  reduction: "add" | "none" = "add",
): string {
  if (profile !== "webgpu")
    return b.node("ScatterElements", [base, indices, updates], { axis, reduction });
  const column = b.node("Unsqueeze", [int64(b, indices), b.ints([-1])]);
  const positions = b
    .shapeOf(base)
    .map((_, at) => (at === axis ? column : indexAlong(b, column, at)));
  return b.node("ScatterND", [base, joined(b, positions), updates], { reduction });
}

/** Each element's own index along an axis. */
export const indexAlong = (b: GraphBuilder, tensor: string, axis: number): string =>
  alongAxis(b, axisRange(b, tensor, axis), tensor, axis);

/** Side by side along the last axis. */
export function joined(b: GraphBuilder, columns: readonly string[]): string {
  const [first = ""] = columns;
  return columns.length === 1 ? first : b.node("Concat", columns, { axis: -1 });
}

export const int64 = (b: GraphBuilder, indices: string): string =>
  b.tensorOf(indices).type === "int64" ? indices : b.node("Cast", [indices], { to: 7 });
