import { canonicalJson } from "../../text/canonical-json.ts";
import type { ByteSource } from "../byte-source.ts";
import type { ChangedRange } from "../chunks/changed-ranges.ts";
import { openCsv } from "../formats/csv/csv-file.ts";
import { csvReader } from "../formats/csv/csv-reader.ts";
import { openJson } from "../formats/json/json-rows.ts";
import { jsonReader } from "../formats/json/json-reader.ts";
import type { Platform } from "../formats/platform.ts";
import { TextDecoding } from "../formats/text/decoder.ts";
import type { Inspection } from "../inspection.ts";
import type { Schema } from "../schema.ts";
import type { ReadOptions, Table } from "../table.ts";
import { compareRows, compareTables, type CompareOptions } from "./compare-tables.ts";
import { partsOf } from "./parts-of.ts";
import { csvRowStarts, jsonRowStarts, type RowStarts } from "./row-starts.ts";
import type { TableComparison } from "./table-comparison.ts";
import { widenedRanges } from "./widened-ranges.ts";

/** A file of CSV or JSON lines that was read whole before, by these options, with what that told. */
export type InspectedFile = {
  source: ByteSource;
  format: "csv" | "json";
  read_options: ReadOptions;
  schema: Schema;
  inspection: Inspection;
};

export type ChangedComparison = TableComparison & {
  /** Bytes of both files whose rows were compared. */
  bytes_compared: number;
  /** Whether all rows were, because the changed ones could not be told apart from the others. */
  whole: boolean;
};

/**
 * `compareTables` of two files of which it is known where they differ: of the bytes outside the
 * changes, which both share, whole rows are left out, so that the work follows the change. Rows of
 * samples have no numbers. All rows are compared where the shared bytes may be read as other rows in
 * one of the files: where a column has another type, the header or what the options say of it is
 * another, or JSON is one list. Throws what `compareTables` and the readers throw.
 */
export async function compareChanged(
  before: InspectedFile,
  after: InspectedFile,
  changes: readonly ChangedRange[],
  platform: Platform,
  options: CompareOptions = {},
): Promise<ChangedComparison> {
  const layout =
    readingOf(before) === readingOf(after) ? await layoutOf(before, after, platform) : null;
  const [a, b] = [before.source, after.source];
  const behind = layout && behindHeader(changes, layout.start);
  if (layout === null || behind === null) {
    const tables = await Promise.all(
      [before, after].map((file) => tableOf(file, file.source, platform)),
    );
    const [old, fresh] = tables as [Table, Table];
    const comparison = await compareTables(old, fresh, options);
    return { ...comparison, bytes_compared: a.size + b.size, whole: true };
  }
  const { start, isRowStart } = layout;
  const ranges = await widenedRanges({ a, b }, behind, { a: start, b: start }, isRowStart);
  const sides = { a: ranges.map((range) => range.a), b: ranges.map((range) => range.b) };
  const [old, fresh] = [partsOf(a, start, sides.a), partsOf(b, start, sides.b)];
  const comparison = await compareRows(
    await partTable(before, old, start, platform),
    await partTable(after, fresh, start, platform),
    options,
    false,
  );
  return {
    ...unnumbered(comparison),
    row_counts: { before: before.inspection.row_count, after: after.inspection.row_count },
    bytes_compared: old.size + fresh.size - 2 * start,
    whole: false,
  };
}

/**
 * The changes without the header, which ends at `start` in both files and says the same: a chunk
 * that differs has it in it where the first rows differ. Null where a change ends within it.
 */
function behindHeader(changes: readonly ChangedRange[], start: number): ChangedRange[] | null {
  const within = changes.filter(({ a, b }) => Math.min(a.from, b.from) < start);
  const [first] = within;
  if (first === undefined) return [...changes];
  const { a, b } = first;
  if (within.length > 1 || a.from !== b.from || Math.min(a.to, b.to) < start) return null;
  return [{ a: { ...a, from: start }, b: { ...b, from: start } }, ...changes.slice(1)];
}

/** What decides how the same bytes are read: if it is the same, shared bytes hold the same rows. */
const readingOf = ({ format, read_options, schema }: InspectedFile): string =>
  canonicalJson([
    format,
    { ...read_options, schema: null, header: read_options.header ?? true },
    schema.fields.map(({ name, type, shape, nullable }) => [name, type, shape, nullable]),
  ]);

type Layout = {
  /** Where the rows begin. */
  start: number;
  isRowStart: RowStarts;
};

/** Null where the files have no rows that can be told apart by newlines, or other delimiters. */
async function layoutOf(
  before: InspectedFile,
  after: InspectedFile,
  platform: Platform,
): Promise<Layout | null> {
  if (before.format === "json") {
    const files = await Promise.all([before, after].map(({ source }) => openJson(source)));
    const isLines = files.every(({ isList, start }) => !isList && start === files[0]?.start);
    return isLines ? { start: files[0]?.start ?? 0, isRowStart: jsonRowStarts } : null;
  }
  const decoding = new TextDecoding(platform);
  const [old, fresh] = [
    await openCsv(before.source, before.read_options, decoding),
    await openCsv(after.source, after.read_options, decoding),
  ];
  const described = [old, fresh].map(({ delimiter, start, names }) =>
    canonicalJson([delimiter, start, names]),
  );
  if (described[0] !== described[1]) return null;
  const longest = Math.max(longestCell(before), longestCell(after));
  return {
    start: old.start,
    isRowStart: csvRowStarts(old.delimiter, old.names.length, longest),
  };
}

/** Bytes, at most, of a cell of text: four of a character, which those of two quotes do not exceed. */
function longestCell({ schema, inspection, read_options }: InspectedFile): number {
  const nulls = (read_options.null_values ?? []).map((text) => text.length);
  const lengths = schema.fields.map(({ name, type, shape }) => {
    if (type === "json" || type === "binary" || shape !== undefined) return Infinity;
    if (type !== "string") return 0;
    const profile = inspection.columns.find((column) => column.name === name);
    if (profile === undefined) return Infinity;
    return profile.max_length ?? (profile.nulls === profile.count ? 0 : Infinity);
  });
  return 4 * Math.max(0, ...nulls, ...lengths);
}

const tableOf = (
  { format, read_options, schema }: InspectedFile,
  source: ByteSource,
  platform: Platform,
  options: ReadOptions = {},
): Promise<Table> =>
  (format === "csv" ? csvReader : jsonReader)(platform).read(source, {
    ...read_options,
    ...options,
    schema,
  });

const noRows = async function* (): AsyncGenerator<never> {};

/** The rows of a part; the delimiter is that of the whole file. */
async function partTable(
  file: InspectedFile,
  part: ByteSource,
  start: number,
  platform: Platform,
): Promise<Table> {
  if (part.size === start)
    return { schema: file.schema, rows: 0, warnings: [], batches: () => noRows() };
  if (file.format === "json") return tableOf(file, part, platform);
  const { delimiter } = await openCsv(file.source, file.read_options, new TextDecoding(platform));
  return tableOf(file, part, platform, { delimiter });
}

function unnumbered(comparison: TableComparison): TableComparison {
  const { added, removed, changed } = comparison.samples;
  const without = <Row extends { row: number | null }>(row: Row): Row => ({ ...row, row: null });
  return {
    ...comparison,
    samples: {
      added: added.map(without),
      removed: removed.map(without),
      changed: changed.map(({ before, after, columns }) => ({
        before: without(before),
        after: without(after),
        columns,
      })),
    },
  };
}
