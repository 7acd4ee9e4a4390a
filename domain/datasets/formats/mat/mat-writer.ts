import { DatasetFault } from "../../dataset-fault.ts";
import type { Field, Schema } from "../../schema.ts";
import { quoted, typeText } from "../../schema-rules/named.ts";
import type { Batch, Cell, TensorCell, TwoPassWriter } from "../../table.ts";
import { elementCount, isTensorCell } from "../tensor-data.ts";
import type { HoldsNull } from "../missing-values.ts";
import {
  cellsHead,
  matHeader,
  NUMBERS,
  numbersHead,
  padded,
  textBytes,
  textCells,
} from "./mat-elements.ts";
import { matNames } from "./mat-names.ts";
import { newNumbers, type NumberColumn, numberOf, Slab } from "./slab.ts";

type OpenBatches = () => AsyncIterable<Batch>;

/** Bytes of columns that are put together in one pass over the rows. */
const HELD_BYTES = 16 * 2 ** 20;
/** A variable of version 5 may not be larger. */
const LARGEST_VARIABLE = 2 ** 31 - 1;
/** Passes over the rows that one column of tensors may take, as its numbers lie across them. */
const MOST_PASSES = 16;
const RATE_NAME = "sampling_rate_hz";

type TextColumn = { kind: "texts"; field: Field; place: number; name: string; bytes: number };
type Column = TextColumn | NumberColumn;

function refused(field: Field, why: string): DatasetFault {
  return new DatasetFault(
    "schema_mismatch",
    `a MAT file cannot hold the column ${quoted(field.name)} (${typeText(field)}): ${why}`,
    { field: field.name },
  );
}

const isText = ({ type, shape }: Field): boolean =>
  shape === undefined && (type === "string" || type === "json");
/** NaN, and an empty cell. */
export const matHoldsNull: HoldsNull = (field) => field.type.startsWith("float") || isText(field);
const textOf = ({ type }: Field, cell: Cell): string | null =>
  cell === null
    ? null
    : type === "string" && typeof cell === "string"
      ? cell
      : JSON.stringify(cell);

const textsOf = ({ field }: TextColumn, cells: readonly Cell[]): (string | null)[] =>
  cells.map((cell) => textOf(field, cell));

function plannedColumns({ fields }: Schema): Column[] {
  const names = matNames(fields.map(({ name }) => name));
  return fields.map((field, place): Column => {
    const name = names[place] ?? "";
    if (isText(field)) return { kind: "texts", field, place, name, bytes: 0 };
    if (NUMBERS[field.type] === undefined)
      throw refused(
        field,
        "it has no type for bytes; leave the column out, or export parquet or hdf5",
      );
    const dims = (field.shape ?? []).map((size) => size ?? -1);
    return { kind: "numbers", field, place, name, bytes: 0, dims };
  });
}

/** Goes through the rows, and counts them. */
async function* counted(batches: AsyncIterable<Batch>, rows: number): AsyncGenerator<Batch> {
  let count = 0;
  for await (const batch of batches) {
    count += batch.rows;
    yield batch;
  }
  if (count !== rows) throw new RangeError(`there are ${count} rows, and should be ${rows}`);
}

/** Looks once at what sizes depend on: the lengths of texts, and of tensors whose sizes may differ. */
async function measure(columns: readonly Column[], batches: AsyncIterable<Batch>): Promise<void> {
  let first = 0;
  for await (const batch of batches) {
    for (const column of columns)
      for (const [i, cell] of (batch.columns[column.place] ?? []).entries())
        if (column.kind === "texts") column.bytes += textBytes(textOf(column.field, cell));
        else if (isTensorCell(cell)) fitDims(column, cell, first + i);
    first += batch.rows;
  }
}

function fitDims({ dims, field }: NumberColumn, cell: TensorCell, row: number): void {
  for (const [axis, size] of cell.dims.entries()) {
    if (dims[axis] === -1) dims[axis] = size;
    if (dims[axis] !== size || cell.dims.length !== dims.length)
      throw new DatasetFault(
        "schema_mismatch",
        `a MAT file cannot hold tensors of different sizes: column ${quoted(field.name)} has ${cell.dims.join(" x ")} in row ${row}, and ${dims.join(" x ")} before; export parquet or hdf5`,
        { field: field.name, row },
      );
  }
}

function setSize(column: Column, rows: number): void {
  if (column.kind === "numbers") {
    for (const [axis, size] of column.dims.entries()) if (size === -1) column.dims[axis] = 0;
    column.bytes = rows * elementCount(column.dims) * newNumbers(column.field, 1).BYTES_PER_ELEMENT;
  }
  const isTensor = column.kind === "numbers" && column.field.shape !== undefined;
  const most = isTensor ? HELD_BYTES * MOST_PASSES : LARGEST_VARIABLE;
  if (column.bytes > most)
    throw new DatasetFault(
      "file_too_large",
      `the column ${quoted(column.field.name)} takes ${column.bytes} bytes in a MAT file, at most ${most} can be written; export hdf5`,
      { field: column.field.name },
    );
}

function headOf(column: Column, rows: number): Uint8Array {
  if (column.kind === "texts") return cellsHead(rows, column.name, column.bytes);
  const type = NUMBERS[column.field.type];
  if (type === undefined) throw new TypeError(`${column.field.type} is no type of numbers`);
  const dims = column.dims.length === 0 ? [rows, 1] : [rows, ...column.dims];
  return numbersHead(type, dims.length === 1 ? [rows, 1] : dims, column.name, column.bytes);
}

type Part = { column: NumberColumn; slab: Slab } | { column: TextColumn; texts: Uint8Array[] };

/** Columns in one pass. */
async function gather(
  columns: readonly Column[],
  batches: AsyncIterable<Batch>,
  rows: number,
): Promise<Part[]> {
  const parts = columns.map((column): Part =>
    column.kind === "texts"
      ? { column, texts: [] }
      : { column, slab: new Slab(column, rows, 0, elementCount(column.dims)) },
  );
  let first = 0;
  for await (const batch of batches) {
    for (const part of parts) {
      const cells = batch.columns[part.column.place] ?? [];
      if ("slab" in part) for (const [i, cell] of cells.entries()) part.slab.put(cell, first + i);
      else part.texts.push(textCells(textsOf(part.column, cells)));
    }
    first += batch.rows;
  }
  return parts;
}

/** A column that is too large to be held: as it comes, or as many elements of the rows in a pass as can be held. */
async function* stream(
  column: Column,
  openBatches: OpenBatches,
  rows: number,
): AsyncGenerator<Uint8Array> {
  if (column.kind === "numbers" && column.field.shape !== undefined) {
    const elements = elementCount(column.dims);
    const step = Math.max(Math.floor((HELD_BYTES * elements) / column.bytes), 1);
    for (let from = 0; from < elements; from += step) {
      const slab = new Slab(column, rows, from, Math.min(from + step, elements));
      let first = 0;
      for await (const batch of counted(openBatches(), rows)) {
        for (const [i, cell] of (batch.columns[column.place] ?? []).entries())
          slab.put(cell, first + i);
        first += batch.rows;
      }
      yield slab.bytes;
    }
    return;
  }
  let first = 0;
  for await (const batch of counted(openBatches(), rows)) {
    const cells = batch.columns[column.place] ?? [];
    if (column.kind === "texts") yield textCells(textsOf(column, cells));
    else {
      const data = newNumbers(column.field, cells.length);
      for (const [i, cell] of cells.entries())
        data[i] = numberOf(column.field, cell, first + i) as never;
      yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    }
    first += batch.rows;
  }
}

/** Columns next to each other that are held together. */
function groupsOf(columns: readonly Column[]): Column[][] {
  const groups: Column[][] = [];
  let bytes = Infinity;
  for (const column of columns) {
    if (bytes + column.bytes > HELD_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(column);
    bytes += column.bytes;
  }
  return groups;
}

const rateOf = ({ fields }: Schema): number | undefined => {
  const rates = new Set(fields.filter(({ shape }) => shape).map((field) => field.sampling_rate_hz));
  const [rate] = rates;
  return rates.size === 1 && fields.every(({ name }) => name !== RATE_NAME) ? rate : undefined;
};

/**
 * A MAT file of version 5, uncompressed: one variable for each column, N x 1 or N x the sizes of its
 * tensors; texts and JSON are cell arrays, days int32 and microseconds int64 since 1970. A sampling
 * rate that all tensors share is a variable of its own. Names that MATLAB does not have are changed.
 * Goes through the rows once more for every 16 MB. Throws a DatasetFault that names the column for
 * bytes, for tensors of different sizes, for nulls in anything but floats and texts, and for columns
 * above 2 GB, of tensors 256 MB.
 */
export const writeMat: TwoPassWriter = async function* (schema, openBatches, rows) {
  const columns = plannedColumns(schema);
  const isOpen = (column: Column): boolean => column.kind === "texts" || column.dims.includes(-1);
  if (columns.some(isOpen)) await measure(columns, counted(openBatches(), rows));
  for (const column of columns) setSize(column, rows);
  yield matHeader();
  const rate = rateOf(schema);
  const double = NUMBERS.float64;
  if (rate !== undefined && double !== undefined) {
    yield numbersHead(double, [1, 1], RATE_NAME, 8);
    yield new Uint8Array(Float64Array.of(rate).buffer);
  }
  for (const group of groupsOf(columns)) {
    const [first] = group;
    if (first !== undefined && first.bytes > HELD_BYTES) {
      yield headOf(first, rows);
      yield* stream(first, openBatches, rows);
      yield new Uint8Array(padded(first.bytes) - first.bytes);
      continue;
    }
    for (const part of await gather(group, counted(openBatches(), rows), rows)) {
      yield headOf(part.column, rows);
      if ("slab" in part) yield part.slab.bytes;
      else yield* part.texts;
      yield new Uint8Array(padded(part.column.bytes) - part.column.bytes);
    }
  }
};
