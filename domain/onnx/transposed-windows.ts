import type { Node } from "./model.ts";
import { intsOf } from "./node.ts";
import { reachOf, splitPads, windowsOf, type Window } from "./windows.ts";

/** How ConvTranspose or MaxUnpool spreads the elements of one axis over its output. */
export type TransposedWindow = {
  readonly window: Window;
  /** Elements that the output has more at its end. */
  readonly outputPadding: number;
  /** The size of the output, where the node asks for one. */
  readonly output: number | undefined;
};

export function transposedWindowsOf(node: Node, kernel: readonly number[]): TransposedWindow[] {
  const paddings = intsOf(node, "output_padding");
  // Some exporters write batch and channels in front.
  const outputs = intsOf(node, "output_shape")?.slice(-kernel.length);
  return windowsOf(node, kernel).map((window, axis) => ({
    window,
    outputPadding: paddings?.[axis] ?? 0,
    output: outputs?.[axis],
  }));
}

/** The size of the output for an axis of `size` elements. */
export function transposedSize(transposed: TransposedWindow, size: number): number {
  const { window, output } = transposed;
  if (output !== undefined) return output;
  if (typeof window.pads === "string") return size * window.stride;
  return fullSize(transposed, size) - window.pads[0] - window.pads[1];
}

/**
 * The window of the convolution that takes the output back to an axis of `size` elements: element i
 * of the input spreads over what window i covers. Its padding behind is negative where the output
 * goes on beyond the last window.
 */
export function reversedWindow(transposed: TransposedWindow, size: number): Window {
  const { window } = transposed;
  const output = transposedSize(transposed, size);
  const before = padBefore(transposed, size, output);
  const covered = (size - 1) * window.stride + reachOf(window);
  return { ...window, pads: [before, covered - output - before] };
}

function padBefore(transposed: TransposedWindow, size: number, output: number): number {
  const { pads } = transposed.window;
  const isChosen = typeof pads === "string" || transposed.output !== undefined;
  if (!isChosen) return pads[0];
  const total = Math.max(0, fullSize(transposed, size) - output);
  return splitPads(total, pads === "same_upper" ? pads : "same_lower")[0];
}

/** What the output would have without any padding taken off. */
const fullSize = ({ window, outputPadding }: TransposedWindow, size: number): number =>
  (size - 1) * window.stride + reachOf(window) + outputPadding;
