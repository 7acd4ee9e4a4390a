import { utf8Encode, utf8Length } from "../../../text/utf8.ts";
import type { ColumnType } from "../../schema.ts";

const MATRIX = 14;
const CHAR_CLASS = 4;
const CELL_CLASS = 1;
const DOUBLE_CLASS = 6;
const LOGICAL = 0x200;
const HEADER = 128;
const UTF8 = 16;
const DOUBLE = 9;

/** The class of an array and the data type of its numbers ("MAT-File Format", tables 1-1 and 1-3). */
export const NUMBERS: Partial<Record<ColumnType, { flags: number; data: number }>> = {
  bool: { flags: 9 | LOGICAL, data: 2 },
  int8: { flags: 8, data: 1 },
  uint8: { flags: 9, data: 2 },
  int16: { flags: 10, data: 3 },
  uint16: { flags: 11, data: 4 },
  int32: { flags: 12, data: 5 },
  uint32: { flags: 13, data: 6 },
  int64: { flags: 14, data: 12 },
  uint64: { flags: 15, data: 13 },
  float16: { flags: 7, data: 7 },
  float32: { flags: 7, data: 7 },
  float64: { flags: DOUBLE_CLASS, data: DOUBLE },
  date: { flags: 12, data: 5 },
  timestamp: { flags: 14, data: 12 },
};

export const padded = (length: number): number => Math.ceil(length / 8) * 8;

/** The beginning of a MAT file of version 5, little-endian. */
export function matHeader(): Uint8Array {
  const bytes = new Uint8Array(HEADER).fill(0x20, 0, 116);
  const text = "MATLAB 5.0 MAT-file, Platform: Linnet";
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  bytes.set([0x00, 0x01, 0x49, 0x4d], 124);
  return bytes;
}

/** What stands before an array's values; `length` is how many bytes those take with their tags. */
function arrayHead(
  flags: number,
  dims: readonly number[],
  name: string,
  length: number,
): Uint8Array {
  const size = 16 + 8 + padded(dims.length * 4) + 8 + padded(name.length);
  const bytes = new Uint8Array(8 + size);
  const view = new DataView(bytes.buffer);
  const words = [MATRIX, size + length, 6, 8, flags, 0, 5, dims.length * 4];
  for (const [i, word] of words.entries()) view.setUint32(i * 4, word, true);
  for (const [i, dim] of dims.entries()) view.setInt32(32 + i * 4, dim, true);
  const named = 32 + padded(dims.length * 4);
  view.setUint32(named, 1, true);
  view.setUint32(named + 4, name.length, true);
  for (let i = 0; i < name.length; i++) bytes[named + 8 + i] = name.charCodeAt(i);
  return bytes;
}

function withTag(head: Uint8Array, type: number, length: number): Uint8Array {
  const bytes = new Uint8Array(head.length + 8);
  bytes.set(head);
  new DataView(bytes.buffer).setUint32(head.length, type, true);
  new DataView(bytes.buffer).setUint32(head.length + 4, length, true);
  return bytes;
}

/** All of an array of numbers but the numbers, which take `length` bytes. */
export const numbersHead = (
  { flags, data }: { flags: number; data: number },
  dims: readonly number[],
  name: string,
  length: number,
): Uint8Array => withTag(arrayHead(flags, dims, name, 8 + padded(length)), data, length);

export const cellsHead = (rows: number, name: string, length: number): Uint8Array =>
  arrayHead(CELL_CLASS, [rows, 1], name, length);

/** How many bytes a cell of a text, or an empty one, takes. */
export const textBytes = (text: string | null): number => 56 + padded(utf8Length(text ?? ""));

/** A cell of a text in UTF-8 with as many characters as code points, as SciPy writes it; or an empty one. */
function textCell(text: string | null): Uint8Array {
  const encoded = utf8Encode(text ?? "");
  const characters = Array.from(text ?? "").length;
  const dims = characters === 0 ? [0, 0] : [1, characters];
  const flags = text === null ? DOUBLE_CLASS : CHAR_CLASS;
  const head = arrayHead(flags, dims, "", 8 + padded(encoded.length));
  const tagged = withTag(head, text === null ? DOUBLE : UTF8, encoded.length);
  const bytes = new Uint8Array(tagged.length + padded(encoded.length));
  bytes.set(tagged);
  bytes.set(encoded, tagged.length);
  return bytes;
}

/** Cells one behind the other. */
export function textCells(texts: readonly (string | null)[]): Uint8Array {
  // Files that are nearly empty have millions of these.
  const none = textCell(null);
  const empty = textCell("");
  const cells = texts.map((text) => (text === null ? none : text === "" ? empty : textCell(text)));
  const bytes = new Uint8Array(cells.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const cell of cells) {
    bytes.set(cell, at);
    at += cell.length;
  }
  return bytes;
}
