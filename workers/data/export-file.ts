import { exportTable } from "../../domain/datasets/formats/convert.ts";
import type { ExportFormat } from "../../domain/datasets/formats/format-names.ts";
import type { Table } from "../../domain/datasets/table.ts";
import { streamOf } from "./stream-of.ts";

/** The rows of a table as a file of another format, as they are read. */
export async function exportFile(
  table: Table,
  format: ExportFormat,
): Promise<ReadableStream<Uint8Array>> {
  const { chunks } = await exportTable(table, format);
  return streamOf(chunks);
}
