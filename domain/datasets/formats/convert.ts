import type { Field, Schema } from "../schema.ts";
import type { Batch, Range, Table, WriteOptions } from "../table.ts";
import { DatasetFault } from "../dataset-fault.ts";
import type { ExportFormat } from "./format-names.ts";
import { FORMAT_TABLE } from "./formats.ts";
import { resolveRange } from "./range.ts";

export type ExportedFile = {
  chunks: AsyncIterable<Uint8Array>;
  mediaType: string;
  /** Of its name, without the dot. */
  extension: string;
};

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

/** How many rows a range has; read to the end only where nothing else tells. */
async function rowsOf(table: Table, range: Range, from: number, to: number): Promise<number> {
  if (table.rows !== null) return Math.max(Math.min(to, table.rows) - from, 0);
  const [first] = table.schema.fields;
  return countRows(
    table.batches({ ...range, ...(first === undefined ? {} : { columns: [first.name] }) }),
  );
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
 * A table, or some rows and columns of it, as a file of another format. It waits for the first bytes
 * of it, so that a column that the format cannot hold is refused here, by a DatasetFault that names
 * it; a value that it cannot hold only shows where its row is written.
 */
export async function exportTable(
  table: Table,
  format: ExportFormat,
  { range = {}, ...options }: WriteOptions & { range?: Range } = {},
): Promise<ExportedFile> {
  const { writer, mediaType, extensions, title } = FORMAT_TABLE[format];
  if (writer === null)
    throw new DatasetFault("option_invalid", `${title} files are not written`, { field: "format" });
  const { from, to, columns } = resolveRange(table.schema, range);
  const schema = schemaOf(table.schema, columns);
  const chunks =
    writer.passes === "one"
      ? writer.write(schema, table.batches(range), options)
      : writer.write(schema, () => table.batches(range), await rowsOf(table, range, from, to));
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  return { chunks: continued(first, iterator), mediaType, extension: extensions[0] ?? format };
}
