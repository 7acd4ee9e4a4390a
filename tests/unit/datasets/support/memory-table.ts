import type { Field, Schema } from "../../../../domain/datasets/schema.ts";
import type { Cell, Table } from "../../../../domain/datasets/table.ts";

export const field = (
  name: string,
  type: Field["type"] = "int64",
  more: Partial<Field> = {},
): Field => ({
  name,
  type,
  nullable: true,
  ...more,
});

export type MemoryTable = Table & {
  /** How often a batch was asked for, in rows. */
  read: { rows: number };
};

/** A table of rows that are lists of cells, given out a few rows at a time. */
export function memoryTable(
  schema: Schema,
  rows: readonly (readonly Cell[])[],
  batchRows = 7,
): MemoryTable {
  const read = { rows: 0 };
  return {
    schema,
    rows: rows.length,
    warnings: [],
    read,
    async *batches({ from = 0, limit = Infinity, columns } = {}) {
      const names = columns ?? schema.fields.map(({ name }) => name);
      const places = names.map((name) => schema.fields.findIndex((one) => one.name === name));
      const wanted = rows.slice(from, Math.min(rows.length, from + limit));
      for (let at = 0; at < wanted.length; at += batchRows) {
        const part = wanted.slice(at, at + batchRows);
        read.rows += part.length;
        yield {
          rows: part.length,
          columns: places.map((place) => part.map((row) => row[place] ?? null)),
        };
      }
    },
  };
}
