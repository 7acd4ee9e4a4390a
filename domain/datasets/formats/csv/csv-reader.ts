import type { Schema } from "../../schema.ts";
import type { Batch, Range, Table } from "../../table.ts";
import { BatchBuilder } from "../batch-builder.ts";
import type { InferFactory } from "../inferred.ts";
import { SAMPLE_ROWS } from "../limits.ts";
import type { ReaderFactory } from "../platform.ts";
import { resolveRange } from "../range.ts";
import { TextDecoding } from "../text/decoder.ts";
import { fieldsOfKinds } from "../text/kinds.ts";
import { NullTexts } from "./csv-cells.ts";
import {
  cellAt,
  CsvKinds,
  declaredColumns,
  guessedColumns,
  guessedSchema,
  type PlacedColumn,
} from "./csv-columns.ts";
import { type CsvFile, CsvRows, openCsv } from "./csv-file.ts";

/**
 * CSV in UTF-8, with any newlines. Without a schema the types are guessed from the first rows, all
 * columns nullable; a later value that would have made the guess another ends the batches with a
 * `schema_mismatch`. A table read to its end has thus the schema that `inferCsv` finds.
 */
export const csvReader: ReaderFactory = (platform) => ({
  sequential: true,
  async read(source, options) {
    const decoding = new TextDecoding(platform);
    const nulls = new NullTexts(options.null_values, decoding);
    const file = await openCsv(source, options, decoding);
    const { schema } = options;
    if (!schema) return guessedTable(file, nulls, decoding);
    const isNamed = options.header ?? true;
    const columns = declaredColumns(schema, file.names, isNamed, nulls, decoding);
    return tableOf(file, schema, columns);
  },
});

/** The schema that all rows of a CSV file fit. */
export const inferCsv: InferFactory = (platform) => async (source, options) => {
  const decoding = new TextDecoding(platform);
  const file = await openCsv(source, options, decoding);
  const kinds = new CsvKinds(file.names.length, new NullTexts(options.null_values, decoding));
  const rows = new CsvRows(file);
  do {
    observeRows(rows, kinds, Infinity);
  } while (await rows.more());
  return { schema: guessedSchema(file.names, kinds), rows: rows.row, warnings: file.warnings };
};

/** Takes in the rows that the window holds, up to a number in all. */
function observeRows(rows: CsvRows, kinds: CsvKinds, most: number): void {
  while (rows.row < most) {
    const end = rows.next();
    if (end === 0) return;
    kinds.observe(rows);
    rows.window.at = end;
    rows.row++;
  }
}

function guessedTable(file: CsvFile, nulls: NullTexts, decoding: TextDecoding): Table {
  const kinds = new CsvKinds(file.names.length, nulls);
  const sample = new CsvRows(file);
  observeRows(sample, kinds, SAMPLE_ROWS);
  const schema = guessedSchema(file.names, kinds);
  const isWhole = sample.window.left === 0;
  const columns = guessedColumns(schema, kinds, isWhole, nulls, decoding);
  const table = tableOf(file, schema, columns);
  if (isWhole) return table;
  const kindsOf = (name: string): number => kinds.kinds[file.names.indexOf(name)] ?? 0;
  return { ...table, mayBecome: (name) => fieldsOfKinds(name, kindsOf(name), "string") };
}

const tableOf = (file: CsvFile, schema: Schema, columns: PlacedColumn[]): Table => ({
  schema,
  rows: null,
  warnings: file.warnings,
  batches: (range) => batchesOf(file, schema, columns, range),
});

async function* batchesOf(
  file: CsvFile,
  schema: Schema,
  columns: PlacedColumn[],
  range?: Range,
): AsyncGenerator<Batch> {
  const { from, to, columns: places } = resolveRange(schema, range);
  const wanted = places.flatMap((place) => columns[place] ?? []);
  const rows = new CsvRows(file);
  const builder = new BatchBuilder(wanted.length, rows.window.position);
  do {
    while (rows.row < to) {
      const end = rows.next();
      if (end === 0) break;
      if (rows.row >= from) {
        for (let index = 0; index < wanted.length; index++) {
          const column = wanted[index];
          if (column) builder.columns[index]?.push(cellAt(column, rows));
        }
        builder.rows++;
      }
      rows.window.at = end;
      rows.row++;
      if (builder.rows > 0 && builder.isFull(rows.window.position))
        yield builder.take(rows.window.position);
    }
  } while (rows.row < to && (await rows.more()));
  if (builder.rows > 0) yield builder.take(rows.window.position);
}
