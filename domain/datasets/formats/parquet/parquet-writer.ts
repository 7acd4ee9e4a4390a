import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { writeColumn } from "hyparquet-writer/src/column.js";
import { snappyCompress } from "hyparquet-writer/src/snappy.js";
import type { PageIndexes } from "hyparquet-writer/src/types.js";
import { DatasetFault } from "../../dataset-fault.ts";
import type { Field, Schema } from "../../schema.ts";
import { quoted } from "../../schema-rules/named.ts";
import type { Batch, Cell, TensorCell, Writer } from "../../table.ts";
import { isTensorCell } from "../tensor-data.ts";
import { keptSchema, SCHEMA_KEY } from "./kept-schema.ts";
import { writeTensorChunk } from "./tensor-pages.ts";
import { needsSizes, type WrittenColumn, writtenColumns } from "./write-schema.ts";

/** A row group ends after so many rows or units of about eight bytes, whichever comes first. */
const GROUP_ROWS = 65_536;
const GROUP_UNITS = 2 ** 19;
const PAGE_BYTES = 256 * 2 ** 10;
/** Of one row's tensor, which lies in one page. */
export const LARGEST_TENSOR = 16 * 2 ** 20;

/** About how much memory a cell takes while its row group is written, in units of eight bytes. */
function units(cell: Cell): number {
  if (typeof cell === "string" || cell instanceof Uint8Array) return 2 + cell.length / 8;
  if (cell === null || typeof cell !== "object") return 1;
  if (isTensorCell(cell)) return 2 + cell.data.byteLength / 8;
  return 2 + JSON.stringify(cell).length / 8;
}

function checkCell(field: Field, cell: Cell, row: number): void {
  const refuse = (found: string, expected: string): DatasetFault =>
    new DatasetFault(
      "schema_mismatch",
      `column ${quoted(field.name)} has ${found} in row ${row}, and should have ${expected}`,
      { field: field.name, row },
    );
  if (cell === null) {
    if (!field.nullable) throw refuse("no value", "one in every row");
    return;
  }
  if ((field.shape !== undefined) !== isTensorCell(cell))
    throw refuse(isTensorCell(cell) ? "a tensor" : "no tensor", field.shape ? "a tensor" : "none");
  if (isTensorCell(cell) && cell.data.byteLength > LARGEST_TENSOR)
    throw refuse(
      `a tensor of ${cell.data.byteLength} bytes`,
      `at most ${LARGEST_TENSOR} to be written as Parquet; export it as hdf5`,
    );
}

const tensorRow = (cell: Cell): TensorCell | null => (isTensorCell(cell) ? cell : null);

function writeScalars(writer: ByteWriter, column: WrittenColumn, cells: Cell[]): PageIndexes {
  const { field, elements } = column;
  const [element] = elements;
  if (element === undefined) throw new TypeError(`the column ${field.name} has no element`);
  const isFloat = field.type === "float32" || field.type === "float64";
  // Bounds of whole documents would make the footer as large as they are.
  const bounded = field.type !== "json" && field.type !== "binary";
  return writeColumn({
    writer,
    column: {
      columnName: field.name,
      element,
      schemaPath: [{ name: "root" }, element],
      codec: "SNAPPY",
      compressors: { SNAPPY: snappyCompress },
      stats: bounded,
      pageSize: PAGE_BYTES,
      columnIndex: bounded,
      offsetIndex: true,
      // A dictionary would make one value of 0 and -0.
      ...(isFloat ? { encoding: "PLAIN" as const } : {}),
    },
    pageData: {
      values: cells,
      definitionLevels: field.nullable ? cells.map((cell) => (cell === null ? 0 : 1)) : [],
      repetitionLevels: [],
      maxDefinitionLevel: field.nullable ? 1 : 0,
    },
  });
}

function writeCells(writer: ByteWriter, column: WrittenColumn, cells: Cell[]): PageIndexes[] {
  const { field, leaves } = column;
  if (field.shape === undefined) return [writeScalars(writer, column, cells)];
  const tensors = cells.map(tensorRow);
  const data = tensors.map((tensor) => tensor?.data ?? null);
  const [first, second] = leaves;
  if (first === undefined) return [];
  if (!needsSizes(field) || second === undefined)
    return [writeTensorChunk(writer, first, field.type, data, field.nullable)];
  const sizes = tensors.map((tensor) => (tensor === null ? null : Int32Array.from(tensor.dims)));
  return [
    writeTensorChunk(writer, first, "int32", sizes, field.nullable),
    writeTensorChunk(writer, second, field.type, data, field.nullable),
  ];
}

/** The rows of a row group, until there are enough. */
class RowGroupRows {
  readonly columns: Cell[][];
  rows = 0;
  #units = 0;

  constructor(fields: readonly Field[]) {
    this.columns = fields.map(() => []);
  }

  get isFull(): boolean {
    return this.rows >= GROUP_ROWS || this.#units >= GROUP_UNITS;
  }

  add(batch: Batch, row: number, fields: readonly Field[], number: number): void {
    for (const [i, field] of fields.entries()) {
      const cell = batch.columns[i]?.[row] ?? null;
      checkCell(field, cell, number);
      this.columns[i]?.push(cell);
      this.#units += units(cell);
    }
    this.rows++;
  }
}

/** What was written since the last time. */
function drain(writer: ByteWriter): Uint8Array {
  const bytes = writer.getBytes().slice();
  writer.index = 0;
  return bytes;
}

function writeGroup(
  file: ParquetWriter,
  writer: ByteWriter,
  columns: readonly WrittenColumn[],
  group: RowGroupRows,
): void {
  const start = writer.offset;
  const chunks = columns.flatMap((column, i) => writeCells(writer, column, group.columns[i] ?? []));
  file.pendingIndexes.push(...chunks);
  file.num_rows += BigInt(group.rows);
  file.row_groups.push({
    columns: chunks.map(({ chunk }) => chunk),
    num_rows: BigInt(group.rows),
    total_byte_size: chunks.reduce(
      (sum, { chunk }) => sum + (chunk.meta_data?.total_uncompressed_size ?? 0n),
      0n,
    ),
    total_compressed_size: BigInt(writer.offset - start),
  });
}

/**
 * A Parquet file: snappy, in row groups of up to 65,536 rows or about 4 MB, with statistics, page
 * indexes and, in its metadata, the columns as they are here, so that shapes, rates and units come
 * back. A tensor is a list of its elements in row-major order; one with more than one size that
 * differs is a structure of the lists `dims` and `data`. Equal rows give equal bytes. Throws a
 * DatasetFault `schema_mismatch` for a null in a column without nulls and for a tensor above 16 MiB.
 */
export const writeParquet: Writer = async function* (schema: Schema, batches) {
  const { fields } = schema;
  const columns = writtenColumns(schema);
  const writer = new ByteWriter();
  const file = new ParquetWriter({
    writer,
    schema: [
      { name: "root", num_children: columns.length },
      ...columns.flatMap(({ elements }) => elements),
    ],
    kvMetadata: [{ key: SCHEMA_KEY, value: keptSchema(schema) }],
    createdBy: "linnet",
  });
  let group = new RowGroupRows(fields);
  let number = 0;
  for await (const batch of batches)
    for (let row = 0; row < batch.rows; row++) {
      group.add(batch, row, fields, number++);
      if (!group.isFull) continue;
      writeGroup(file, writer, columns, group);
      group = new RowGroupRows(fields);
      yield drain(writer);
    }
  if (group.rows > 0) writeGroup(file, writer, columns, group);
  await file.finish();
  yield drain(writer);
};
