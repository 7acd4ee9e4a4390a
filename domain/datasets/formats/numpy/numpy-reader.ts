import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import type { Schema } from "../../schema.ts";
import type { Batch, Range, ReadOptions, Table } from "../../table.ts";
import { conformTable } from "../conform-table.ts";
import type { Platform, ReaderFactory } from "../platform.ts";
import { resolveRange } from "../range.ts";
import { withSamplingRate } from "../sampling-rate.ts";
import { TextDecoding } from "../text/decoder.ts";
import { type ArrayColumn, columnsOf, rowBytes, rowSizeOf } from "./array-columns.ts";
import { type ArrayRows, arrayRows } from "./array-rows.ts";
import { sliceOfArray } from "./array-slice.ts";
import { isNpy, readNpyHeader } from "./npy-header.ts";
import { chosenArrays, type NamedArray, npzArrays } from "./npz-arrays.ts";
import type { OpenEntry } from "./zip-entry.ts";

const BATCH_BYTES = 2 * 1024 * 1024;
const SINGLE = "value";

/** An array and its columns. */
type Part = { array: NamedArray; columns: ArrayColumn[] };

/**
 * NumPy's .npy and .npz. The rows are the first axis: an array of one axis is a column `value`, one
 * of more a column of tensors, one of structures a column for each field. In a .npz each array is a
 * column of its own name. Arrays of Python objects are pickles and never loaded.
 */
export const numpyReader: ReaderFactory = (platform) => ({
  sequential: false,
  async read(source, options) {
    const decoding = new TextDecoding(platform);
    const warnings: string[] = [];
    const parts = await partsOf(source, options, platform, decoding, warnings);
    return conformTable(tableOf(parts, options, warnings), options.schema);
  },
});

async function partsOf(
  source: ByteSource,
  options: ReadOptions,
  platform: Platform,
  decoding: TextDecoding,
  warnings: string[],
): Promise<Part[]> {
  const binary = new Set(
    options.schema?.fields.flatMap(({ name, type }) => (type === "binary" ? name : [])),
  );
  const isBinary = (column: string): boolean => binary.has(column);
  const head = await source.read(0, Math.min(6, source.size));
  if (isNpy(head)) {
    const array = await singleArray(source, platform, warnings);
    const nameOf = (field: string): string => field || SINGLE;
    return [{ array, columns: columnsOf(array.header, nameOf, decoding, isBinary) }];
  }
  if (head[0] !== 0x50 || head[1] !== 0x4b)
    throw new DatasetFault(
      "file_invalid",
      "the file begins neither as .npy nor as .npz: it was not written by numpy.save or numpy.savez",
    );
  const found = await npzArrays(source, platform, decoding);
  warnings.push(...found.warnings);
  return chosenArrays(found.arrays, options.arrays, warnings).map((array) => {
    const nameOf = (field: string): string => (field ? `${array.name}.${field}` : array.name);
    return { array, columns: columnsOf(array.header, nameOf, decoding, isBinary) };
  });
}

async function singleArray(
  source: ByteSource,
  platform: Platform,
  warnings: string[],
): Promise<NamedArray> {
  const header = await readNpyHeader(source, platform);
  const end = header.start + rowSizeOf(header) * (header.shape[0] ?? 1);
  if (end < source.size)
    warnings.push(`${source.size - end} bytes follow the array and are not read`);
  const open = async (): Promise<OpenEntry> => ({
    source,
    isForward: false,
    close: async () => {},
  });
  return { name: SINGLE, header, isForward: false, open };
}

function tableOf(parts: Part[], options: ReadOptions, warnings: string[]): Table {
  const columns = parts.flatMap((part) => part.columns);
  const schema = withSamplingRate({ fields: columns.map(({ field }) => field) }, options);
  const rows = parts[0]?.array.header.shape[0] ?? 0;
  const canSlice = parts.every(
    ({ array: { isForward, header } }) =>
      !isForward && !(header.isFortran && header.shape.length > 1),
  );
  return {
    schema,
    rows,
    warnings,
    batches: (range) => batchesOf(parts, schema, rows, range),
    ...(canSlice ? { slice: sliceOf(parts) } : {}),
  };
}

const sliceOf =
  (parts: readonly Part[]): NonNullable<Table["slice"]> =>
  async (name, row, from, to) => {
    for (const { array, columns } of parts)
      for (const column of columns)
        if (column.field.name === name) {
          const { source } = await array.open();
          return sliceOfArray(source, array.header, column, row, from, to);
        }
    throw new DatasetFault("column_unknown", `there is no column '${name}'`, { field: name });
  };

type Opened = { part: Part; entry: OpenEntry; rows: ArrayRows };

async function* batchesOf(
  parts: readonly Part[],
  schema: Schema,
  rows: number,
  range?: Range,
): AsyncGenerator<Batch> {
  const { from, to, columns: places } = resolveRange(schema, range);
  const all = parts.flatMap(({ columns }) => columns);
  const wanted = places.flatMap((place) => all[place] ?? []);
  const end = Math.min(rows, to);
  const opened: Opened[] = [];
  try {
    for (const part of parts)
      if (part.columns.some((column) => wanted.includes(column))) opened.push(await openPart(part));
    const step = batchRows(opened);
    for (let first = from; first < end; first += step) {
      const count = Math.min(step, end - first);
      yield { rows: count, columns: await readColumns(opened, wanted, first, count) };
    }
  } finally {
    for (const { entry } of opened) await entry.close();
  }
}

async function openPart(part: Part): Promise<Opened> {
  const { array } = part;
  const entry = await array.open();
  // A content that is read forward is read from its beginning, past its header.
  if (entry.isForward) await entry.source.read(0, array.header.start);
  return { part, entry, rows: await arrayRows(entry.source, array.header, entry.isForward) };
}

function batchRows(opened: readonly Opened[]): number {
  const rowSize = opened.reduce((sum, { part }) => sum + rowSizeOf(part.array.header), 0);
  const fitting = Math.max(1, Math.floor(BATCH_BYTES / Math.max(rowSize, 1)));
  const [only] = opened;
  if (only && opened.length === 1) return only.rows.batchRows;
  return Math.min(fitting, ...opened.map(({ rows }) => rows.batchRows));
}

async function readColumns(
  opened: readonly Opened[],
  wanted: readonly ArrayColumn[],
  first: number,
  count: number,
): Promise<Batch["columns"]> {
  const columns: Batch["columns"] = wanted.map(() => []);
  for (const { part, rows } of opened) {
    const bytes = rowBytes(await rows.read(first, count), first, rowSizeOf(part.array.header));
    wanted.forEach((column, index) => {
      if (!part.columns.includes(column)) return;
      for (let row = first; row < first + count; row++)
        columns[index]?.push(column.cell(bytes, row));
    });
  }
  return columns;
}
