import { filled, indexOf, positionOf, type Numbers } from "./array.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";

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
  const own = position
    .slice(position.length - dims.length)
    .map((at, axis) => (dims[axis] === 1 ? 0 : at));
  return data[indexOf(own, dims)] ?? Number.NaN;
}

const unary =
  (compute: (x: number) => number): InterpreterRule =>
  (call) => {
    const x = call.numbers(0);
    return { ...x, data: x.data.map(compute) };
  };

const binary =
  (compute: (a: number, b: number) => number): InterpreterRule =>
  (call) => {
    const [a, b] = [call.numbers(0), call.numbers(1)];
    const dims = broadcastDims(call, [a.dims, b.dims]);
    return filled(a.type, dims, (index) => {
      const position = positionOf(index, dims);
      return compute(broadcastAt(a, position), broadcastAt(b, position));
    });
  };

export const ELEMENTWISE: Record<string, InterpreterRule> = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Neg: unary((x) => -x),
  Exp: unary(Math.exp),
  Relu: unary((x) => Math.max(0, x)),
  Identity: (call) => call.value(0),
};
