import type { Dimension } from "../../tensors/tensor.ts";
import { einsumOf, einsumText } from "../einsum-equation.ts";
import { sameShape, shapeVector } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";
import { constantLike } from "./windows.ts";

/**
 * The gradient of an operand is an Einsum too: the output's gradient takes its place among the
 * operands, and its letters become the output. An operand that two inputs name is differentiated
 * for each place where it stands.
 */
export const einsum: GradientRule = (call) => {
  for (const index of call.node.inputs.keys())
    if (call.wants(index)) call.give(index, operandGradient(call, index));
};

function operandGradient(call: GradientCall, index: number): string {
  const { b, node } = call;
  const { operands, output } = einsumOf(
    node,
    node.inputs.map((_, other) => call.shape(other).length),
  );
  const own = operands[index] ?? [];
  const shape = call.shape(index);
  const terms = [output, ...operands.filter((_, other) => other !== index)];
  const present = new Set(terms.flat());
  const isFirst = (letter: string, axis: number): boolean => own.indexOf(letter) === axis;
  // An axis that was broadcast is summed over, and one that nothing else has was summed over.
  const isKept = (letter: string, axis: number): boolean =>
    isFirst(letter, axis) && present.has(letter) && shape[axis] !== 1;
  const others = node.inputs.filter((_, other) => other !== index);
  const product = b.node("Einsum", [call.dy, ...others], {
    equation: einsumText({ operands: terms, output: own.filter(isKept) }),
  });
  const absent = own.flatMap((letter, axis) => (isKept(letter, axis) ? [] : [axis]));
  const placed = absent.length === 0 ? product : b.node("Unsqueeze", [product, b.ints(absent)]);
  const target = call.input(index);
  const spread = sameShape(b.shapeOf(placed), shape)
    ? placed
    : b.node("Expand", [placed, shapeVector(b, target)]);
  return own.reduce(
    (gradient, letter, axis) =>
      isFirst(letter, axis)
        ? gradient
        : b.node("Mul", [gradient, diagonal(call, gradient, shape, [own.indexOf(letter), axis])]),
    spread,
  );
}

/** The square of it is held as a constant. */
const LARGEST_DIAGONAL = 2048;

/** Ones where the indices along two axes of a shape are the same, to be broadcast over the other axes. */
function diagonal(
  call: GradientCall,
  gradient: string,
  shape: readonly Dimension[],
  axes: readonly [number, number],
): string {
  const { b } = call;
  const size = shape[axes[0]];
  if (typeof size !== "number")
    throw call.blocked("the size of a letter that stands twice in a term has to be known");
  if (size > LARGEST_DIAGONAL)
    throw call.blocked(`a diagonal of ${size} elements is over ${LARGEST_DIAGONAL}`);
  const dims = shape.map((_, axis) => (axes.includes(axis) ? size : 1));
  const onDiagonal = Array.from({ length: size * size }, (_, index) =>
    index % (size + 1) === 0 ? 1 : 0,
  );
  return constantLike(b, gradient, dims, onDiagonal);
}
