import type { Field } from "../schema.ts";
import type { Batch, Json, Table } from "../table.ts";
import { cellToJson, PREVIEW_LIMITS, type CellLimits } from "./cell-to-json.ts";
import { checkedCount, fieldsOf } from "./checked-range.ts";

/** A row by the names of its columns. */
export type JsonRow = { [column: string]: Json };

export type PreviewOptions = {
  /** The first row; 0. */
  from?: number;
  /** 1 to 1,000 rows; 20. */
  limit?: number;
  columns?: readonly string[];
  /** How much of each cell; that of a preview. */
  limits?: CellLimits;
};

export type RowsPreview = {
  fields: Field[];
  /** The number of the first row of `rows`. */
  from: number;
  rows: JsonRow[];
  /** Cells of which there is more, by their row's number in the table. */
  cut: { row: number; column: string }[];
  /** How many rows there are in all; null where only reading to the end tells. */
  row_count: number | null;
  /** Whether `rows` ends early because it is large, and not at the limit or the end. */
  truncated: boolean;
};

/** About the most that one answer is allowed to be, in characters. */
const MOST_CHARACTERS = 8_000_000;
const MOST_ROWS = 1000;

/** Some rows of a table as JSON. Throws `column_unknown`, `option_invalid`, and what reading throws. */
export async function previewRows(
  table: Table,
  { from = 0, limit = 20, columns, limits = PREVIEW_LIMITS }: PreviewOptions = {},
): Promise<RowsPreview> {
  checkedCount("from", from, 0, Number.MAX_SAFE_INTEGER);
  checkedCount("limit", limit, 1, MOST_ROWS);
  const fields = fieldsOf(table.schema, columns);
  const preview: RowsPreview = {
    fields,
    from,
    rows: [],
    cut: [],
    row_count: table.rows,
    truncated: false,
  };
  let size = 0;
  for await (const batch of table.batches({ from, limit, columns: fields.map(({ name }) => name) }))
    for (let at = 0; at < batch.rows; at++) {
      const row = from + preview.rows.length;
      const { json, cut } = rowToJson(batch, at, fields, limits);
      size += JSON.stringify(json).length;
      if (size > MOST_CHARACTERS && preview.rows.length > 0) return { ...preview, truncated: true };
      preview.rows.push(json);
      preview.cut.push(...cut.map((column) => ({ row, column })));
      if (preview.rows.length === limit) return preview;
    }
  return preview;
}

/** Row `at` of a batch of these columns, and the names of columns of which there is more. */
export function rowToJson(
  { columns }: Batch,
  at: number,
  fields: readonly Field[],
  limits: CellLimits = PREVIEW_LIMITS,
): { json: JsonRow; cut: string[] } {
  const cut: string[] = [];
  const cells = fields.map((field, index): [string, Json] => {
    const cell = cellToJson(columns[index]?.[at] ?? null, field, limits);
    if (cell.cut) cut.push(field.name);
    return [field.name, cell.json];
  });
  return { json: Object.fromEntries(cells), cut };
}
