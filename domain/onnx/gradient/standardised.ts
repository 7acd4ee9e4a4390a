import type { GraphBuilder } from "../graph-builder.ts";
import { staticShape } from "../infer/fact.ts";
import { floatOf } from "../node.ts";
import { arithmeticIn } from "./arithmetic.ts";
import { scalarLike } from "./emit.ts";
import type { GradientCall } from "./gradient-call.ts";

/** What an operator normalises, after normalising and before scale and bias. */
export type Standardised = {
  readonly value: string;
  /** What `value` was multiplied by: 1 / √(average of squares + epsilon), with size 1 along the axes. */
  readonly inverse: string;
  /** Whether the mean was subtracted first. */
  readonly isCentred: boolean;
};

export const epsilonOf = (call: GradientCall): number => floatOf(call.node, "epsilon", 1e-5);

/** The average over axes, which keep size 1. */
export const averageOver = (b: GraphBuilder, value: string, axes: readonly number[]): string =>
  b.node("ReduceMean", [value, b.ints(axes)]);

/** x / √(average of x² + epsilon) over axes. */
export function rootMeanSquare(
  call: GradientCall,
  x: string,
  axes: readonly number[],
): Standardised {
  const { b } = call;
  const { add, mul, sqrt, square } = arithmeticIn(b);
  const squares = add(averageOver(b, square(x), axes), epsilonOf(call));
  const inverse = b.node("Reciprocal", [sqrt(squares)]);
  return { value: mul(x, inverse), inverse, isCentred: false };
}

/**
 * (x - mean) / √(variance + epsilon) over the last axes. LayerNormalization computes it in one node
 * for eight, but not for webgpu, where its further outputs are not tried, nor for float64, whose
 * deviation it gives as a float32.
 */
export function standardised(call: GradientCall, x: string, axes: readonly number[]): Standardised {
  const { b, profile } = call;
  const { type, shape } = b.tensorOf(x);
  const sizes = staticShape(shape?.slice(axes[0]) ?? null);
  if (profile === "webgpu" || type !== "float32" || sizes === null) {
    const { sub } = arithmeticIn(b);
    const centred = sub(x, averageOver(b, x, axes));
    return { ...rootMeanSquare(call, centred, axes), isCentred: true };
  }
  const ones = b.node("Expand", [scalarLike(b, x, 1), b.ints(sizes)]);
  const [value = "", inverse = ""] = normalisedBy(b, [x, ones], axes[0] ?? 0, epsilonOf(call));
  return { value, inverse, isCentred: true };
}

/** The first and the last output; the mean between them is not needed. */
function normalisedBy(
  b: GraphBuilder,
  inputs: readonly string[],
  axis: number,
  epsilon: number,
): string[] {
  const [value, inverse] = [b.fresh("normal"), b.fresh("inverse")];
  b.nodes("LayerNormalization", inputs, [value, "", inverse], { axis, epsilon });
  return [value, inverse];
}
