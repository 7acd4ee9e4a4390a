import { intOf, stringOf } from "../node.ts";
import { cubicKernel } from "../resize.ts";
import { roundHalfEven } from "../tensors.ts";
import { filled, indexOf, positionOf, type Numbers } from "./array.ts";
import type { InterpreterRule } from "./interpreter-call.ts";

const CUBIC_COEFFICIENT = -0.75;

/** The elements of an axis that a coordinate is made of, before what is outside is folded back. */
const NEIGHBOURS: Record<string, (at: number) => { index: number; weight: number }[]> = {
  nearest: (at) => [{ index: at, weight: 1 }],
  linear: (at) => around(at, 0, 2, (distance) => 1 - distance),
  cubic: (at) => around(at, -1, 4, (distance) => cubicKernel(distance, CUBIC_COEFFICIENT)),
};
const MODES: Record<string, string> = { bilinear: "linear", bicubic: "cubic" };

const around = (
  at: number,
  first: number,
  count: number,
  kernel: (distance: number) => number,
): { index: number; weight: number }[] =>
  Array.from({ length: count }, (_, step) => {
    const index = Math.floor(at) + first + step;
    return { index, weight: kernel(Math.abs(at - index)) };
  });

export const gridSample: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const grid = call.numbers(1);
  const mode = stringOf(call.node, "mode", "linear");
  const neighbours = NEIGHBOURS[MODES[mode] ?? mode];
  if (neighbours === undefined) throw call.fault(`there is no mode '${mode}'`);
  const isAligned = intOf(call.node, "align_corners", 0) === 1;
  const padding = stringOf(call.node, "padding_mode", "zeros");
  const sizes = x.dims.slice(2);
  const dims = [x.dims[0] ?? 0, x.dims[1] ?? 0, ...grid.dims.slice(1, -1)];
  return filled(x.type, dims, (flat) => {
    const [n = 0, channel = 0, ...place] = positionOf(flat, dims);
    const corners = sizes.map((size, axis) => {
      // The grid names the last axis first.
      const component = sizes.length - 1 - axis;
      const given = grid.data[indexOf([n, ...place, component], grid.dims)] ?? 0;
      const at = foldedBack(coordinateOf(given, size, isAligned), size, isAligned, padding, mode);
      return neighbours(at).flatMap(({ index, weight }) => {
        const inside = foldedBack(index, size, isAligned, padding, "nearest");
        return inside >= 0 && inside < size ? [{ index: inside, weight }] : [];
      });
    });
    return weighed(x, [n, channel], corners);
  });
};

/** From between -1 and 1 to units of elements. */
const coordinateOf = (given: number, size: number, isAligned: boolean): number =>
  isAligned ? ((given + 1) / 2) * (size - 1) : ((given + 1) * size - 1) / 2;

/** A coordinate outside brought inside as the padding says; `nearest` rounds it first. */
function foldedBack(
  coordinate: number,
  size: number,
  isAligned: boolean,
  padding: string,
  mode: string,
): number {
  const at = mode === "nearest" ? roundHalfEven(coordinate) : coordinate;
  const [low, high] = isAligned ? [0, size - 1] : [-0.5, size - 0.5];
  if ((at >= low && at <= high) || padding === "zeros") return at;
  if (padding === "border") return Math.min(size - 1, Math.max(0, at));
  const length = high - low;
  if (length === 0) return 0;
  const over = Math.abs(at - low) % (2 * length);
  return low + Math.min(over, 2 * length - over);
}

type Weighed = readonly { index: number; weight: number }[];

/** The sum over every combination of the axes' neighbours. */
function weighed(
  x: Numbers,
  position: readonly number[],
  [axis, ...others]: readonly Weighed[],
): number {
  if (axis === undefined) return x.data[indexOf(position, x.dims)] ?? 0;
  return axis.reduce(
    (sum, { index, weight }) => sum + weight * weighed(x, [...position, index], others),
    0,
  );
}
