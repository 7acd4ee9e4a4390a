import { utf8Decode } from "../../../text/utf8.ts";
import { DatasetFault } from "../../dataset-fault.ts";

const DEEPEST = 24;

/** The compact protocol's codes for what follows a field's header. */
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const MAP = 11;
const STRUCT = 12;
const UUID = 13;

const damaged = (what: string): DatasetFault =>
  new DatasetFault("file_invalid", `the file's Parquet metadata is damaged: ${what}`);

/**
 * Where reading is. `budget` is how many structures and elements may still be made: a byte of a
 * file can declare one, which is some fifty bytes of memory.
 */
export type ThriftCursor = { bytes: Uint8Array; at: number; budget: number };

/** How a value of one type lies in the bytes. */
export type Kind<T> = {
  codes: readonly number[];
  read(cursor: ThriftCursor, code: number, depth: number): T;
};

type Fields = Record<string, readonly [id: number, kind: Kind<unknown>]>;
type StructOf<F extends Fields> = {
  [N in keyof F]?: F[N] extends readonly [number, Kind<infer T>] ? T : never;
};

function byte(cursor: ThriftCursor): number {
  const value = cursor.bytes[cursor.at++];
  if (value === undefined) throw damaged("it ends in the middle of a value");
  return value;
}

/** An unsigned LEB128 number of at most 64 bits. */
function varint(cursor: ThriftCursor): bigint {
  let low = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const next = byte(cursor);
    low |= (next & 0x7f) << shift;
    if (next < 0x80) return BigInt(low);
  }
  let value = BigInt(low);
  for (let shift = 28n; shift < 64n; shift += 7n) {
    const next = byte(cursor);
    value |= BigInt(next & 0x7f) << shift;
    if (next < 0x80) return value;
  }
  throw damaged("a number has more than 64 bits");
}

function integer(cursor: ThriftCursor): number {
  const zigzag = varint(cursor);
  const value = Number((zigzag >> 1n) ^ -(zigzag & 1n));
  if (!Number.isSafeInteger(value)) throw damaged(`the number ${value} is beyond 2^53`);
  return value;
}

function spend(cursor: ThriftCursor, count: number): void {
  cursor.budget -= count;
  if (cursor.budget < 0)
    throw new DatasetFault(
      "file_too_large",
      "the file's Parquet metadata has too many columns and row groups to be held in memory; write it with fewer columns or larger row groups",
    );
}

function slice(cursor: ThriftCursor): Uint8Array {
  const length = Number(varint(cursor));
  if (length > cursor.bytes.length - cursor.at)
    throw damaged(`a text of ${length} bytes goes beyond its end`);
  return cursor.bytes.subarray(cursor.at, (cursor.at += length));
}

function listHead(cursor: ThriftCursor): { size: number; code: number } {
  const head = byte(cursor);
  const size = head >> 4 === 15 ? Number(varint(cursor)) : head >> 4;
  if (size > cursor.bytes.length - cursor.at)
    throw damaged(`a list of ${size} elements goes beyond its end`);
  return { size, code: head & 15 };
}

/** Reads the fields of a structure up to its end; `take` reads a value or says that it did not. */
function eachField(
  cursor: ThriftCursor,
  depth: number,
  take: (id: number, code: number) => boolean,
): void {
  if (depth > DEEPEST) throw damaged(`it is nested deeper than ${DEEPEST}`);
  for (let id = 0; ;) {
    const head = byte(cursor);
    if (head === 0) return;
    id = head >> 4 === 0 ? integer(cursor) : id + (head >> 4);
    if (!take(id, head & 15)) skip(cursor, head & 15, depth + 1);
  }
}

function skipElement(cursor: ThriftCursor, code: number, depth: number): void {
  // In a list a truth value is a byte; in a field it lies in the header.
  if (code === TRUE || code === FALSE) byte(cursor);
  else skip(cursor, code, depth);
}

function skip(cursor: ThriftCursor, code: number, depth: number): void {
  if (code === TRUE || code === FALSE) return;
  if (code === BYTE) byte(cursor);
  else if (code === I16 || code === I32 || code === I64) varint(cursor);
  else if (code === DOUBLE) cursor.at += 8;
  else if (code === UUID) cursor.at += 16;
  else if (code === BINARY) slice(cursor);
  else if (code === STRUCT) eachField(cursor, depth, () => false);
  else if (code === LIST || code === SET) {
    if (depth > DEEPEST) throw damaged(`it is nested deeper than ${DEEPEST}`);
    const { size, code: inner } = listHead(cursor);
    for (let i = 0; i < size; i++) skipElement(cursor, inner, depth + 1);
  } else if (code === MAP) {
    if (depth > DEEPEST) throw damaged(`it is nested deeper than ${DEEPEST}`);
    const size = Number(varint(cursor));
    if (size > cursor.bytes.length - cursor.at) throw damaged("a map goes beyond its end");
    const kinds = size === 0 ? 0 : byte(cursor);
    for (let i = 0; i < size; i++) {
      skipElement(cursor, kinds >> 4, depth + 1);
      skipElement(cursor, kinds & 15, depth + 1);
    }
  } else throw damaged(`a value has the type ${code}, which does not exist`);
}

/** Integers of 16 to 64 bits; one beyond 2^53 is refused. */
export const int: Kind<number> = { codes: [I16, I32, I64], read: integer };
/** An integer of 8 bits, which some writers make longer. */
export const i8: Kind<number> = {
  codes: [BYTE, ...int.codes],
  read: (cursor, code) => (code === BYTE ? (byte(cursor) << 24) >> 24 : integer(cursor)),
};
export const bool: Kind<boolean> = {
  codes: [TRUE, FALSE],
  read: (_cursor, code) => code === TRUE,
};
export const text: Kind<string> = {
  codes: [BINARY],
  read: (cursor) => utf8Decode(slice(cursor)),
};

export const list = <T>(kind: Kind<T>): Kind<T[]> => ({
  codes: [LIST],
  read(cursor, _code, depth) {
    const { size, code } = listHead(cursor);
    if (size > 0 && !kind.codes.includes(code))
      throw damaged(`a list has elements of the type ${code}`);
    spend(cursor, size);
    const values: T[] = [];
    for (let i = 0; i < size; i++) values.push(kind.read(cursor, code, depth + 1));
    return values;
  },
});

/** Fields that are not named are passed over; one of another type than it should have is refused. */
export function struct<F extends Fields>(fields: F): Kind<StructOf<F>> {
  const byId = new Map(Object.entries(fields).map(([name, [id, kind]]) => [id, { name, kind }]));
  return {
    codes: [STRUCT],
    read(cursor, _code, depth) {
      spend(cursor, 1);
      const values: Record<string, unknown> = {};
      eachField(cursor, depth, (id, code) => {
        const field = byId.get(id);
        if (field === undefined) return false;
        if (!field.kind.codes.includes(code))
          throw damaged(`its field ${field.name} has the type ${code}`);
        values[field.name] = field.kind.read(cursor, code, depth + 1);
        return true;
      });
      return values as StructOf<F>;
    },
  };
}

/**
 * A structure of Thrift's compact protocol from the cursor on. Throws a DatasetFault `file_invalid`
 * for bytes that are none and `file_too_large` where the budget is spent.
 */
export const readStruct = <T>(kind: Kind<T>, cursor: ThriftCursor): T =>
  kind.read(cursor, STRUCT, 0);
