import { DatasetFault } from "../dataset-fault.ts";
import type { Schema } from "../schema.ts";
import type { Range } from "../table.ts";

/** A range with nothing left out: the first row, the row behind the last, and the columns' places in the schema. */
export type ResolvedRange = { from: number; to: number; columns: number[] };

/** Throws a DatasetFault for a column that the schema does not have, and for a row that is none. */
export function resolveRange(
  schema: Schema,
  { from = 0, limit = Infinity, columns }: Range = {},
): ResolvedRange {
  for (const [field, value] of Object.entries({ from, limit }))
    if (!(value >= 0 && (Number.isSafeInteger(value) || value === Infinity)))
      throw new DatasetFault("option_invalid", `'${field}' is ${value}, and counts rows`, {
        field,
      });
  const places = new Map(schema.fields.map(({ name }, place) => [name, place]));
  const placeOf = (name: string): number => {
    const place = places.get(name);
    if (place !== undefined) return place;
    throw new DatasetFault(
      "column_unknown",
      `there is no column '${name}'; the columns are ${[...places.keys()].join(", ")}`,
      { field: name },
    );
  };
  return {
    from,
    to: from + limit,
    columns: columns?.map(placeOf) ?? schema.fields.map((_, place) => place),
  };
}
