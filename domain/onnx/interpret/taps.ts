import { countOf } from "../../tensors/tensor.ts";
import { padsFor, windowCount, type Window } from "../windows.ts";
import { indexOf, positionOf } from "./array.ts";

/** An element under a window: its flat index among the spatial elements, and that of the kernel's element over it. */
export type Tap = { readonly input: number; readonly kernel: number };

export type Taps = {
  /** How many windows each spatial axis has. */
  readonly counts: readonly number[];
  /** For each window, in row-major order, the elements under it that are not padding. */
  readonly windows: readonly (readonly Tap[])[];
  /** For each window, how many elements lie under it with the padding. */
  readonly padded: readonly number[];
};

/** Where the windows lie over spatial axes of the given sizes. */
export function tapsOf(windows: readonly Window[], sizes: readonly number[]): Taps {
  const counts = windows.map((window, axis) => windowCount(window, sizes[axis] ?? 0));
  const pads = windows.map((window, axis) => padsFor(window, sizes[axis] ?? 0));
  const kernel = windows.map((window) => window.kernel);
  const cells = Array.from({ length: countOf(kernel) }, (_, index) => positionOf(index, kernel));
  const taps: Tap[][] = [];
  const padded: number[] = [];
  for (let index = 0; index < countOf(counts); index += 1) {
    const at = positionOf(index, counts);
    const under: Tap[] = [];
    let inPadding = 0;
    for (const [cell, offset] of cells.entries()) {
      const position = windows.map(
        ({ stride, dilation }, axis) =>
          (at[axis] ?? 0) * stride + (offset[axis] ?? 0) * dilation - (pads[axis]?.[0] ?? 0),
      );
      const isInput = position.every((p, axis) => p >= 0 && p < (sizes[axis] ?? 0));
      const isPadded = position.every((p, axis) => p < (sizes[axis] ?? 0) + (pads[axis]?.[1] ?? 0));
      if (isInput) under.push({ input: indexOf(position, sizes), kernel: cell });
      if (isPadded) inPadding += 1;
    }
    taps.push(under);
    padded.push(inPadding);
  }
  return { counts, windows: taps, padded };
}
