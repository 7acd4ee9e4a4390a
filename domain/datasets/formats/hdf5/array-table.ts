import { DatasetFault } from "../../dataset-fault.ts";
import type { Batch, Cell, ReadOptions, Table } from "../../table.ts";
import { MOST_COLUMNS } from "../../schema-rules/check-schema.ts";
import { BATCH_BYTES, BATCH_ROWS } from "../limits.ts";
import { resolveRange } from "../range.ts";
import { sliceOf } from "./array-slice.ts";
import { columnOf, notesOf } from "./column.ts";
import type { Elements } from "./elements.ts";
import { damaged, tooLarge, unsupported } from "./hdf5-fault.ts";
import { leavesOf, wholeOf, type Hdf5Dataset, type Leaf } from "./hdf5-dataset.ts";
import type { Hdf5File } from "./open-hdf5.ts";
import { elementsPerRow, LARGEST_ROW, rowSize, type Source } from "./source.ts";
import type { Found } from "./survey.ts";

/** Read at a time, of all columns together: fewer and larger ranges than a batch would take. */
const READ_BYTES = 8 * 2 ** 20;
const NOTHING = new Uint8Array(0);

/** The table whose columns are these arrays, which have the same number of rows. */
export async function arrayTable(
  file: Hdf5File,
  found: readonly Found[],
  options: ReadOptions,
  warnings: string[],
): Promise<Table> {
  refuseOtherRows(found);
  const sources: Source[] = [];
  const faults: DatasetFault[] = [];
  for (const { address, path } of found) {
    const dataset = await file.open(address, path);
    if (dataset.kind !== "dataset") throw damaged(`'${path}' has become something else`);
    for (const source of await sourcesOf(dataset, file, found.length === 1, options))
      if (source instanceof DatasetFault) faults.push(source);
      else sources.push(source);
    if (sources.length > MOST_COLUMNS) throw tooLarge(`it has more than ${MOST_COLUMNS} columns`);
  }
  const [first] = faults;
  if (first !== undefined && (sources.length === 0 || options.arrays !== undefined)) throw first;
  for (const { message } of faults) warnings.push(message);
  const rows = found[0]?.shape[0] ?? 0;
  refuseTwins(sources);
  const schema = { fields: sources.map(({ field }) => field) };
  return {
    schema,
    rows,
    warnings,
    batches: (range) => batchesOf(sources, resolveRange(schema, range), rows),
    slice: (column, row, from, to) => sliceOf(sources, rows, { column, row, from, to }),
  };
}

async function sourcesOf(
  dataset: Hdf5Dataset,
  file: Hdf5File,
  isOnly: boolean,
  options: ReadOptions,
): Promise<(Source | DatasetFault)[]> {
  const { path, type } = dataset;
  try {
    dataset.check();
  } catch (error) {
    if (error instanceof DatasetFault && error.problem.code !== "file_invalid") return [error];
    throw error;
  }
  const shape = dataset.shape ?? [];
  const notes = await notesOf(dataset.attributes, file.root.attributes);
  const rate = notes.samplingRate ?? options.sampling_rate_hz;
  const told = { ...notes, ...(rate !== undefined && { samplingRate: rate }) };
  const make = (name: string, leaf: Leaf): Source | DatasetFault => {
    const column = columnOf(name, leaf.type, shape.slice(1), told);
    return typeof column === "string"
      ? unsupported(`${column} in '${name}'`, "it was left out of the table")
      : { ...column, dataset, leaf: { ...leaf, type: column.type } };
  };
  if (type.kind !== "compound") return [make(path, wholeOf(type))];
  return leavesOf(type).map((leaf) => make(isOnly ? leaf.name : `${path}.${leaf.name}`, leaf));
}

function refuseOtherRows([first, ...others]: readonly Found[]): void {
  for (const { path, shape } of others)
    if (shape[0] !== first?.shape[0])
      throw new DatasetFault(
        "option_invalid",
        `'${path}' has ${shape[0]} rows and '${first?.path}' has ${first?.shape[0]}: name arrays with as many rows in 'arrays'`,
        { field: "arrays" },
      );
}

function refuseTwins(sources: readonly Source[]): void {
  const seen = new Set<string>();
  for (const { field } of sources) {
    if (seen.has(field.name)) throw damaged(`it has two columns '${field.name}'`);
    seen.add(field.name);
  }
}

async function* batchesOf(
  all: readonly Source[],
  { from, to, columns }: { from: number; to: number; columns: number[] },
  rows: number,
): AsyncGenerator<Batch> {
  const sources = columns.flatMap((place) => all[place] ?? []);
  const datasets = [...new Set(sources.map(({ dataset }) => dataset))];
  const rowBytes = datasets.reduce((sum, dataset) => sum + rowSize(dataset), 0);
  if (rowBytes > LARGEST_ROW)
    throw tooLarge(
      `a row has ${rowBytes} bytes, more than the ${LARGEST_ROW} that are read at once; ask for fewer columns, or for slices of one`,
    );
  const fitting = (bytes: number): number => Math.max(1, Math.floor(bytes / Math.max(1, rowBytes)));
  const most = Math.min(BATCH_ROWS, fitting(BATCH_BYTES));
  const end = Math.min(to, rows);
  for (let at = from; at < end;) {
    const read = await readRows(
      datasets,
      at,
      Math.min(Math.max(most, fitting(READ_BYTES)), end - at),
    );
    for (; at < read.to;) {
      const batch = await batchIn(sources, read, at, Math.min(most, read.to - at));
      yield batch;
      at += batch.rows;
    }
  }
}

/** The elements of some rows, as they are stored. */
type Rows = { from: number; to: number; bytes: ReadonlyMap<Hdf5Dataset, Uint8Array> };

async function readRows(
  datasets: readonly Hdf5Dataset[],
  from: number,
  rows: number,
): Promise<Rows> {
  const bytes = new Map<Hdf5Dataset, Uint8Array>();
  for (const dataset of datasets) {
    const shape = dataset.shape ?? [];
    const start = shape.map((_, axis) => (axis === 0 ? from : 0));
    const count = shape.map((size, axis) => (axis === 0 ? rows : size));
    bytes.set(dataset, await dataset.readBytes({ start, count }));
  }
  return { from, to: from + rows, bytes };
}

/** As many rows as asked for, or fewer where their texts and sequences take much. */
async function batchIn(
  sources: readonly Source[],
  { from, bytes }: Rows,
  at: number,
  rows: number,
): Promise<Batch> {
  const bytesOf = ({ dataset }: Source, count: number): Uint8Array => {
    const size = rowSize(dataset);
    return (bytes.get(dataset) ?? NOTHING).subarray((at - from) * size, (at - from + count) * size);
  };
  const apart = new Float64Array(rows);
  for (const source of sources) addBytesApart(source, bytesOf(source, rows), apart);
  const fitting = fittingRows(apart, at);
  const columns: Cell[][] = [];
  for (const source of sources) {
    const { dataset, leaf } = source;
    const first = at * elementsPerRow(dataset);
    const elements = await dataset.decode(bytesOf(source, fitting), leaf, first);
    columns.push(cellsOf(source, elements, fitting));
  }
  return { rows: fitting, columns };
}

/** Tensors without elements are told by nothing but their rows. */
function cellsOf(source: Source, elements: Elements, rows: number): Cell[] {
  const made = source.cells(elements);
  if (made.length === rows) return made;
  const dims = (source.field.shape ?? []).map((size) => size ?? 0);
  const data = Array.isArray(elements) ? null : elements.slice(0, 0);
  return Array.from({ length: rows }, (): Cell => (data === null ? [] : { dims, data }));
}

/** Adds what the texts or sequences of each row take in the heap; a count lies at the head of each. */
function addBytesApart({ dataset, leaf }: Source, bytes: Uint8Array, apart: Float64Array): void {
  const { type, offset, size } = leaf;
  if (type.kind !== "text" && type.kind !== "sequence") return;
  const each = type.kind === "text" ? 1 : type.base.size;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const row = rowSize(dataset);
  for (let at = 0; at < apart.length; at++)
    for (let element = at * row; element < (at + 1) * row; element += dataset.type.size)
      for (let part = 0; part < size; part += type.size)
        apart[at] = (apart[at] ?? 0) + each * view.getUint32(element + offset + part, true);
}

/** How many rows fit a batch, at least one. */
function fittingRows(apart: Float64Array, at: number): number {
  let total = 0;
  for (const [row, bytes] of apart.entries()) {
    if (bytes > LARGEST_ROW)
      throw tooLarge(
        `row ${at + row} has ${bytes} bytes, more than the ${LARGEST_ROW} that one may`,
      );
    total += bytes;
    if (total > BATCH_BYTES && row > 0) return row;
  }
  return apart.length;
}
