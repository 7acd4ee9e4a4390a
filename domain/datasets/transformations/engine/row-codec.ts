import { DatasetFault } from "../../dataset-fault.ts";
import type { Cell, TensorCell } from "../../table.ts";
import { canonicalJson } from "../../../text/canonical-json.ts";
import { utf8Decode, utf8Encode } from "../../../text/utf8.ts";

/** What a row of SQLite in an actor may take, less what lies beside it. */
export const MOST_ROW_BYTES = 2_000_000;

const KINDS = [
  "null",
  "false",
  "true",
  "number",
  "signed",
  "unsigned",
  "text",
  "bytes",
  "json",
  "tensor",
] as const;
const KIND = Object.fromEntries(KINDS.map((kind, at) => [kind, at])) as Record<
  (typeof KINDS)[number],
  number
>;

const ARRAYS = [
  Float32Array,
  Float64Array,
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
] as const;

/** The cells of a row as bytes, from which `readRow` has exactly them again. */
export function writeRow(cells: readonly Cell[], row: number): Uint8Array {
  const parts = cells.map(writeCell);
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  if (size > MOST_ROW_BYTES)
    throw new DatasetFault(
      "file_too_large",
      `row ${row} takes ${size} bytes; a row that is joined to others may take ${MOST_ROW_BYTES}: drop its tensors before the join`,
      { row },
    );
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** What `writeRow` wrote; the cells have memory of their own. */
export function readRow(bytes: Uint8Array): Cell[] {
  const cells: Cell[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at + 1, true);
    const body = bytes.subarray(at + 5, at + 5 + length);
    cells.push(readCell(KINDS[view.getUint8(at)], body));
    at += 5 + length;
  }
  return cells;
}

function writeCell(cell: Cell): Uint8Array {
  if (cell === null) return framed("null", new Uint8Array(0));
  if (typeof cell === "boolean") return framed(cell ? "true" : "false", new Uint8Array(0));
  if (typeof cell === "string") return framed("text", utf8Encode(cell));
  if (cell instanceof Uint8Array) return framed("bytes", cell);
  if (typeof cell === "number" || typeof cell === "bigint") {
    const body = new DataView(new ArrayBuffer(8));
    if (typeof cell === "number") body.setFloat64(0, cell);
    else body.setBigUint64(0, BigInt.asUintN(64, cell));
    const kind = typeof cell === "number" ? "number" : cell < 0n ? "signed" : "unsigned";
    return framed(kind, new Uint8Array(body.buffer));
  }
  return isTensorCell(cell)
    ? framed("tensor", tensorBytes(cell))
    : framed("json", utf8Encode(canonicalJson(cell)));
}

function readCell(kind: (typeof KINDS)[number] | undefined, body: Uint8Array): Cell {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  switch (kind) {
    case "null":
      return null;
    case "false":
    case "true":
      return kind === "true";
    case "number":
      return view.getFloat64(0);
    case "signed":
      return view.getBigInt64(0);
    case "unsigned":
      return view.getBigUint64(0);
    case "text":
      return utf8Decode(body);
    case "bytes":
      return body.slice();
    case "json":
      return JSON.parse(utf8Decode(body)) as Cell;
    case "tensor":
      return readTensor(body, view);
    case undefined:
      throw new RangeError("these bytes are no row");
  }
}

function framed(kind: (typeof KINDS)[number], body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(5 + body.length);
  bytes[0] = KIND[kind];
  new DataView(bytes.buffer).setUint32(1, body.length, true);
  bytes.set(body, 5);
  return bytes;
}

function tensorBytes({ dims, data }: TensorCell): Uint8Array {
  const bytes = new Uint8Array(2 + 4 * dims.length + data.byteLength);
  const view = new DataView(bytes.buffer);
  bytes[0] = ARRAYS.findIndex((array) => data instanceof array);
  bytes[1] = dims.length;
  for (const [axis, size] of dims.entries()) view.setUint32(2 + 4 * axis, size, true);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 2 + 4 * dims.length);
  return bytes;
}

function readTensor(body: Uint8Array, view: DataView): TensorCell {
  const rank = body[1] ?? 0;
  const dims = Array.from({ length: rank }, (_, axis) => view.getUint32(2 + 4 * axis, true));
  const ArrayType = ARRAYS[body[0] ?? 0] ?? Float32Array;
  return { dims, data: new ArrayType(body.slice(2 + 4 * rank).buffer) };
}

export const isTensorCell = (cell: Cell | undefined): cell is TensorCell =>
  typeof cell === "object" && cell !== null && "data" in cell && ArrayBuffer.isView(cell.data);
