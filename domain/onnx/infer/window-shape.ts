import type { Dimension } from "../../tensors/tensor.ts";
import { transposedSize, type TransposedWindow } from "../transposed-windows.ts";
import { reachOf, windowCount, windowsOf, type Window } from "../windows.ts";
import { describeShape } from "./broadcast.ts";
import type { InferenceCall } from "./inference-call.ts";

/** How many windows each spatial axis has; `sizes` are those of the axes behind batch and channels. */
export function windowCounts(
  call: InferenceCall,
  kernel: readonly number[],
  sizes: readonly Dimension[],
): Dimension[] {
  if (kernel.length !== sizes.length)
    throw call.fault(
      `a kernel of ${kernel.length} axes does not fit the spatial axes ${describeShape(sizes)}`,
    );
  return windowsOf(call.node, kernel).map((window, axis) =>
    countOf(call, window, sizes[axis] ?? null),
  );
}

/** The size of the output of a transposed window over an axis. */
export function transposedDimension(
  call: InferenceCall,
  transposed: TransposedWindow,
  size: Dimension,
): Dimension {
  if (transposed.output !== undefined) return transposed.output;
  // A size that is kept by size 1 is kept by every size, if steps of 1 are made.
  if (typeof size !== "number")
    return transposed.window.stride === 1 && transposedSize(transposed, 1) === 1 ? size : null;
  const output = transposedSize(transposed, size);
  if (output > 0) return output;
  throw call.fault(`its pads leave ${output} elements of an axis of ${size}; take smaller ones`);
}

/** An axis whose size is not known keeps it where the windows are as many as the elements. */
function countOf(call: InferenceCall, window: Window, size: Dimension): Dimension {
  const { stride, pads } = window;
  if (typeof size !== "number") {
    const isKept = typeof pads === "string" || pads[0] + pads[1] === reachOf(window) - 1;
    return stride === 1 && isKept ? size : null;
  }
  const count = windowCount(window, size);
  if (count > 0) return count;
  throw call.fault(
    `a kernel that reaches over ${reachOf(window)} elements does not fit an axis of ${size}; pad it, or take a smaller kernel`,
  );
}
