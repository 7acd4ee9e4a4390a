import { elementCount } from "./check-dimensions.ts";
import type { Tensor } from "./tensor.ts";

export type JsonElement = number | string | boolean | null;
export type NestedJson = JsonElement | NestedJson[];

/** The tensor as nested JSON arrays, a bare value for a scalar. */
export function tensorToNested(tensor: Tensor): NestedJson {
  const { dims } = tensor;
  let level: NestedJson[] = jsonElements(tensor);
  if (dims.length === 0) return level[0] ?? null;
  for (let axis = dims.length - 1; axis > 0; axis--) {
    const size = dims[axis] ?? 0;
    const parts = level;
    const count = elementCount(dims.slice(0, axis));
    level = Array.from({ length: count }, (_, i) => parts.slice(i * size, (i + 1) * size));
  }
  return level;
}

/**
 * The elements in row-major order as JSON can carry them: a float that is not finite is null, a
 * 64-bit integer beyond 2^53 a decimal string.
 */
export function jsonElements({ type, data }: Tensor): JsonElement[] {
  if (Array.isArray(data)) return data;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return mapped<bigint>(data, (value) => {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : String(value);
    });
  if (type === "bool") return mapped<number>(data, (value) => value !== 0);
  return mapped<number>(
    type === "float16" ? new Float16Array(data.buffer, data.byteOffset, data.length) : data,
    (value) => (Number.isFinite(value) ? value : null),
  );
}

function mapped<T>(values: Iterable<T>, toJson: (value: T) => JsonElement): JsonElement[] {
  const elements: JsonElement[] = [];
  for (const value of values) elements.push(toJson(value));
  return elements;
}
