import { readFileSync } from "node:fs";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import type { Schema } from "../../../../domain/datasets/schema.ts";
import type { Batch, Cell, Range, ReadOptions, Table } from "../../../../domain/datasets/table.ts";
import type { ReaderFactory } from "../../../../domain/datasets/formats/platform.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";

const VECTORS = new URL("../../vectors/datasets/tables/", import.meta.url);

export const vector = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(name, VECTORS)));

export const vectorJson = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(name, VECTORS), "utf8"));

export const readBytes = (
  reader: ReaderFactory,
  bytes: Uint8Array,
  options: ReadOptions = {},
): Promise<Table> => reader(nodePlatform).read(sourceOf(bytes), options);

/** All cells of some rows, column by column. */
export async function cellsOf(table: Table, range?: Range): Promise<Cell[][]> {
  const names = range?.columns ?? table.schema.fields.map(({ name }) => name);
  const columns = names.map((): Cell[] => []);
  for await (const batch of table.batches(range))
    for (const [i, cells] of batch.columns.entries()) columns[i]?.push(...cells);
  return columns;
}

export async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(Buffer.concat(parts));
}

/** Rows of a table that is held, `size` of them a batch. */
export async function* batchesOf(columns: readonly Cell[][], size = 1000): AsyncGenerator<Batch> {
  const rows = columns[0]?.length ?? 0;
  for (let at = 0; at < rows; at += size)
    yield {
      rows: Math.min(size, rows - at),
      columns: columns.map((cells) => cells.slice(at, at + size)),
    };
}

export const tableOf = (schema: Schema, columns: readonly Cell[][]): Table => ({
  schema,
  rows: columns[0]?.length ?? 0,
  warnings: [],
  batches({ from = 0, limit = Infinity, columns: names } = {}) {
    const chosen =
      names?.map((name) => schema.fields.findIndex((field) => field.name === name)) ??
      columns.map((_, i) => i);
    return batchesOf(chosen.map((i) => columns[i]?.slice(from, from + limit) ?? []));
  },
});

/** A cell as the expected values of the vectors have it. */
export function plain(cell: Cell | undefined): unknown {
  if (typeof cell === "bigint") return String(cell);
  if (typeof cell === "number") return Number.isFinite(cell) ? cell : String(cell);
  if (cell instanceof Uint8Array) return { hex: Buffer.from(cell).toString("hex") };
  if (typeof cell !== "object" || cell === null || !("dims" in cell && "data" in cell)) return cell;
  const data = cell.data as Iterable<number | bigint>;
  return { dims: cell.dims, data: Array.from(data, (value) => plain(value)) };
}
