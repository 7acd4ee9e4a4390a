import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import { fieldsByName } from "../../schema-rules/named.ts";
import type { Batch, Cell, Range, Reader, ReadOptions, Table } from "../../table.ts";
import { conformTable } from "../conform-table.ts";
import { MOST_COLUMNS } from "../../schema-rules/check-schema.ts";
import { BATCH_BYTES, BATCH_ROWS } from "../limits.ts";
import { resolveRange } from "../range.ts";
import type { Platform } from "../platform.ts";
import { withSamplingRate } from "../sampling-rate.ts";
import { TextDecoding } from "../text/decoder.ts";
import { checkCodec } from "./codecs.ts";
import { parquetColumn, type ParquetColumn } from "./columns.ts";
import { type ColumnChunk, type Footer, readFooter, readOffsetIndex } from "./footer.ts";
import { readKeptSchema, SCHEMA_KEY } from "./kept-schema.ts";
import { LeafCursor } from "./leaf-cursor.ts";
import { PageShelf } from "./page-shelf.ts";
import { PageReader } from "./pages.ts";
import { schemaTree } from "./schema-tree.ts";

/** Bytes of decoded pages that are held while they are in use. */
const HELD_BYTES = 16 * 2 ** 20;
/** Bytes of the file that are read ahead, over all columns, and of one column at least and at most. */
const AHEAD_BYTES = 8 * 2 ** 20;
const LEAST_AHEAD = 32 * 2 ** 10;
const MOST_AHEAD = 2 ** 20;
const LARGEST_INDEX = 4 * 2 ** 20;
/**
 * Bytes of the file, unpacked, whose cells are made at once. Pages of many columns do not find room
 * together, and each is unpacked anew for every slab.
 */
const SLAB_BYTES = 8 * 2 ** 20;
/** Values of one leaf in a slab, as they are on average. */
const SLAB_VALUES = 2 ** 18;

const invalid = (what: string): DatasetFault =>
  new DatasetFault("file_invalid", `the Parquet metadata contradicts itself: ${what}`);

type RowGroup = { rows: number; first: number; columns: ColumnChunk[] };

/** The row groups with the numbers of their first rows, each with a chunk for every leaf. */
function rowGroupsOf({ rowGroups = [], rows }: Footer, leaves: number): RowGroup[] {
  let first = 0;
  const groups = rowGroups.map((group, i): RowGroup => {
    const { rows: count = -1, columns = [] } = group;
    if (count < 0) throw invalid(`row group ${i} has ${count} rows`);
    if (columns.length !== leaves)
      throw invalid(`row group ${i} has ${columns.length} columns, the schema has ${leaves}`);
    first += count;
    return { rows: count, first: first - count, columns };
  });
  if (rows !== undefined && rows !== first)
    throw invalid(`it says that there are ${rows} rows, and its row groups have ${first}`);
  return groups;
}

/** Where the pages of a chunk lie. Throws where the file does not have those bytes. */
function placeOf(chunk: ColumnChunk, column: string, size: number) {
  if (chunk.encrypted !== undefined)
    throw new DatasetFault("file_unsupported", `the column ${column} is encrypted`, {
      field: column,
    });
  if (chunk.file !== undefined && chunk.file !== "")
    throw new DatasetFault(
      "file_unsupported",
      `the column ${column} lies in another file, ${chunk.file}; write one file`,
      { field: column },
    );
  const {
    dataPage = -1,
    dictionaryPage = 0,
    compressed = -1,
    codec = 0,
    values = 0,
  } = chunk.metadata ?? {};
  // Some writers name no dictionary and let the data begin with it.
  const from = dictionaryPage > 0 ? Math.min(dictionaryPage, dataPage) : dataPage;
  if (values === 0) return { from: 0, to: 0, codec };
  if (from < 4 || compressed < 0 || from + compressed > size - 8)
    throw invalid(
      `the column ${column} should lie from byte ${from} to ${from + compressed} of ${size}`,
    );
  checkCodec(codec, column);
  return { from, to: from + compressed, codec };
}

class ParquetFile {
  readonly #source: ByteSource;
  readonly #platform: Platform;
  readonly #groups: RowGroup[];
  readonly #columns: ParquetColumn[];

  constructor(
    source: ByteSource,
    platform: Platform,
    groups: RowGroup[],
    columns: ParquetColumn[],
  ) {
    this.#source = source;
    this.#platform = platform;
    this.#groups = groups;
    this.#columns = columns;
  }

  async *batches(range?: Range): AsyncGenerator<Batch> {
    const schema = { fields: this.#columns.map(({ field }) => field) };
    const { from, to, columns } = resolveRange(schema, range);
    const chosen = columns.flatMap((place) => this.#columns[place] ?? []);
    for (const group of this.#groups) {
      const start = Math.max(from - group.first, 0);
      const stop = Math.min(to - group.first, group.rows);
      if (start < stop) yield* this.#groupBatches(group, chosen, start, stop);
    }
  }

  async *#groupBatches(
    group: RowGroup,
    columns: readonly ParquetColumn[],
    start: number,
    stop: number,
  ): AsyncGenerator<Batch> {
    const cursors = await this.#cursors(group, columns);
    for (const { cursor, chunk } of cursors.flat()) await this.#skipTo(cursor, chunk, start);
    const { slab, batch } = stepsOf(group, columns);
    for (let at = start; at < stop; at += slab) {
      const rows = Math.min(slab, stop - at);
      const cells: Batch["columns"] = [];
      for (const [i, column] of columns.entries()) {
        const taken = [];
        for (const { cursor } of cursors[i] ?? []) taken.push(await cursor.take(rows));
        cells.push(column.cells(taken, rows, group.first + at));
      }
      yield* inBatches({ rows, columns: cells }, batch);
    }
  }

  async #cursors(group: RowGroup, columns: readonly ParquetColumn[]) {
    const shelf = new PageShelf(HELD_BYTES);
    const leaves = columns.reduce((sum, column) => sum + column.leaves.length, 0);
    const readAhead = Math.min(Math.max(Math.floor(AHEAD_BYTES / leaves), LEAST_AHEAD), MOST_AHEAD);
    return columns.map((column) =>
      column.leaves.map(({ node }) => {
        const chunk = group.columns[node.firstLeaf] ?? {};
        const place = placeOf(chunk, column.field.name, this.#source.size);
        if (chunk.metadata?.type !== node.element.type)
          throw invalid(`the column ${column.field.name} has another type in a row group`);
        const reader = new PageReader(this.#source, this.#platform, shelf, {
          node,
          column: column.field.name,
          readAhead,
          ...place,
        });
        return { cursor: new LeafCursor(reader), chunk };
      }),
    );
  }

  /** Goes to a row of the row group, by the file's index of pages where there is one. */
  async #skipTo(cursor: LeafCursor, chunk: ColumnChunk, row: number): Promise<void> {
    if (row === 0) return;
    const { offsetIndex = 0, offsetIndexLength: length = 0 } = chunk;
    let passed = 0;
    if (offsetIndex > 0 && length > 0 && length <= LARGEST_INDEX) {
      const pages = readOffsetIndex(await this.#source.read(offsetIndex, length));
      const page = pages.findLast(({ firstRow = Infinity }) => firstRow <= row);
      if (page?.offset !== undefined && page.firstRow !== undefined && page.firstRow > 0) {
        cursor.jump(page.offset);
        passed = page.firstRow;
      }
    }
    await cursor.skip(row - passed);
  }
}

/** How many rows make a slab, and a batch, by what they have on average. */
function stepsOf(
  { rows, columns }: RowGroup,
  chosen: readonly ParquetColumn[],
): { slab: number; batch: number } {
  let bytes = 0;
  let values = 0;
  for (const { leaves } of chosen)
    for (const { node } of leaves) {
      const metadata = columns[node.firstLeaf]?.metadata;
      bytes += Math.max(metadata?.uncompressed ?? 0, 0);
      values = Math.max(values, metadata?.values ?? 0);
    }
  const slab = atLeastOne(Math.min((SLAB_BYTES * rows) / bytes, (SLAB_VALUES * rows) / values));
  const batch = atLeastOne(Math.min((BATCH_BYTES * rows) / bytes, BATCH_ROWS));
  return { slab, batch: Math.min(slab, batch) };
}

const atLeastOne = (rows: number): number =>
  Number.isFinite(rows) ? Math.max(Math.floor(rows), 1) : BATCH_ROWS;

/** Of so many rows, fewer where a dictionary gives many rows the same long text. */
function* inBatches({ rows, columns }: Batch, most: number): Generator<Batch> {
  const long = columns.filter((cells) => cells.some((cell) => weightOf(cell) > 0));
  let from = 0;
  let bytes = 0;
  for (let row = 0; row < rows; row++) {
    for (const cells of long) bytes += weightOf(cells[row] ?? null);
    const to = row + 1;
    if (to - from < most && bytes < BATCH_BYTES && to < rows) continue;
    yield { rows: to - from, columns: columns.map((cells) => cells.slice(from, to)) };
    [from, bytes] = [to, 0];
  }
}

const weightOf = (cell: Cell): number =>
  typeof cell === "string" || cell instanceof Uint8Array ? cell.length : 0;

/**
 * Parquet: by row groups, columns and pages, so that no more than some decoded pages are in memory
 * however large a row group is. Decimals and times of day are texts, lists of numbers tensors,
 * other lists, structures and maps JSON. Encrypted files, Brotli and LZO are refused by name, and
 * pages above 16 MiB as `file_too_large`.
 */
export const parquetReader = (platform: Platform): Reader => ({
  sequential: false,
  async read(source: ByteSource, options: ReadOptions): Promise<Table> {
    const footer = await readFooter(source);
    const nodes = schemaTree(footer.schema ?? []);
    if (nodes.length > MOST_COLUMNS)
      throw new DatasetFault(
        "file_too_large",
        `the file has ${nodes.length} columns, at most ${MOST_COLUMNS} are read`,
      );
    const kept = readKeptSchema(footer.keyValues?.find(({ key }) => key === SCHEMA_KEY)?.value);
    const keptFields = fieldsByName({ fields: kept.fields });
    const decoding = new TextDecoding(platform);
    const declared = fieldsByName(options.schema ?? { fields: [] });
    const columns = nodes.map((node) => {
      const asJson = declared.get(node.name)?.type === "json";
      return parquetColumn(node, keptFields.get(node.name), decoding, asJson);
    });
    const leaves = columns.reduce((sum, { node }) => sum + node.leaves, 0);
    const groups = rowGroupsOf(footer, leaves);
    for (const { columns: chunks } of groups)
      for (const { node } of columns)
        for (let i = 0; i < node.leaves; i++)
          placeOf(chunks[node.firstLeaf + i] ?? {}, node.name, source.size);
    const file = new ParquetFile(source, platform, groups, columns);
    const table: Table = {
      schema: withSamplingRate({ ...kept, fields: columns.map(({ field }) => field) }, options),
      rows: groups.reduce((sum, { rows }) => sum + rows, 0),
      warnings: columns.flatMap(({ field, notes }) =>
        notes.map((note) => `${field.name}: ${note}`),
      ),
      batches: (range) => file.batches(range),
    };
    return conformTable(table, options.schema);
  },
});
