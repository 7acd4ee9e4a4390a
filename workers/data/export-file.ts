import { exportTable, type Known } from "../../domain/datasets/formats/convert.ts";
import type { ExportFormat } from "../../domain/datasets/formats/format-names.ts";
import type { Table } from "../../domain/datasets/table.ts";
import { streamOf } from "./stream-of.ts";

/** The rows of a table, of which reading it has told before, as a file of another format; `ended` once nobody reads more of it. */
export async function exportFile(
  table: Table,
  format: ExportFormat,
  known: Known,
  ended: () => void,
): Promise<ReadableStream<Uint8Array>> {
  const { chunks } = await exportTable(table, format, { known });
  return streamOf(whileRead(chunks, ended));
}

/** Tells when they were read to their end, or given up. */
async function* whileRead(
  pieces: AsyncIterable<Uint8Array>,
  ended: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } finally {
    ended();
  }
}
