import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import type { ColumnType } from "../../schema.ts";
import type { TensorCell } from "../../table.ts";
import { newTensorData } from "../tensor-data.ts";

/** How numbers lie in a file. */
export type Storage =
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float32"
  | "float64";

export const STORAGE_BYTES: Record<Storage, number> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float32: 4,
  float64: 8,
};

/** The numbers of an array one behind the other, the first index changing fastest. */
export type Plane = {
  /** Bytes of a number. */
  width: number;
  /** Whether any part can be read without what lies before it. */
  byRange: boolean;
  /** `count` numbers from the index `from` on, as elements of a column's type. */
  read(type: ColumnType, from: number, count: number): Promise<TensorCell["data"]>;
};

/** A variable of a MAT file, a field of a structure, or what cannot be a column. */
export type MatArray = { name: string; dims: number[] } & (
  | { kind: "numbers"; type: ColumnType; real: Plane; imaginary: Plane | null }
  | { kind: "texts"; texts(from: number, count: number): Promise<(string | null)[]> }
  | { kind: "other"; what: string }
);

export const invalidMat = (what: string): DatasetFault =>
  new DatasetFault("file_invalid", `the MAT file is damaged: ${what}`);

/** Elements of an array of these sizes. Throws where they are no sizes, or more than can be. */
export function countOf(dims: readonly number[], name: string): number {
  const count = dims.reduce((product, size) => product * size, 1);
  if (dims.length > 32 || dims.some((size) => size < 0) || !Number.isSafeInteger(count))
    throw invalidMat(`the variable ${name} has the sizes ${dims.slice(0, 32).join(" x ")}`);
  return count;
}

type Getter = (view: DataView, at: number, littleEndian: boolean) => number | bigint;

const GETTERS: Record<Storage, Getter> = {
  int8: (view, at) => view.getInt8(at),
  uint8: (view, at) => view.getUint8(at),
  int16: (view, at, little) => view.getInt16(at, little),
  uint16: (view, at, little) => view.getUint16(at, little),
  int32: (view, at, little) => view.getInt32(at, little),
  uint32: (view, at, little) => view.getUint32(at, little),
  int64: (view, at, little) => view.getBigInt64(at, little),
  uint64: (view, at, little) => view.getBigUint64(at, little),
  float32: (view, at, little) => view.getFloat32(at, little),
  float64: (view, at, little) => view.getFloat64(at, little),
};

/** Where the numbers of a plane lie side by side. */
export type StoredNumbers = {
  source: ByteSource;
  offset: number;
  storage: Storage;
  littleEndian: boolean;
  byRange: boolean;
};

/** Numbers that lie in a file side by side, perhaps as a narrower type than they are. */
export function storedPlane({
  source,
  offset,
  storage,
  littleEndian,
  byRange,
}: StoredNumbers): Plane {
  const width = STORAGE_BYTES[storage];
  return {
    width,
    byRange,
    async read(type, from, count) {
      const bytes = await source.read(offset + from * width, count * width);
      return decoded(bytes, storage, littleEndian, type);
    },
  };
}

function decoded(
  bytes: Uint8Array,
  storage: Storage,
  littleEndian: boolean,
  type: ColumnType,
): TensorCell["data"] {
  const width = STORAGE_BYTES[storage];
  const count = bytes.length / width;
  const data = newTensorData(type, count);
  if (data === undefined) throw new TypeError(`${type} is no type of numbers`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const get = GETTERS[storage];
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    for (let i = 0; i < count; i++) data[i] = BigInt(whole(get(view, i * width, littleEndian)));
  else for (let i = 0; i < count; i++) data[i] = Number(get(view, i * width, littleEndian));
  return data;
}

function whole(value: number | bigint): number | bigint {
  if (typeof value === "number" && !Number.isInteger(value))
    throw invalidMat(`a whole number is stored as ${value}`);
  return value;
}
