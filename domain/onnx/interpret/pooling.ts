import { countOf } from "../../tensors/tensor.ts";
import { intOf, intsOf } from "../node.ts";
import { transposedSize, transposedWindowsOf } from "../transposed-windows.ts";
import { windowsOf } from "../windows.ts";
import { filled, indexOf, positionOf, type Numbers } from "./array.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import { tapsOf, type Taps } from "./taps.ts";

/** What the elements under each window of each channel come to. */
function pool(
  call: InterpreterCall,
  reduce: (elements: readonly number[], window: number, taps: Taps) => number,
): Numbers {
  const x = call.numbers(0);
  const [batch = 0, channels = 0, ...sizes] = x.dims;
  const taps = tapsOf(windowsOf(call.node, kernelOf(call)), sizes);
  const dims = [batch * channels, taps.windows.length];
  const y = filled(x.type, dims, (index) => {
    const [plane = 0, window = 0] = positionOf(index, dims);
    const elements = (taps.windows[window] ?? []).map(
      ({ input }) => x.data[plane * countOf(sizes) + input] ?? Number.NaN,
    );
    return reduce(elements, window, taps);
  });
  return { ...y, dims: [batch, channels, ...taps.counts] };
}

function kernelOf(call: InterpreterCall): readonly number[] {
  const kernel = intsOf(call.node, "kernel_shape");
  if (kernel) return kernel;
  throw call.fault("'kernel_shape' is missing");
}

const maximum = (elements: readonly number[]): number =>
  elements.reduce((most, element) => Math.max(most, element), -Infinity);

const total = (elements: readonly number[]): number =>
  elements.reduce((sum, element) => sum + element, 0);

const average = (elements: readonly number[]): number => total(elements) / elements.length;

const averagePool: InterpreterRule = (call) => {
  const countsPads = intOf(call.node, "count_include_pad", 0) === 1;
  return pool(call, (elements, window, { padded }) =>
    countsPads ? total(elements) / (padded[window] ?? 1) : average(elements),
  );
};

/** The greatest element under each window, the first of equal ones, and where in the input it lies. */
const maxPool: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const [batch = 0, channels = 0, ...sizes] = x.dims;
  const area = countOf(sizes);
  const taps = tapsOf(windowsOf(call.node, kernelOf(call)), sizes);
  const dims = [batch * channels, taps.windows.length];
  const shape = [batch, channels, ...taps.counts];
  const isColumnMajor = intOf(call.node, "storage_order", 0) === 1;
  const chosen = filled("int64", dims, (index) => {
    const [plane = 0, window = 0] = positionOf(index, dims);
    const indices = (taps.windows[window] ?? []).map(({ input }) => plane * area + input);
    return indices.reduce((best, other) =>
      (x.data[other] ?? 0) > (x.data[best] ?? 0) ? other : best,
    );
  });
  const y = filled(x.type, shape, (index) => x.data[chosen.data[index] ?? 0] ?? Number.NaN);
  const indices = filled("int64", shape, (index) => {
    const at = chosen.data[index] ?? 0;
    return isColumnMajor ? columnMajor(at, sizes) : at;
  });
  return [y, indices];
};

/** The flat index where the first spatial axis varies fastest, for a row-major one. */
function columnMajor(index: number, sizes: readonly number[]): number {
  const area = countOf(sizes);
  const position = positionOf(index % area, sizes);
  return index - (index % area) + indexOf(position.toReversed(), sizes.toReversed());
}

/** Puts each element back where its index says; zeros elsewhere. The index is into the output without `output_shape`. */
const maxUnpool: InterpreterRule = (call) => {
  const [x, indices] = [call.numbers(0), call.numbers(1)];
  const [batch = 0, channels = 0, ...sizes] = x.dims;
  const windows = transposedWindowsOf(call.node, kernelOf(call));
  const natural = [
    batch,
    channels,
    ...windows.map((window, axis) => transposedSize(window, sizes[axis] ?? 0)),
  ];
  const asked = call.optional(2);
  const y = filled(x.type, asked ? [...asked.data] : natural, () => 0);
  for (const [index, value] of x.data.entries()) {
    const at = indices.data[index] ?? 0;
    y.data[asked ? indexOf(positionOf(at, natural), y.dims) : at] = value;
  }
  return y;
};

/** Each channel's elements come to one. */
const globally =
  (reduce: (elements: readonly number[], call: InterpreterCall) => number): InterpreterRule =>
  (call) => {
    const x = call.numbers(0);
    const [batch = 0, channels = 0, ...sizes] = x.dims;
    const area = countOf(sizes);
    return filled(x.type, [batch, channels, ...sizes.map(() => 1)], (plane) =>
      reduce([...x.data.subarray(plane * area, (plane + 1) * area)], call),
    );
  };

const norm = (elements: readonly number[], call: InterpreterCall): number => {
  const p = intOf(call.node, "p", 2);
  return total(elements.map((element) => Math.abs(element) ** p)) ** (1 / p);
};

export const POOLING: Record<string, InterpreterRule> = {
  MaxPool: maxPool,
  MaxUnpool: maxUnpool,
  AveragePool: averagePool,
  LpPool: (call) => pool(call, (elements) => norm(elements, call)),
  GlobalAveragePool: globally(average),
  GlobalMaxPool: globally(maximum),
  GlobalLpPool: globally(norm),
};
