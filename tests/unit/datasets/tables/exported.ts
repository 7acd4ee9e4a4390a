import { DatasetFault } from "../../../../domain/datasets/dataset-fault.ts";
import { exportTable, type Known } from "../../../../domain/datasets/formats/convert.ts";
import type { ExportFormat } from "../../../../domain/datasets/formats/format-names.ts";
import { newProfiler } from "../../../../domain/datasets/profile/profiler.ts";
import type { Field } from "../../../../domain/datasets/schema.ts";
import type { Cell, Table } from "../../../../domain/datasets/table.ts";
import { batchesOf, joined, tableOf } from "./tables.ts";

export type Column = { field: Field; cells: Cell[] };

export const tableFrom = (columns: readonly Column[]): Table => ({
  ...tableOf(
    { fields: columns.map(({ field }) => field) },
    columns.map(({ cells }) => cells),
  ),
  // Two rows at a time, so that the file has begun long before its last row is read.
  batches: ({ columns: names } = {}) =>
    batchesOf(
      columns.filter(({ field }) => names?.includes(field.name) ?? true).map(({ cells }) => cells),
      2,
    ),
});

/** What a version's inspection says of a table. */
export async function profiled(table: Table): Promise<Known> {
  const profiler = newProfiler(table.schema);
  for await (const batch of table.batches()) profiler.add(batch);
  return { row_count: table.rows, columns: profiler.finish() };
}

/** The column that the export was refused for, or the bytes of the file, which then has no end but its own. */
export async function written(
  columns: readonly Column[],
  format: ExportFormat,
  known?: Known,
): Promise<string | Uint8Array> {
  const table = tableFrom(columns);
  try {
    const file = await exportTable(table, format, known === undefined ? {} : { known });
    return await joined(file.chunks).catch((error: unknown) => {
      throw new Error(`the file broke off: ${String(error)}`);
    });
  } catch (error) {
    if (error instanceof DatasetFault) return error.problem.field ?? "no column";
    throw error;
  }
}
