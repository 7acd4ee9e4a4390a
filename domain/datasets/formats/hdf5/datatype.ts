import type { NumericType } from "../../../tensors/element-arrays.ts";
import { utf8Decode } from "../../../text/utf8.ts";
import type { Cursor } from "./cursor.ts";
import { damaged } from "./hdf5-fault.ts";

const DEEPEST = 16;

export type Hdf5Number = {
  kind: "number";
  /** Bytes in the file; 3 to 7 may be fewer than the element's. */
  size: number;
  element: Exclude<NumericType, "bool">;
  bigEndian: boolean;
  /** Of an integer that is only part of its bytes: its bits, and those of less weight beside it. */
  part?: { precision: number; offset: number };
};

export type Hdf5Member = { name: string; offset: number; type: Hdf5Type };

/** What the elements of an array are; `size` is in bytes of the file. */
export type Hdf5Type =
  | Hdf5Number
  /** An enumeration of FALSE = 0 and TRUE = 1, as h5py writes booleans. */
  | { kind: "boolean"; size: number; base: Hdf5Number }
  | { kind: "enum"; size: number; base: Hdf5Number; names: ReadonlyMap<bigint, string> }
  /** `padding` follows the text up to the size: a zero and then anything, zeros, or spaces. */
  | { kind: "string"; size: number; padding: "terminated" | "zeros" | "spaces" }
  | { kind: "opaque"; size: number }
  | { kind: "compound"; size: number; members: Hdf5Member[] }
  | { kind: "array"; size: number; dims: number[]; base: Hdf5Type }
  /** A text of any length, which lies in a global heap. */
  | { kind: "text"; size: number }
  /** Elements of any number, which lie in a global heap. */
  | { kind: "sequence"; size: number; base: Hdf5Type }
  /** The address of another object. */
  | { kind: "reference"; size: number }
  | { kind: "unsupported"; size: number; name: string };

const unsupportedType = (size: number, name: string): Hdf5Type => ({
  kind: "unsupported",
  size,
  name,
});

/** Reads a datatype message (section IV.A.2.d), without what follows it. */
export function readDatatype(cursor: Cursor, depth = 0): Hdf5Type {
  if (depth > DEEPEST) throw damaged(`a datatype is nested deeper than ${DEEPEST}`);
  const head = cursor.uint(1);
  const bits = cursor.uint(3);
  const size = cursor.uint(4);
  const version = head >> 4;
  if (version < 1 || version > 5) throw damaged(`a datatype has the version ${version}`);
  if (size === 0) throw damaged("a datatype takes no bytes");
  const read = READERS[head & 15];
  if (read === undefined) throw damaged(`a datatype is of the class ${head & 15}`);
  return read(cursor, { bits, size, version, depth });
}

type Head = { bits: number; size: number; version: number; depth: number };

/** By class. */
const READERS: ((cursor: Cursor, head: Head) => Hdf5Type)[] = [
  readInteger,
  readFloat,
  (cursor, { size }) => (cursor.skip(2), unsupportedType(size, "a time")),
  (_cursor, { bits, size }) => ({ kind: "string", size, padding: paddingOf(bits) }),
  (cursor, { size }) => (cursor.skip(4), unsupportedType(size, "a bit field")),
  (cursor, { bits, size }) => (cursor.skip(bits & 255), { kind: "opaque", size }),
  readCompound,
  (_cursor, { bits, size }) =>
    (bits & 15) === 0
      ? { kind: "reference", size }
      : unsupportedType(size, "a reference to a region or an attribute"),
  readEnum,
  readVariable,
  readArray,
  (cursor, { size, depth }) => (
    readDatatype(cursor, depth + 1),
    unsupportedType(size, "a complex number")
  ),
];

function readInteger(cursor: Cursor, { bits, size }: Head): Hdf5Type {
  const [offset, precision] = [cursor.uint(2), cursor.uint(2)];
  if (size > 8 || precision === 0 || offset + precision > size * 8)
    return unsupportedType(size, `an integer of ${precision} bits in ${size} bytes`);
  const width = ([1, 2, 4, 8] as const).find((bytes) => bytes >= size) ?? 8;
  const element = (bits & 8) === 0 ? UNSIGNED[width] : SIGNED[width];
  const isWhole = precision === size * 8;
  const part = isWhole ? {} : { part: { precision, offset } };
  return { kind: "number", size, element, bigEndian: (bits & 1) === 1, ...part };
}

const SIGNED = { 1: "int8", 2: "int16", 4: "int32", 8: "int64" } as const;
const UNSIGNED = { 1: "uint8", 2: "uint16", 4: "uint32", 8: "uint64" } as const;

/** Sign's place, exponent's place and bits, mantissa's place and bits, and the exponent's bias, of IEEE 754. */
const FLOATS: Record<number, { element: "float16" | "float32" | "float64"; parts: string }> = {
  2: { element: "float16", parts: "15 10 5 0 10 15" },
  4: { element: "float32", parts: "31 23 8 0 23 127" },
  8: { element: "float64", parts: "63 52 11 0 52 1023" },
};

function readFloat(cursor: Cursor, { bits, size }: Head): Hdf5Type {
  cursor.skip(4);
  const exponentAndMantissa = [1, 1, 1, 1, 4].map((width) => cursor.uint(width));
  const parts = [(bits >> 8) & 255, ...exponentAndMantissa].join(" ");
  const float = FLOATS[size];
  const vaxOrder = (bits & 0x40) !== 0;
  if (float === undefined || float.parts !== parts || vaxOrder)
    return unsupportedType(size, `a float of ${size * 8} bits that is not IEEE 754's`);
  return { kind: "number", size, element: float.element, bigEndian: (bits & 1) === 1 };
}

const paddingOf = (bits: number): "terminated" | "zeros" | "spaces" =>
  (["terminated", "zeros", "spaces"] as const)[bits & 15] ?? "zeros";

function readName(cursor: Cursor, version: number): string {
  const start = cursor.at;
  const name = utf8Decode(cursor.untilZero());
  if (version < 3) cursor.skip(Math.ceil((cursor.at - start) / 8) * 8 - (cursor.at - start));
  return name;
}

function readCompound(cursor: Cursor, { bits, size, version, depth }: Head): Hdf5Type {
  const members: Hdf5Member[] = [];
  const offsetSize = version < 3 ? 4 : bytesFor(size);
  for (let left = bits & 0xffff; left > 0; left--) {
    const name = readName(cursor, version);
    const offset = cursor.uint(offsetSize);
    const dims = version === 1 ? readMemberDims(cursor) : [];
    const type = arrayOf(readDatatype(cursor, depth + 1), dims);
    if (offset + type.size > size)
      throw damaged(`the member '${name}' of a datatype lies beyond its ${size} bytes`);
    members.push({ name, offset, type });
  }
  return { kind: "compound", size, members };
}

/** The first version has the sizes of a member that is an array beside it. */
function readMemberDims(cursor: Cursor): number[] {
  const rank = cursor.uint(1);
  cursor.skip(3 + 4 + 4);
  const dims = [1, 2, 3, 4].map(() => cursor.uint(4));
  if (rank > dims.length) throw damaged(`a member of a datatype has ${rank} dimensions`);
  return dims.slice(0, rank);
}

function arrayOf(base: Hdf5Type, dims: number[]): Hdf5Type {
  if (dims.length === 0) return base;
  const size = dims.reduce((product, dim) => product * dim, base.size);
  if (!Number.isSafeInteger(size)) throw damaged(`a datatype has the sizes ${dims.join(" x ")}`);
  return { kind: "array", size, dims, base };
}

/** How many bytes a number up to `most` takes. */
export const bytesFor = (most: number): number => {
  let bytes = 1;
  while (most >= 256 ** bytes) bytes++;
  return bytes;
};

function readEnum(cursor: Cursor, { bits, size, version, depth }: Head): Hdf5Type {
  const base = readDatatype(cursor, depth + 1);
  const count = bits & 0xffff;
  const names = Array.from({ length: count }, () => readName(cursor, version));
  const values = cursor.take(count * base.size);
  if (base.kind !== "number" || base.element.startsWith("float") || base.part !== undefined)
    return unsupportedType(size, "an enumeration of anything but whole integers");
  if (base.size !== size) throw damaged("an enumeration and its values differ in size");
  const named = new Map(names.map((name, index) => [integerAt(values, index, base), name]));
  const isBoolean = named.size === 2 && named.get(0n) === "FALSE" && named.get(1n) === "TRUE";
  return isBoolean ? { kind: "boolean", size, base } : { kind: "enum", size, base, names: named };
}

function integerAt(
  bytes: Uint8Array,
  index: number,
  { size, element, bigEndian }: Hdf5Number,
): bigint {
  let value = 0n;
  for (let at = 0; at < size; at++) {
    const place = bigEndian ? at : size - 1 - at;
    value = (value << 8n) | BigInt(bytes[index * size + place] ?? 0);
  }
  return element.startsWith("u") ? value : BigInt.asIntN(size * 8, value);
}

function readVariable(cursor: Cursor, { bits, size, depth }: Head): Hdf5Type {
  const base = readDatatype(cursor, depth + 1);
  return (bits & 15) === 1 ? { kind: "text", size } : { kind: "sequence", size, base };
}

function readArray(cursor: Cursor, { size, version, depth }: Head): Hdf5Type {
  const rank = cursor.uint(1);
  if (version < 3) cursor.skip(3);
  const dims = Array.from({ length: rank }, () => cursor.uint(4));
  if (version < 3) cursor.skip(4 * rank);
  const type = arrayOf(readDatatype(cursor, depth + 1), dims);
  if (type.size !== size)
    throw damaged(`an array type of ${type.size} bytes says that it has ${size}`);
  return type;
}
