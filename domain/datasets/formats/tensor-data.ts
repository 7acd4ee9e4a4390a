import type { ColumnType } from "../schema.ts";
import type { Cell, TensorCell } from "../table.ts";

type TensorData = TensorCell["data"];

const MAKERS: Partial<Record<ColumnType, (length: number) => TensorData>> = {
  bool: (length) => new Uint8Array(length),
  int8: (length) => new Int8Array(length),
  int16: (length) => new Int16Array(length),
  int32: (length) => new Int32Array(length),
  int64: (length) => new BigInt64Array(length),
  uint8: (length) => new Uint8Array(length),
  uint16: (length) => new Uint16Array(length),
  uint32: (length) => new Uint32Array(length),
  uint64: (length) => new BigUint64Array(length),
  float16: (length) => new Float32Array(length),
  float32: (length) => new Float32Array(length),
  float64: (length) => new Float64Array(length),
};

/** Zeros for the elements of a tensor; undefined for a type that tensors do not have. */
export const newTensorData = (type: ColumnType, length: number): TensorData | undefined =>
  MAKERS[type]?.(length);

/** JSON may have members of these names, and no array of numbers. */
export const isTensorCell = (cell: Cell | undefined): cell is TensorCell =>
  typeof cell === "object" && cell !== null && "data" in cell && ArrayBuffer.isView(cell.data);

export const elementCount = (dims: readonly number[]): number =>
  dims.reduce((product, size) => product * size, 1);
