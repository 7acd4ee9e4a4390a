import { DatasetFault } from "../../dataset-fault.ts";
import type { Field } from "../../schema.ts";
import type { Cell } from "../../table.ts";
import { elementCount } from "../tensor-data.ts";
import type { TextDecoding } from "../text/decoder.ts";
import { cellDecoder, type DecodeCell, decodeTensor } from "./decode-elements.ts";
import type { Scalar } from "./dtype.ts";
import type { NpyHeader } from "./npy-header.ts";

/** A column of an array whose first axis are the rows. */
export type ArrayColumn = {
  field: Field;
  scalar: Scalar;
  /** Where in a row its first element lies, in bytes. */
  offset: number;
  /** The sizes of one row's tensor; empty for a scalar. */
  dims: number[];
  /** The cell of a row in bytes that hold rows from `first` on. */
  cell(rows: RowBytes, row: number): Cell;
};

/** Rows in row-major order, the first of which has the number `first`. */
export type RowBytes = { bytes: Uint8Array; view: DataView; first: number; rowSize: number };

export const rowBytes = (bytes: Uint8Array, first: number, rowSize: number): RowBytes => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
  first,
  rowSize,
});

/** Bytes of one row. */
export const rowSizeOf = ({ shape, dtype }: NpyHeader): number =>
  elementCount(shape.slice(1)) * dtype.size;

/**
 * The columns of an array: one, called `name`, or one for each field of its structures. Throws a
 * DatasetFault for an array that makes none. `asBinary` says which texts are to stay bytes.
 */
export function columnsOf(
  header: NpyHeader,
  name: (field: string) => string,
  decoding: TextDecoding,
  asBinary: (column: string) => boolean,
): ArrayColumn[] {
  const { dtype, shape } = header;
  const rest = shape.slice(1);
  if (shape.length === 0) throw unsupported("is a single value and has no rows");
  if (dtype.isStructure && rest.length > 0)
    throw unsupported("has structures along more than one axis: store it flat");
  if ((shape[0] ?? 0) > 0 && rowSizeOf(header) === 0)
    throw unsupported("has rows without a single byte");
  return dtype.parts.map((part) => {
    const column = name(part.name);
    const dims = [...rest, ...part.shape];
    const field = fieldOf(column, dims, part.scalar, asBinary(column));
    const decode = cellDecoder(field, part.scalar, decoding);
    return {
      field,
      scalar: part.scalar,
      offset: part.offset,
      dims,
      cell: cellOf(part, dims, decode),
    };
  });
}

function fieldOf(name: string, dims: number[], scalar: Scalar, isBinary: boolean): Field {
  const { letter, type, unit } = scalar;
  if (dims.length > 0 && !"biuf".includes(letter))
    throw unsupported(`has ${type} along more than one axis, which no column holds`);
  const field: Field = {
    name,
    type: letter === "S" && isBinary ? "binary" : type,
    nullable: letter === "M" || letter === "m",
  };
  if (dims.length > 0) field.shape = dims;
  if (letter === "m" && unit !== undefined) field.unit = UNITS[unit] ?? unit;
  return field;
}

/** As SI writes them; numpy's `m` are minutes, and a week has no symbol. */
const UNITS: Record<string, string> = { m: "min", D: "d", W: "week", us: "µs" };

function cellOf(
  { offset, scalar }: { offset: number; scalar: Scalar },
  dims: number[],
  decode: DecodeCell,
): ArrayColumn["cell"] {
  const count = elementCount(dims);
  return ({ bytes, view, first, rowSize }, row) => {
    const at = (row - first) * rowSize + offset;
    if (dims.length === 0) return decode(view, at, row);
    return { dims: [...dims], data: decodeTensor(bytes, at, count, scalar) };
  };
}

const unsupported = (what: string): DatasetFault =>
  new DatasetFault("file_unsupported", `the array ${what}`);
