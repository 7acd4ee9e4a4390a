import type { ColumnType } from "../../schema.ts";
import { BYTES_TYPE, JSON_TYPE } from "./conventions.ts";
import { Structure } from "./structure.ts";

/** A length, an address and an index. */
export const VARIABLE_SIZE = 16;

/** What the elements of a column are stored as. */
export type StoredType =
  | "bool"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "float16"
  | "float32"
  | "float64";

export const STORED_AS: Record<Exclude<ColumnType, "string" | "binary" | "json">, StoredType> = {
  bool: "bool",
  int8: "int8",
  int16: "int16",
  int32: "int32",
  int64: "int64",
  uint8: "uint8",
  uint16: "uint16",
  uint32: "uint32",
  uint64: "uint64",
  float16: "float16",
  float32: "float32",
  float64: "float64",
  date: "int32",
  timestamp: "int64",
};

export const MEDIA_TYPES: Partial<Record<ColumnType, string>> = {
  json: JSON_TYPE,
  binary: BYTES_TYPE,
};

/** Sign's place, exponent's place and bits, mantissa's bits, and bias. */
const FLOATS: Partial<Record<StoredType, [number, number, number, number, number]>> = {
  float16: [15, 10, 5, 10, 15],
  float32: [31, 23, 8, 23, 127],
  float64: [63, 52, 11, 52, 1023],
};

const SIZES: Record<StoredType, number> = {
  bool: 1,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
};

export const sizeOf = (type: StoredType): number => SIZES[type];

/** A datatype message (section IV.A.2.d, version 1). */
export function datatypeMessage(type: StoredType): Uint8Array {
  const size = SIZES[type];
  if (type === "bool") return booleanType();
  const float = FLOATS[type];
  if (float !== undefined) {
    const [sign, exponent, exponentBits, mantissaBits, bias] = float;
    // Little-endian, and the mantissa's first bit implied.
    const head = new Structure().raw(0x11, 0x20, sign, 0).uint(size, 4);
    head.uint(0, 2).uint(size * 8, 2);
    return head.raw(exponent, exponentBits, 0, mantissaBits).uint(bias, 4).finish();
  }
  const signed = type.startsWith("u") ? 0 : 8;
  return new Structure()
    .raw(0x10, signed, 0, 0)
    .uint(size, 4)
    .uint(0, 2)
    .uint(size * 8, 2)
    .finish();
}

/** The enumeration that h5py reads as booleans. */
function booleanType(): Uint8Array {
  const head = new Structure().raw(0x18, 2, 0, 0).uint(1, 4).bytes(datatypeMessage("int8"));
  return head.paddedName("FALSE").paddedName("TRUE").raw(0, 1).finish();
}

/** Texts of any length, in UTF-8. */
export const textType = (): Uint8Array =>
  new Structure()
    .raw(0x19, 1, 1, 0)
    .uint(VARIABLE_SIZE, 4)
    .bytes(datatypeMessage("uint8"))
    .finish();

/** Elements of any number. */
export const sequenceType = (base: StoredType): Uint8Array =>
  new Structure().raw(0x19, 0, 0, 0).uint(VARIABLE_SIZE, 4).bytes(datatypeMessage(base)).finish();

/** A text of so many bytes, in UTF-8, with zeros behind it. */
export const fixedTextType = (bytes: number): Uint8Array =>
  new Structure().raw(0x13, 0x11, 0, 0).uint(bytes, 4).finish();

/** A dataspace message (section IV.A.2.b, version 2); no sizes make a scalar. */
export function dataspaceMessage(shape: readonly number[]): Uint8Array {
  const message = new Structure().raw(2, shape.length, 0, shape.length === 0 ? 0 : 1);
  for (const size of shape) message.uint(size, 8);
  return message.finish();
}
