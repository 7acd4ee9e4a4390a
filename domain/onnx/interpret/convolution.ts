import { countOf } from "../../tensors/tensor.ts";
import { deformConv } from "./deform-conv.ts";
import { intOf } from "../node.ts";
import { reversedWindow, transposedSize, transposedWindowsOf } from "../transposed-windows.ts";
import { windowsOf } from "../windows.ts";
import { filled, positionOf, type Numbers } from "./array.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import { tapsOf } from "./taps.ts";

/** The convolution of `x` [N, C, ...] with `w` [M, C / group, ...], plus `bias` [M]. */
export function convolution(
  call: InterpreterCall,
  x: Numbers,
  w: Numbers,
  bias?: Numbers,
): Numbers {
  const group = intOf(call.node, "group", 1);
  const [batch = 0, channels = 0, ...sizes] = x.dims;
  const [maps = 0, perGroup = 0, ...kernel] = w.dims;
  if (channels !== perGroup * group) throw call.fault("the channels do not fit the weight");
  const { counts, windows } = tapsOf(windowsOf(call.node, kernel), sizes);
  const area = countOf(sizes);
  const cells = countOf(kernel);
  const dims = [batch, maps, windows.length];
  const y = filled(x.type, dims, (index) => {
    const [item = 0, map = 0, window = 0] = positionOf(index, dims);
    const first = item * channels + Math.floor(map / (maps / group)) * perGroup;
    let sum = bias?.data[map] ?? 0;
    for (let channel = 0; channel < perGroup; channel += 1)
      for (const tap of windows[window] ?? [])
        sum +=
          (x.data[(first + channel) * area + tap.input] ?? 0) *
          (w.data[(map * perGroup + channel) * cells + tap.kernel] ?? 0);
    return sum;
  });
  return { ...y, dims: [batch, maps, ...counts] };
}

/** What each element of `x`, times the weight [C, M / group, ...], adds to the elements its window covers. */
const convTranspose: InterpreterRule = (call) => {
  const [x, w, bias] = [call.numbers(0), call.numbers(1), call.optional(2)];
  const group = intOf(call.node, "group", 1);
  const [batch = 0, channels = 0, ...sizes] = x.dims;
  const [, perGroup = 0, ...kernel] = w.dims;
  const transposed = transposedWindowsOf(call.node, kernel);
  const output = transposed.map((axis, at) => transposedSize(axis, sizes[at] ?? 0));
  const { windows } = tapsOf(
    transposed.map((axis, at) => reversedWindow(axis, sizes[at] ?? 0)),
    output,
  );
  const maps = perGroup * group;
  const area = countOf(output);
  const cells = countOf(kernel);
  const y = filled(
    x.type,
    [batch, maps, ...output],
    (index) => bias?.data[Math.floor(index / area) % maps] ?? 0,
  );
  for (const [index, value] of x.data.entries()) {
    const [item = 0, channel = 0, window = 0] = positionOf(index, [
      batch,
      channels,
      windows.length,
    ]);
    const first = Math.floor(channel / (channels / group)) * perGroup;
    for (let map = 0; map < perGroup; map += 1)
      for (const tap of windows[window] ?? []) {
        const at = (item * maps + first + map) * area + tap.input;
        const weight = w.data[(channel * perGroup + map) * cells + tap.kernel] ?? 0;
        y.data[at] = (y.data[at] ?? 0) + value * weight;
      }
  }
  return y;
};

export const CONVOLUTION: Record<string, InterpreterRule> = {
  Conv: (call) => convolution(call, call.numbers(0), call.numbers(1), call.optional(2)),
  ConvTranspose: convTranspose,
  DeformConv: deformConv,
};
