import { operatorOf } from "../node.ts";
import type { Dimension } from "../../tensors/tensor.ts";
import { productOf } from "../product-of.ts";
import type { ChannelCall, ChannelRule } from "./channel-call.ts";
import type { Axis } from "./channels.ts";

type Sized = { axis: Axis; size: Dimension };

/**
 * Axes that stay the same are tied; of axes that become one, or one that becomes several, the first
 * is tied to the blocks that it stands for: the channels of a flattened image, the heads of an
 * attention. A target that names a size in a way that cannot be changed freezes that axis.
 */
export const reshape: ChannelRule = (call) => {
  const [input = ""] = call.node.inputs;
  const [output = ""] = call.node.outputs;
  if (operatorOf(call.node) === "Reshape" && !freezeNamed(call)) return;
  const before = sized(call, input, call.input(0));
  const after = sized(call, output, call.output());
  while (before[0] && after[0] && isSame(before[0], after[0]))
    call.tie(before.shift()?.axis, after.shift()?.axis);
  while (isSame(before.at(-1), after.at(-1))) call.tie(before.pop()?.axis, after.pop()?.axis);
  if (before.length === 0 || after.length === 0) return;
  if (before.length > 1 && after.length > 1) return;
  const [merged, parts] = before.length === 1 ? [before, after] : [after, before];
  const [whole] = merged;
  const [first] = parts;
  if (!whole || !first || totalOf(merged) === null || totalOf(merged) !== totalOf(parts)) return;
  const block = whole.axis.size / first.axis.size;
  for (let at = 0; at < whole.axis.size; at += 1)
    call.tieSlices(whole.axis, at, first.axis, Math.floor(at / block));
};

/** The axes with more than one slice; those with one are left, and so frozen. */
const sized = (call: ChannelCall, tensor: string, axes: readonly Axis[]): Sized[] =>
  axes
    .map((axis, at) => ({ axis, size: call.shapeOf(tensor)[at] ?? null }))
    .filter(({ size }) => size !== 1);

const isSame = (a: Sized | undefined, b: Sized | undefined): boolean =>
  a !== undefined && b !== undefined && a.size !== null && a.size === b.size;

const totalOf = (axes: readonly Sized[]): number | null => productOf(axes.map(({ size }) => size));

/** Freezes what a computed target gives as a number; false where nothing is known of the target. */
function freezeNamed(call: ChannelCall): boolean {
  const elements = call.elements(1);
  if (elements === undefined) return false;
  if (call.isConstant(1)) return true;
  for (const [at, axis] of call.output().entries()) {
    const size = elements[at];
    if (typeof size === "number" && size > 0)
      call.freeze(axis, "reshapes to a computed shape with that size in it");
  }
  return true;
}
