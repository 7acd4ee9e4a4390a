import type { Tensor } from "../../../domain/tensors/tensor.ts";

/** As ONNX Runtime's own runner of these tests has them. */
const RELATIVE_TOLERANCE = 1e-3;
const ABSOLUTE_TOLERANCE = 1e-5;

/** What of a tensor is not as expected: floats within tolerances, everything else exactly. */
export function difference(
  expected: Tensor,
  actual: Tensor | undefined,
): "absent" | "type" | "shape" | "values" | null {
  if (actual === undefined) return "absent";
  if (actual.type !== expected.type) return "type";
  if (actual.dims.join() !== expected.dims.join()) return "shape";
  const found = comparable(actual);
  const same = comparable(expected).every((value, index) => isClose(value, found[index]));
  return same ? null : "values";
}

function isClose(expected: unknown, actual: unknown): boolean {
  if (Object.is(expected, actual) || expected === actual) return true;
  if (typeof expected !== "number" || typeof actual !== "number") return false;
  // An infinite bound would take anything.
  if (!Number.isFinite(expected)) return false;
  return (
    Math.abs(actual - expected) <= ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * Math.abs(expected)
  );
}

/** Floats as numbers; everything else as texts, which are only ever equal or not. */
function comparable({ type, data }: Tensor): unknown[] {
  if (type === "float32" || type === "float64") return [...data];
  if (type === "float16" && !Array.isArray(data))
    return [...new Float16Array(data.buffer, data.byteOffset, data.length)];
  return Array.from(data, String);
}
