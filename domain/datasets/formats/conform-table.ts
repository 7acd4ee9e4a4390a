import { DatasetFault } from "../dataset-fault.ts";
import type { Field, Schema } from "../schema.ts";
import { fitInferred } from "../schema-rules/fit-inferred.ts";
import { fieldsByName, quoted, typeText } from "../schema-rules/named.ts";
import { promotion, shapeFits } from "../schema-rules/type-promotion.ts";
import type { Batch, Cell, Json, Table, TensorCell } from "../table.ts";
import { numberCell } from "./number-cell.ts";
import { isTensorCell, newTensorData } from "./tensor-data.ts";

type Convert = (cell: Exclude<Cell, null>, row: number) => Cell;

function misfit(declared: Field, row: number, found: string): DatasetFault {
  return new DatasetFault(
    "schema_mismatch",
    `column ${quoted(declared.name)} has ${found} in row ${row}, and should be ${typeText(declared)}`,
    { field: declared.name, row },
  );
}

function numbers(declared: Field): Convert {
  return (cell, row) => {
    const value =
      typeof cell === "number" || typeof cell === "bigint"
        ? numberCell(declared.type, cell)
        : undefined;
    if (value === undefined)
      throw misfit(declared, row, typeof cell === "object" ? "no number" : String(cell));
    return value;
  };
}

function tensors(declared: Field, found: Field): Convert {
  return (cell, row) => {
    if (!isTensorCell(cell)) throw misfit(declared, row, "no tensor");
    const { dims } = cell;
    if (!shapeFits(dims, declared.shape))
      throw misfit(declared, row, `the sizes ${dims.join(", ")}`);
    if (declared.type === found.type) return cell;
    const data = newTensorData(declared.type, cell.data.length);
    if (data === undefined) throw misfit(declared, row, typeText(found));
    for (const [i, element] of cell.data.entries()) {
      const value = numberCell(declared.type, element);
      if (value === undefined) throw misfit(declared, row, String(element));
      data[i] = value as never;
    }
    return { dims, data };
  };
}

/** A tensor's elements as arrays in arrays. */
function nested({ dims, data }: TensorCell): Json {
  const level = (axis: number, from: number, to: number): Json => {
    if (axis === dims.length) return jsonNumber(data[from] ?? 0);
    const size = dims[axis] ?? 0;
    const step = size === 0 ? 0 : (to - from) / size;
    return Array.from({ length: size }, (_, i) =>
      level(axis + 1, from + i * step, from + (i + 1) * step),
    );
  };
  return level(0, 0, data.length);
}

const jsonNumber = (value: number | bigint): Json =>
  typeof value === "bigint"
    ? Number.isSafeInteger(Number(value))
      ? Number(value)
      : String(value)
    : Number.isFinite(value)
      ? value
      : String(value);

/** How a column becomes what was declared of it; undefined where it never can, null where it is. */
function conversion(declared: Field, found: Field): Convert | null | undefined {
  const isNumeric = newTensorData(found.type, 0) !== undefined && found.type !== "bool";
  const same = declared.type === found.type;
  if (found.shape !== undefined && declared.type === "json")
    return (cell) => (isTensorCell(cell) ? nested(cell) : null);
  if (declared.shape !== undefined || found.shape !== undefined) {
    const both = declared.shape !== undefined && found.shape !== undefined;
    return both && (same || isNumeric) ? tensors(declared, found) : undefined;
  }
  if (same) return null;
  if (isNumeric && newTensorData(declared.type, 0) !== undefined && declared.type !== "bool")
    return numbers(declared);
  if (found.type === "date" && declared.type === "timestamp")
    return (cell) => BigInt(Number(cell)) * 86_400_000_000n;
  if (declared.type === "json" && promotion(found.type, "json") !== null) return null;
  return undefined;
}

/**
 * A table as its columns were declared, in their order: numbers become other types where the value
 * is in range and whole where it must be, a date a timestamp, a tensor JSON. Throws a DatasetFault
 * `schema_mismatch` for columns too few or too many and for types that are something else; reading
 * the batches throws it for a value that does not fit, with its row.
 */
export function conformTable(table: Table, declared: Schema | undefined): Table {
  if (declared === undefined) return table;
  const found = fieldsByName(table.schema);
  const conversions = new Map<string, Convert | null>();
  const conformed = declared.fields.map((field): Field => {
    const data = found.get(field.name);
    const convert = data === undefined ? undefined : conversion(field, data);
    if (data === undefined || convert === undefined) return data ?? field;
    conversions.set(field.name, convert);
    // Nulls show up when they are read: what a file says of them is often too careful.
    const rate = data.sampling_rate_hz;
    return { ...field, nullable: false, ...(rate === undefined ? {} : { sampling_rate_hz: rate }) };
  });
  const named = new Set(conformed.map(({ name }) => name));
  const rest = table.schema.fields.filter(({ name }) => !named.has(name));
  const missing = new Set(declared.fields.filter(({ name }) => !found.has(name)));
  const inferred = { fields: [...conformed.filter((field) => !missing.has(field)), ...rest] };
  const schema = fitInferred(declared, inferred);
  const fields = fieldsByName(schema);
  return {
    ...table,
    schema,
    async *batches(range = {}) {
      const names = range.columns ?? schema.fields.map(({ name }) => name);
      const unknown = names.find((name) => !fields.has(name));
      if (unknown !== undefined)
        throw new DatasetFault("column_unknown", `there is no column ${quoted(unknown)}`, {
          field: unknown,
        });
      let row = range.from ?? 0;
      for await (const batch of table.batches({ ...range, columns: names })) {
        yield conformBatch(batch, names, fields, conversions, row);
        row += batch.rows;
      }
    },
  };
}

function conformBatch(
  batch: Batch,
  names: readonly string[],
  fields: ReadonlyMap<string, Field>,
  conversions: ReadonlyMap<string, Convert | null>,
  first: number,
): Batch {
  const columns = batch.columns.map((cells, i) => {
    const name = names[i] ?? "";
    const field = fields.get(name);
    const convert = conversions.get(name) ?? ((cell: Cell) => cell);
    return cells.map((cell, at) => {
      if (cell !== null) return convert(cell, first + at);
      if (field?.nullable === false) throw misfit(field, first + at, "no value");
      return null;
    });
  });
  return { rows: batch.rows, columns };
}
