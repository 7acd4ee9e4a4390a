import { DatasetFault } from "../dataset-fault.ts";
import type { Field, Schema } from "../schema.ts";
import { fieldsByName, quoted } from "../schema-rules/named.ts";

/** The fields of these columns, in this order; all without any. Throws `column_unknown` or, for a column twice, `option_invalid`. */
export function fieldsOf(schema: Schema, columns: readonly string[] | undefined): Field[] {
  if (columns === undefined) return schema.fields;
  if (new Set(columns).size < columns.length)
    throw new DatasetFault("option_invalid", "a column is named twice: name each once", {
      field: "columns",
    });
  const byName = fieldsByName(schema);
  return columns.map((name) => {
    const field = byName.get(name);
    if (field !== undefined) return field;
    throw new DatasetFault(
      "column_unknown",
      `there is no column ${quoted(name)}; there are ${schema.fields
        .slice(0, 10)
        .map((one) => quoted(one.name))
        .join(", ")}${schema.fields.length > 10 ? " and more" : ""}`,
      { field: name },
    );
  });
}

/** A whole number from `least` to `greatest`. Throws `option_invalid` for anything else. */
export function checkedCount(
  field: string,
  value: number,
  least: number,
  greatest: number,
): number {
  if (Number.isSafeInteger(value) && value >= least && value <= greatest) return value;
  throw new DatasetFault(
    "option_invalid",
    `${field} is ${value}, and should be a whole number from ${least} to ${greatest}`,
    { field },
  );
}
