import type { ElementType, TensorData } from "./tensor.ts";

export type NumericType = Exclude<ElementType, "string">;
export type NumericData = Exclude<TensorData, string[]>;

export type ElementArray = {
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): NumericData;
  new (length: number): NumericData;
  readonly BYTES_PER_ELEMENT: number;
};

/** What holds the elements of a tensor in memory. */
export const ELEMENT_ARRAYS: Record<NumericType, ElementArray> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/**
 * The elements that lie side by side in little-endian bytes (every machine that runs this code
 * stores them so): a view where they lie aligned, else a copy. Undefined where the last one is cut.
 */
export function elementsIn(type: NumericType, bytes: Uint8Array): NumericData | undefined {
  const Elements = ELEMENT_ARRAYS[type];
  const size = Elements.BYTES_PER_ELEMENT;
  if (bytes.length % size !== 0) return undefined;
  // Not bytes.slice(), which a Node Buffer answers with a view.
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new Elements(buffer, byteOffset, bytes.length / size);
}
