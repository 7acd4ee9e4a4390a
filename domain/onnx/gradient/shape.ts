import { intsOf } from "../node.ts";
import { reshapeLike, shapeVector, unbroadcast } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";

/** The elements stay, whatever shape they come in. */
const reshaping: GradientRule = (call) => call.give(0, reshapeLike(call.b, call.dy, call.input(0)));

const transpose: GradientRule = (call) => {
  const order = intsOf(call.node, "perm");
  if (order === undefined) return call.give(0, call.b.node("Transpose", [call.dy]));
  const perm = order.map((_, axis) => order.indexOf(axis));
  call.give(0, call.b.node("Transpose", [call.dy], { perm }));
};

/** Every copy of the input is an axis of its own, which is summed. */
const tile: GradientRule = (call) => {
  const { b } = call;
  const x = call.input(0);
  const axes = call.shape(0).map((_, axis) => axis);
  const copies = b.node("Reshape", [call.dy, interleaved(call)]);
  const sum = b.node("ReduceSum", [copies, b.ints(axes.map((axis) => 2 * axis))], { keepdims: 0 });
  call.give(0, reshapeLike(b, sum, x));
};

/** [repeats 0, size 0, repeats 1, size 1 …] of a `Tile`, with one unknown size left open. */
function interleaved(call: GradientCall): string {
  const { b } = call;
  const { elements } = call.tensor(1);
  const sizes = call.shape(0).flatMap((size, axis) => [elements?.[axis] ?? null, size]);
  const known = sizes.map((size) => (typeof size === "number" ? size : -1));
  if (known.filter((size) => size === -1).length <= 1) return b.ints(known);
  const columns = [call.input(1), shapeVector(b, call.input(0))].map((vector) =>
    b.node("Unsqueeze", [vector, b.ints([1])]),
  );
  return b.node("Reshape", [b.node("Concat", columns, { axis: 1 }), b.ints([-1])]);
}

export const SHAPE: Record<string, GradientRule> = {
  // Only the shape of its input counts.
  EyeLike: () => undefined,
  Expand: (call) => call.give(0, unbroadcast(call.b, call.dy, call.input(0))),
  Flatten: reshaping,
  Reshape: reshaping,
  Squeeze: reshaping,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: reshaping,
};
