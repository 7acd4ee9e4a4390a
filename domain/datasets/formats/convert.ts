import type { Field, Schema } from "../schema.ts";
import type { Batch, Range, Table, WriteOptions } from "../table.ts";
import { DatasetFault } from "../dataset-fault.ts";
import type { ExportFormat } from "./format-names.ts";
import { FORMAT_TABLE } from "./formats.ts";
import { type KnownColumns, type Rows, settleMissing } from "./missing-values.ts";
import { resolveRange } from "./range.ts";
import { checkTensorSizes } from "./tensor-sizes.ts";

export type ExportedFile = {
  chunks: AsyncIterable<Uint8Array>;
  mediaType: string;
  /** Of its name, without the dot. */
  extension: string;
};

/** Of an inspection of the same rows. */
export type Known = { row_count: number | null; columns: KnownColumns };

/** The schema of some columns; a key stays where all of its columns do. */
function schemaOf(
  { fields, primary_key, partition_keys }: Schema,
  places: readonly number[],
): Schema {
  const chosen = places.flatMap((place): Field[] => fields.slice(place, place + 1));
  const names = new Set(chosen.map(({ name }) => name));
  const kept = (key: string[] | undefined): boolean =>
    key?.every((name) => names.has(name)) ?? false;
  return {
    fields: chosen,
    ...(primary_key !== undefined && kept(primary_key) ? { primary_key } : {}),
    ...(partition_keys !== undefined && kept(partition_keys) ? { partition_keys } : {}),
  };
}

async function countRows(batches: AsyncIterable<Batch>): Promise<number> {
  let rows = 0;
  for await (const batch of batches) rows += batch.rows;
  return rows;
}

/** How many rows there are; read to the end only where nothing else tells. */
async function countOf(table: Table, rows: Rows, from: number, to: number): Promise<number> {
  if (table.rows !== null) return Math.max(Math.min(to, table.rows) - from, 0);
  return countRows(rows.open(rows.schema.fields.slice(0, 1).map(({ name }) => name)));
}

/** The same chunks, the first of which is there already. */
async function* continued(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/**
 * A table, or some rows and columns of it, as a file of another format. What the format cannot hold
 * is refused here, before there is a byte of the file, by a DatasetFault that names the column: a
 * type, or a value in whichever row. What says that there is no value is `settleMissing`'s rule.
 * `known` is what reading the whole table has told; without it, or for a range, the rows are gone
 * through first where that must be known.
 */
export async function exportTable(
  table: Table,
  format: ExportFormat,
  { range, known, ...options }: WriteOptions & { range?: Range; known?: Known } = {},
): Promise<ExportedFile> {
  const { writer, mediaType, extensions, title } = FORMAT_TABLE[format];
  if (writer === null)
    throw new DatasetFault("option_invalid", `${title} files are not written`, { field: "format" });
  const { from, to, columns } = resolveRange(table.schema, range);
  const asked: Rows = {
    schema: schemaOf(table.schema, columns),
    open: (names = range?.columns) =>
      table.batches({ ...range, ...(names === undefined ? {} : { columns: names }) }),
  };
  const facts = range === undefined ? known : undefined;
  if (writer.largestTensor !== undefined)
    await checkTensorSizes(asked, writer.largestTensor, facts?.columns);
  const rows =
    writer.holdsNull === undefined
      ? asked
      : await settleMissing(asked, { title, holdsNull: writer.holdsNull }, facts?.columns);
  const chunks =
    writer.passes === "one"
      ? writer.write(rows.schema, rows.open(), options)
      : writer.write(
          rows.schema,
          () => rows.open(),
          facts?.row_count ?? (await countOf(table, rows, from, to)),
        );
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  return { chunks: continued(first, iterator), mediaType, extension: extensions[0] ?? format };
}
