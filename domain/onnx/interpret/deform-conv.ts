import { countOf } from "../../tensors/tensor.ts";
import { intOf } from "../node.ts";
import { padsFor, windowCount, windowsOf } from "../windows.ts";
import { filled, indexOf, positionOf } from "./array.ts";
import type { InterpreterRule } from "./interpreter-call.ts";

/**
 * A convolution whose taps are moved by `offset` [N, offset groups * cells * axes, ...windows],
 * read between the elements by linear interpolation, and scaled by `mask`
 * [N, offset groups * cells, ...windows] (https://onnx.ai/onnx/operators/onnx__DeformConv.html).
 */
export const deformConv: InterpreterRule = (call) => {
  const [x, w, offset] = [call.numbers(0), call.numbers(1), call.numbers(2)];
  const [bias, mask] = [call.optional(3), call.optional(4)];
  const group = intOf(call.node, "group", 1);
  const offsetGroups = intOf(call.node, "offset_group", 1);
  const [batch = 0, channels = 0, ...sizes] = x.dims;
  const [maps = 0, perGroup = 0, ...kernel] = w.dims;
  const windows = windowsOf(call.node, kernel);
  const starts = windows.map((window, axis) => padsFor(window, sizes[axis] ?? 0)[0]);
  const counts = windows.map((window, axis) => windowCount(window, sizes[axis] ?? 0));
  const [area, cells, places] = [countOf(sizes), countOf(kernel), countOf(counts)];

  /** The element of a channel under a cell of a window, after the offset and the mask. */
  const tap = (item: number, channel: number, cell: number, place: number): number => {
    const offsetGroup = Math.floor(channel / (channels / offsetGroups));
    const which = (item * offsetGroups + offsetGroup) * cells + cell;
    const at = positionOf(place, counts);
    const inKernel = positionOf(cell, kernel);
    const position = windows.map(({ stride, dilation }, axis) => {
      const moved = offset.data[(which * windows.length + axis) * places + place] ?? 0;
      const from = (at[axis] ?? 0) * stride - (starts[axis] ?? 0);
      return from + (inKernel[axis] ?? 0) * dilation + moved;
    });
    const start = (item * channels + channel) * area;
    const value = interpolated(x.data.subarray(start, start + area), sizes, position);
    return value * (mask ? (mask.data[which * places + place] ?? 0) : 1);
  };

  const dims = [batch, maps, places];
  const y = filled(x.type, dims, (index) => {
    const [item = 0, map = 0, place = 0] = positionOf(index, dims);
    const first = Math.floor(map / (maps / group)) * perGroup;
    let sum = bias?.data[map] ?? 0;
    for (let channel = 0; channel < perGroup; channel += 1)
      for (let cell = 0; cell < cells; cell += 1)
        sum +=
          tap(item, first + channel, cell, place) *
          (w.data[(map * perGroup + channel) * cells + cell] ?? 0);
    return sum;
  });
  return { ...y, dims: [batch, maps, ...counts] };
};

/** The value between elements: of each of the corners around a position its share; outside lie zeros. */
function interpolated(
  data: Float64Array,
  sizes: readonly number[],
  position: readonly number[],
): number {
  let sum = 0;
  for (let corner = 0; corner < 2 ** sizes.length; corner += 1) {
    const at = position.map((p, axis) => Math.floor(p) + (Math.floor(corner / 2 ** axis) % 2));
    if (!at.every((index, axis) => index >= 0 && index < (sizes[axis] ?? 0))) continue;
    const share = at.reduce(
      (part, index, axis) => part * (1 - Math.abs((position[axis] ?? 0) - index)),
      1,
    );
    sum += share * (data[indexOf(at, sizes)] ?? 0);
  }
  return sum;
}
