import type { Dimension } from "../../tensors/tensor.ts";
import type { InferenceCall } from "./inference-call.ts";

/**
 * The shape that shapes broadcast to (https://onnx.ai/onnx/repo-docs/Broadcasting.html). A size
 * next to an unknown one wins, since the unknown one is the same or 1; two different symbols give
 * an unknown one.
 */
export function broadcast(
  call: InferenceCall,
  shapes: readonly (readonly Dimension[] | null)[],
): Dimension[] | null {
  const known = shapes.filter((shape) => shape !== null);
  if (known.length < shapes.length) return null;
  const rank = known.reduce((most, shape) => Math.max(most, shape.length), 0);
  return Array.from({ length: rank }, (_, axis) => {
    let size: Dimension = 1;
    for (const shape of known) {
      const at = axis - rank + shape.length;
      size = together(call, size, at < 0 ? 1 : (shape[at] ?? null), known);
    }
    return size;
  });
}

function together(
  call: InferenceCall,
  a: Dimension,
  b: Dimension,
  shapes: readonly (readonly Dimension[])[],
): Dimension {
  if (a === 1 || a === b) return b;
  if (b === 1) return a;
  if (typeof a === "number" && typeof b === "number")
    throw call.fault(`the shapes ${shapes.map(describeShape).join(" and ")} do not broadcast`);
  if (typeof a === "number") return a;
  return typeof b === "number" ? b : null;
}

export const describeShape = (shape: readonly Dimension[]): string =>
  `[${shape.map((size) => size ?? "?").join(", ")}]`;
