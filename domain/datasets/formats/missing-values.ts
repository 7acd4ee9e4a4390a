import { DatasetFault } from "../dataset-fault.ts";
import type { ColumnProfile } from "../inspection.ts";
import type { ColumnType, Field, Schema } from "../schema.ts";
import { quoted, typeText } from "../schema-rules/named.ts";
import type { Batch, Cell } from "../table.ts";
import { DAYS, MICROSECONDS } from "./hdf5/conventions.ts";
import { isTensorCell, newTensorData } from "./tensor-data.ts";

/** Whether a format can say of a row of this column that it has no value. */
export type HoldsNull = (field: Field) => boolean;

/** Rows that can be gone through more than once, all of their columns or some by name. */
export type Rows = {
  schema: Schema;
  open: (columns?: readonly string[]) => AsyncIterable<Batch>;
};

/** What is known of the columns' values, where reading them before has told. */
export type KnownColumns = readonly Pick<
  ColumnProfile,
  "name" | "nulls" | "min" | "max" | "elements"
>[];

/** Of a column: how many rows have no value, and whether a float64 is as exact as all that have. */
type Found = { nulls: number; isExact: boolean };

/** Times as numbers; other programs read such units of floats as times again, and NaN as none. */
const UNITS: Partial<Record<ColumnType, string>> = { date: DAYS, timestamp: MICROSECONDS };
const WIDE: ReadonlySet<ColumnType> = new Set(["int64", "uint64", "timestamp"]);

/**
 * The rows as a format can hold them that cannot say everywhere that there is no value: a column of
 * numbers, truth values or times that misses some becomes float64, with NaN where there is none. A
 * column without nulls stays as it is. Throws a DatasetFault `option_invalid` that names the column
 * where it has nulls and no numbers, or integers that a float64 would round. Goes through the
 * columns that may have nulls where `known` does not tell.
 */
export async function settleMissing(
  rows: Rows,
  { title, holdsNull }: { title: string; holdsNull: HoldsNull },
  known: KnownColumns = [],
): Promise<Rows> {
  const doubtful = rows.schema.fields.filter((field) => field.nullable && !holdsNull(field));
  const found = await findNulls(rows, doubtful, known);
  const widened = new Map<string, Field>();
  for (const field of doubtful) {
    const { nulls, isExact } = found.get(field.name) ?? { nulls: 0, isExact: true };
    if (nulls === 0) continue;
    const wide = asFloat(field);
    if (wide === null || !holdsNull(wide))
      throw refused(field, nulls, `which ${title} has no way to say`);
    if (!isExact)
      throw refused(
        field,
        nulls,
        `where ${title} has NaN, beside which others beyond 2^53 are rounded`,
      );
    widened.set(field.name, wide);
  }
  return widened.size === 0 ? rows : asFloats(rows, widened);
}

const refused = (field: Field, nulls: number, why: string): DatasetFault =>
  new DatasetFault(
    "option_invalid",
    `column ${quoted(field.name)} (${typeText(field)}) has no value in ${nulls} of its rows, ${why}: fill them in or drop the column by a map, or choose parquet`,
    { field: field.name },
  );

async function findNulls(
  rows: Rows,
  doubtful: readonly Field[],
  known: KnownColumns,
): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  for (const { name, nulls, min, max } of known)
    found.set(name, { nulls, isExact: typeof min !== "string" && typeof max !== "string" });
  const open = doubtful.filter(({ name }) => !found.has(name));
  if (open.length > 0) await countNulls(rows, open, found);
  return found;
}

async function countNulls(
  rows: Rows,
  fields: readonly Field[],
  found: Map<string, Found>,
): Promise<void> {
  const counts = fields.map(({ type }) => ({ isWide: WIDE.has(type), nulls: 0, isExact: true }));
  for await (const { columns } of rows.open(fields.map(({ name }) => name)))
    for (const [place, count] of counts.entries())
      for (const cell of columns[place] ?? [])
        if (cell === null) count.nulls++;
        else if (count.isWide) count.isExact &&= isSafe(cell);
  for (const [place, { name }] of fields.entries()) {
    const count = counts[place];
    if (count) found.set(name, count);
  }
}

const isSafe = (cell: Cell): boolean =>
  isTensorCell(cell)
    ? [...cell.data].every((element) => Number.isSafeInteger(Number(element)))
    : Number.isSafeInteger(Number(cell));

/** The column as float64; null for one that has no numbers. */
function asFloat(field: Field): Field | null {
  const unit = UNITS[field.type] ?? field.unit;
  if (UNITS[field.type] === undefined && newTensorData(field.type, 0) === undefined) return null;
  return { ...field, type: "float64", ...(unit === undefined ? {} : { unit }) };
}

const floatOf = (cell: Cell): Cell =>
  cell === null
    ? null
    : isTensorCell(cell)
      ? { dims: cell.dims, data: Float64Array.from<number | bigint>(cell.data, Number) }
      : Number(cell);

function asFloats({ schema, open }: Rows, widened: ReadonlyMap<string, Field>): Rows {
  const fields = schema.fields.map((field) => widened.get(field.name) ?? field);
  return {
    schema: { ...schema, fields },
    async *open(names = fields.map(({ name }) => name)) {
      for await (const { rows, columns } of open(names))
        yield {
          rows,
          columns: columns.map((cells, place) =>
            widened.has(names[place] ?? "") ? cells.map(floatOf) : cells,
          ),
        };
    },
  };
}
