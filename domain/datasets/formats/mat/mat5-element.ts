import { utf8Decode } from "../../../text/utf8.ts";
import type { ByteSource } from "../../byte-source.ts";
import { invalidMat, type Plane, type Storage, STORAGE_BYTES, storedPlane } from "./mat-array.ts";

const LONGEST_NAME = 4096;

/** Data types of elements ("MAT-File Format", table 1-1), by number. */
const STORAGES: Record<number, Storage> = {
  1: "int8",
  2: "uint8",
  3: "int16",
  4: "uint16",
  5: "int32",
  6: "uint32",
  7: "float32",
  9: "float64",
  12: "int64",
  13: "uint64",
};
export const MATRIX = 14;
const UTF8 = 16;
/** The array type of MATLAB's own objects, which have no sizes. */
export const OPAQUE = 17;

/** A part of a file, or of what a part of it unpacks to. */
export type MatBytes = {
  source: ByteSource;
  littleEndian: boolean;
  byRange: boolean;
  /** The same bytes, read on their own. */
  again(): ByteSource;
};

/** An element's type and where its data lie. */
export type Element = { type: number; data: number; length: number; next: number };

export async function readElement(
  { source, littleEndian }: MatBytes,
  at: number,
  end: number,
): Promise<Element> {
  if (at + 8 > end) throw invalidMat("it ends in the middle of a variable");
  const tag = await source.read(at, 8);
  const view = new DataView(tag.buffer, tag.byteOffset, 8);
  const first = view.getUint32(0, littleEndian);
  // Up to four bytes of data stand in the tag itself, their number in its upper half.
  const small = first >>> 16;
  if (small > 0) {
    if (small > 4) throw invalidMat(`a short element has ${small} bytes`);
    return { type: first & 0xffff, data: at + 4, length: small, next: at + 8 };
  }
  const length = view.getUint32(4, littleEndian);
  const data = at + 8;
  if (length > end - data) throw invalidMat(`an element of ${length} bytes goes beyond its end`);
  return { type: first, data, length, next: Math.min(data + Math.ceil(length / 8) * 8, end) };
}

export async function integers(
  bytes: MatBytes,
  { type, data, length }: Element,
): Promise<number[]> {
  if (type !== 5 && type !== 6) throw invalidMat("sizes are no whole numbers of 32 bits");
  if (length > 1024) throw invalidMat(`an array has ${length / 4} dimensions`);
  const read = await bytes.source.read(data, length);
  const view = new DataView(read.buffer, read.byteOffset, read.length);
  return Array.from({ length: length >> 2 }, (_, i) => view.getInt32(i * 4, bytes.littleEndian));
}

/** A name, of which newer files may have one in UTF-8. */
export async function nameOf(bytes: MatBytes, { type, data, length }: Element): Promise<string> {
  if (length > LONGEST_NAME) throw invalidMat(`a name has ${length} bytes`);
  const read = await bytes.source.read(data, length);
  const text = type === UTF8 ? utf8Decode(read) : String.fromCharCode(...read);
  return text.replace(/\0.*$/s, "");
}

export function planeOf(
  bytes: MatBytes,
  { type, data, length }: Element,
  count: number,
  name: string,
): Plane {
  const storage = STORAGES[type];
  if (storage === undefined) throw invalidMat(`the numbers of ${name} have the type ${type}`);
  if (length < count * STORAGE_BYTES[storage])
    throw invalidMat(
      `the variable ${name} should have ${count} numbers, and has ${length} bytes of ${storage}`,
    );
  const { littleEndian, byRange } = bytes;
  return storedPlane({ source: bytes.again(), offset: data, storage, littleEndian, byRange });
}

/** What stands before an array's values. */
export type ArrayHead = {
  arrayClass: number;
  isComplex: boolean;
  isLogical: boolean;
  dims: number[];
  name: string;
  /** Where its values begin. */
  at: number;
};

export async function readHead(bytes: MatBytes, from: number, end: number): Promise<ArrayHead> {
  const flags = await readElement(bytes, from, end);
  if (flags.length < 8) throw invalidMat("a variable has no flags");
  const read = await bytes.source.read(flags.data, 4);
  const bits = new DataView(read.buffer, read.byteOffset, 4).getUint32(0, bytes.littleEndian);
  const arrayClass = bits & 0xff;
  let at = flags.next;
  let dims = [0, 0];
  if (arrayClass !== OPAQUE) {
    const sizes = await readElement(bytes, at, end);
    dims = await integers(bytes, sizes);
    at = sizes.next;
  }
  const named = await readElement(bytes, at, end);
  return {
    arrayClass,
    isComplex: (bits & 0x800) !== 0,
    isLogical: (bits & 0x200) !== 0,
    dims,
    name: await nameOf(bytes, named),
    at: named.next,
  };
}
