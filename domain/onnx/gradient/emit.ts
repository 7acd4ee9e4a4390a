import type { NumericType } from "../../tensors/element-arrays.ts";
import type { Dimension } from "../../tensors/tensor.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { staticShape } from "../infer/fact.ts";
import type { OnnxType } from "../model.ts";
import { OnnxFault } from "../onnx-fault.ts";

/** A scalar of the type of another tensor, so that they can be combined. */
export function scalarLike(b: GraphBuilder, tensor: string, value: number): string {
  return b.scalar(value, numericType(b.tensorOf(tensor).type));
}

/** The shape of a tensor as an int64 vector: a constant where all sizes are known. */
export function shapeVector(b: GraphBuilder, tensor: string): string {
  const sizes = staticShape(b.tensorOf(tensor).shape);
  return sizes ? b.ints(sizes) : b.node("Shape", [tensor]);
}

export const onesLike = (b: GraphBuilder, tensor: string): string =>
  b.node("Expand", [scalarLike(b, tensor, 1), shapeVector(b, tensor)]);

export const zerosLike = (b: GraphBuilder, tensor: string): string =>
  b.node("Expand", [scalarLike(b, tensor, 0), shapeVector(b, tensor)]);

/** The value with the shape of another tensor of as many elements. */
export function reshapeLike(b: GraphBuilder, value: string, tensor: string): string {
  return sameShape(b.tensorOf(value).shape, b.tensorOf(tensor).shape)
    ? value
    : b.node("Reshape", [value, shapeVector(b, tensor)]);
}

/** Sums over axes, which keep size 1 unless `keepdims` is 0. */
export function reduceSum(
  b: GraphBuilder,
  value: string,
  axes: readonly number[],
  keepdims: 0 | 1 = 1,
): string {
  return axes.length === 0 ? value : b.node("ReduceSum", [value, b.ints(axes)], { keepdims });
}

/**
 * The gradient of a tensor that was broadcast: summed over the axes along which it was repeated.
 * Where two sizes are not known to be equal, the axes are found when the graph runs.
 */
export function unbroadcast(b: GraphBuilder, gradient: string, tensor: string): string {
  const from = b.shapeOf(gradient);
  const to = b.shapeOf(tensor);
  if (sameShape(from, to)) return gradient;
  const added = from.length - to.length;
  const repeated = from.flatMap((size, axis) => {
    if (axis < added) return [axis];
    return to[axis - added] === 1 && size !== 1 ? [axis] : [];
  });
  const isCertain = from.every((size, axis) => {
    const target = axis < added ? 1 : to[axis - added];
    return target === 1 || (target === size && target !== null) || typeof target === "number";
  });
  if (isCertain) return reshapeLike(b, reduceSum(b, gradient, repeated), tensor);
  const shape = b.node("Shape", [tensor]);
  const padded =
    added === 0 ? shape : b.node("Concat", [b.ints(Array(added).fill(1)), shape], { axis: 0 });
  const differs = b.node("Not", [b.node("Equal", [padded, b.node("Shape", [gradient])])]);
  const axes = b.node("Reshape", [
    b.node("NonZero", [b.node("Cast", [differs], { to: 7 })]),
    b.ints([-1]),
  ]);
  const sum = b.node("ReduceSum", [gradient, axes], { keepdims: 1, noop_with_empty_axes: 1 });
  return b.node("Reshape", [sum, shape]);
}

/** Whether two shapes are certain to be the same. */
export function sameShape(a: readonly Dimension[] | null, b: readonly Dimension[] | null): boolean {
  if (a === null || b === null || a.length !== b.length) return false;
  return a.every((size, axis) => size !== null && size === b[axis]);
}

function numericType(type: OnnxType): NumericType {
  if (type === "float32" || type === "float64" || type === "float16") return type;
  throw new OnnxFault("unsupported", `gradients of ${type} are not made`);
}
