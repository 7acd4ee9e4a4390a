import { DatasetFault } from "../dataset-fault.ts";
import type { Field } from "../schema.ts";
import { quoted, typeText } from "../schema-rules/named.ts";
import type { KnownColumns, Rows } from "./missing-values.ts";
import { elementCount, isTensorCell, newTensorData } from "./tensor-data.ts";

/**
 * Refuses a column with a tensor of more than `most` bytes, as `option_invalid` with its row where
 * one is known. Goes through the columns whose tensors differ in size and may be as large.
 */
export async function checkTensorSizes(
  rows: Rows,
  most: number,
  known: KnownColumns = [],
): Promise<void> {
  const open: Field[] = [];
  for (const field of rows.schema.fields) {
    if (field.shape === undefined) continue;
    const sizes = field.shape.filter((size) => size !== null);
    const isFixed = sizes.length === field.shape.length;
    const elements = isFixed
      ? elementCount(sizes)
      : known.find(({ name }) => name === field.name)?.elements;
    const bytes = elements === undefined ? Infinity : elements * bytesOf(field);
    if (bytes <= most) continue;
    if (isFixed) throw tooLarge(field, bytes, most);
    open.push(field);
  }
  if (open.length > 0) await measure(rows, open, most);
}

async function measure({ open }: Rows, fields: readonly Field[], most: number): Promise<void> {
  let first = 0;
  for await (const batch of open(fields.map(({ name }) => name))) {
    for (const [place, field] of fields.entries())
      for (const [i, cell] of (batch.columns[place] ?? []).entries())
        if (isTensorCell(cell) && cell.data.byteLength > most)
          throw tooLarge(field, cell.data.byteLength, most, first + i);
    first += batch.rows;
  }
}

const bytesOf = ({ type }: Field): number => newTensorData(type, 1)?.byteLength ?? 1;

const tooLarge = (field: Field, bytes: number, most: number, row?: number): DatasetFault =>
  new DatasetFault(
    "option_invalid",
    `column ${quoted(field.name)} (${typeText(field)}) has ${bytes} bytes in ${row === undefined ? "every row" : `row ${row}`}, of which ${most} may be written: cut it or drop the column by a map, or choose hdf5`,
    { field: field.name, ...(row === undefined ? {} : { row }) },
  );
