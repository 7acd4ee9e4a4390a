import type { Dimension } from "../../tensors/tensor.ts";
import { frontAxis, range } from "../axes.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { codeOf, type OnnxType } from "../model.ts";
import { intsOf, opsetOf } from "../node.ts";
import {
  resizeAxes,
  resizeMethod,
  resizeRows,
  type AxisResize,
  type ResizeRow,
} from "../resize.ts";
import { elementsOf } from "../stored-tensor.ts";
import { floatTensor, float16Value } from "../tensors.ts";
import { gridSample } from "./grid-sample.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";
import { axisSizes } from "./scatter.ts";

/** Every axis of a `Resize` is a product with the matrix of its weights, and its gradient with the transpose. */
const resize: GradientRule = (call) => {
  const { b, node } = call;
  const method = resizeMethod(node, opsetOf(b));
  const dx = axesOf(call).reduce((gradient, axis, at) => {
    if (
      axis.length === axis.size &&
      axis.scale === 1 &&
      method.coordinates !== "tf_crop_and_resize"
    )
      return gradient;
    // ONNX Runtime aligns the corners of the elements that there are, also where `scale` leaves a fraction over.
    const scale = method.coordinates === "align_corners" ? axis.length / axis.size : axis.scale;
    return timesRows(b, gradient, at, resizeRows({ ...axis, scale }, method), axis.size);
  }, call.dy);
  call.give(0, dx);
};

/** What each axis is resized to. One whose size is not known is passed over, since it must stay as it is. */
function axesOf(call: GradientCall): AxisResize[] {
  const { node } = call;
  const shape = call.shape(0);
  const rank = shape.length;
  const axes = (intsOf(node, "axes") ?? range(rank)).map((axis) => frontAxis(axis, rank));
  const scales = constantOf(call, 2);
  const roi = constantOf(call, 1);
  const sizes = sizesOf(call, axes);
  if (scales === undefined && sizes === undefined)
    throw call.blocked("its scales or sizes have to be constant");
  for (const [at, axis] of axes.entries())
    if (typeof shape[axis] !== "number" && sizes === undefined && scales?.[at] !== 1)
      throw call.blocked(
        `the size of axis ${axis} of '${call.input(0)}', which it changes, has to be known`,
      );
  return resizeAxes(
    node,
    shape.map((size) => (typeof size === "number" ? size : 1)),
    { ...(sizes ? { sizes } : { scales: scales ?? [] }), ...(roi && { roi }) },
  );
}

/** The sizes asked for, 1 for one that is not known and stays as it is; undefined where they are left out. */
function sizesOf(call: GradientCall, axes: readonly number[]): number[] | undefined {
  const given = call.has(3) ? (call.tensor(3).elements ?? null) : [];
  if (given?.length === 0) return undefined;
  return axes.map((axis, at) => {
    const before: Dimension = call.shape(0)[axis] ?? null;
    const after = given?.[at] ?? null;
    if (typeof before === "number" && typeof after === "number") return after;
    if (before !== null && before === after) return 1;
    throw call.blocked(
      `the size of axis ${axis} of '${call.input(0)}', and what it becomes, have to be known`,
    );
  });
}

/** The elements of a constant input; undefined where it is left out or empty. */
function constantOf(call: GradientCall, index: number): number[] | undefined {
  if (!call.has(index)) return undefined;
  const { constant, shape } = call.tensor(index);
  if (shape?.[0] === 0) return undefined;
  if (constant === undefined) throw call.blocked(`'${call.input(index)}' has to be constant`);
  const { type, data } = elementsOf(constant);
  const elements = Array.from<unknown, number>(data, Number);
  return type === "float16" ? elements.map(float16Value) : elements;
}

/** The product along one axis with the matrix that has a row for each element of it. */
function timesRows(
  b: GraphBuilder,
  tensor: string,
  axis: number,
  rows: readonly ResizeRow[],
  columns: number,
): string {
  const matrix = new Float64Array(rows.length * columns);
  for (const [row, parts] of rows.entries())
    for (const { index, weight } of parts ?? [])
      matrix[row * columns + index] = (matrix[row * columns + index] ?? 0) + weight;
  const weights = constantOfType(b, b.tensorOf(tensor).type, [rows.length, columns], matrix);
  const last = b.shapeOf(tensor).length - 1;
  if (axis === last) return b.node("MatMul", [tensor, weights]);
  if (axis === last - 1)
    return b.node("MatMul", [b.node("Transpose", [weights], { perm: [1, 0] }), tensor]);
  const perm = b.shapeOf(tensor).map((_, at) => (at === axis ? last : at === last ? axis : at));
  const product = b.node("MatMul", [b.node("Transpose", [tensor], { perm }), weights]);
  return b.node("Transpose", [product], { perm });
}

function constantOfType(
  b: GraphBuilder,
  type: OnnxType,
  dims: number[],
  data: Float64Array,
): string {
  if (type === "float64") return b.constant({ type, dims, data });
  const weights = b.constant(floatTensor(dims, data));
  return type === "float32" ? weights : b.node("Cast", [weights], { to: codeOf(type) });
}

/** Cropping and padding around the middle undo each other but for what was cut off, which has none. */
const centerCropPad: GradientRule = (call) => {
  const { b } = call;
  const x = call.input(0);
  const axes = intsOf(call.node, "axes");
  const rank = call.shape(0).length;
  const sizes = axes?.map((axis) => {
    const at = frontAxis(axis, rank);
    return axisSizes(b, x, at, at + 1);
  });
  const shape = sizes ? b.node("Concat", sizes, { axis: 0 }) : axisSizes(b, x, 0, rank);
  call.give(0, b.node("CenterCropPad", [call.dy, shape], { axes }));
};

export const IMAGE: Record<string, GradientRule> = {
  CenterCropPad: centerCropPad,
  GridSample: gridSample,
  Resize: resize,
};
