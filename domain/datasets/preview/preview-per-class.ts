import { DatasetFault } from "../dataset-fault.ts";
import { quoted } from "../schema-rules/named.ts";
import { isTensor, type Json, type Table } from "../table.ts";
import { cellToJson, PREVIEW_LIMITS, type CellLimits } from "./cell-to-json.ts";
import { checkedCount, fieldsOf } from "./checked-range.ts";
import { rowToJson, type JsonRow } from "./preview-rows.ts";

const MOST_CLASSES = 100;
const MOST_PER_CLASS = 100;
/** About the most that one answer is allowed to be, in characters. */
const MOST_CHARACTERS = 8_000_000;

export type ClassPreview = {
  value: Json;
  /** How many of the rows that were read are of this class. */
  count: number;
  /** The first of them. */
  rows: { row: number; values: JsonRow }[];
};

export type PerClassPreview = {
  column: string;
  /** In the order asked for, or of their first rows. */
  classes: ClassPreview[];
  rows_read: number;
  /** Whether all rows were read, so that counts are those of the table. */
  complete: boolean;
  /** Whether a class has fewer rows than asked for because the answer is large. */
  truncated: boolean;
};

export type PerClassOptions = {
  columns?: readonly string[];
  /** Which classes, as JSON has them: reading ends when each has its rows. All, up to 100. */
  classes?: readonly Json[];
  limits?: CellLimits;
};

/**
 * The first `perClass` rows (1 to 100) of each value of a label column, from one pass. Throws
 * `column_unknown` and `option_invalid`, the latter also for a column with more than 100 values.
 */
export async function previewPerClass(
  table: Table,
  column: string,
  perClass: number,
  { columns, classes, limits = PREVIEW_LIMITS }: PerClassOptions = {},
): Promise<PerClassPreview> {
  checkedCount("per_class", perClass, 1, MOST_PER_CLASS);
  const [label] = fieldsOf(table.schema, [column]);
  if (label === undefined || isTensor(label) || label.type === "binary")
    throw new DatasetFault(
      "option_invalid",
      `column ${quoted(column)} holds no labels: take one of texts, numbers or bool`,
      { field: "column" },
    );
  const fields = fieldsOf(table.schema, columns);
  const names = fields.map(({ name }) => name);
  const read = names.includes(column) ? names : [...names, column];
  const labelAt = read.indexOf(column);
  const found = new Map<string, ClassPreview>();
  for (const value of classes ?? [])
    found.set(JSON.stringify(value), { value, count: 0, rows: [] });
  if (found.size > MOST_CLASSES) throw tooMany(column, "classes");
  const answer = { column, rows_read: 0, complete: false, truncated: false };
  let open = found.size;
  let size = 0;
  for await (const batch of table.batches({ columns: read }))
    for (let at = 0; at < batch.rows; at++) {
      const row = answer.rows_read++;
      const { json } = cellToJson(batch.columns[labelAt]?.[at] ?? null, label, limits);
      const key = JSON.stringify(json);
      const known = found.get(key);
      if (known === undefined && classes !== undefined) continue;
      const one = known ?? { value: json, count: 0, rows: [] };
      if (known === undefined) found.set(key, one);
      if (found.size > MOST_CLASSES) throw tooMany(column, "column", row);
      one.count++;
      if (one.rows.length >= perClass) continue;
      const values = rowToJson(batch, at, fields, limits).json;
      size += JSON.stringify(values).length;
      if (size > MOST_CHARACTERS) answer.truncated = true;
      else one.rows.push({ row, values });
      if (one.count === perClass && --open === 0 && classes !== undefined)
        return { ...answer, classes: [...found.values()] };
    }
  return { ...answer, complete: true, classes: [...found.values()] };
}

const tooMany = (column: string, field: string, row?: number): DatasetFault =>
  new DatasetFault(
    "option_invalid",
    `column ${quoted(column)} has more than ${MOST_CLASSES} classes${row === undefined ? "" : ` by row ${row}`}: name those to be shown in classes, or take a column of labels`,
    { field, ...(row === undefined ? {} : { row }) },
  );
