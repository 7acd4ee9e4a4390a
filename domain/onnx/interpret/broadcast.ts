import { filled, positionOf, type Numbers } from "./array.ts";
import type { InterpreterCall } from "./interpreter-call.ts";

/** The shape that dims broadcast to. */
export function broadcastDims(
  call: InterpreterCall,
  all: readonly (readonly number[])[],
): number[] {
  const rank = Math.max(0, ...all.map((dims) => dims.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = all
      .map((dims) => dims[axis - rank + dims.length] ?? 1)
      .filter((size) => size !== 1);
    const [size = 1] = sizes;
    if (sizes.some((other) => other !== size)) throw call.fault("the shapes do not broadcast");
    return size;
  });
}

/** The element of a tensor that stands at a position of the shape it broadcasts to. */
export function broadcastAt({ data, dims }: Numbers, position: readonly number[]): number {
  const ahead = position.length - dims.length;
  const index = dims.reduce(
    (before, size, axis) => before * size + (size === 1 ? 0 : (position[ahead + axis] ?? 0)),
    0,
  );
  return data[index] ?? Number.NaN;
}

/** One element from an element of each tensor, which broadcast. */
export function combined(
  call: InterpreterCall,
  type: Numbers["type"],
  inputs: readonly Numbers[],
  compute: (...elements: number[]) => number,
): Numbers {
  const dims = broadcastDims(
    call,
    inputs.map((input) => input.dims),
  );
  return filled(type, dims, (index) => {
    const position = positionOf(index, dims);
    return compute(...inputs.map((input) => broadcastAt(input, position)));
  });
}
