import { DatasetFault } from "../dataset-fault.ts";
import type { Field } from "../schema.ts";

const LONGEST_QUOTE = 60;

/** What was found in a row where a column wants something else. `guessed` columns tell the way out. */
export function misfit(field: Field, row: number, found: string, guessed: boolean): DatasetFault {
  const shape = field.shape ? ` [${field.shape.map((size) => size ?? "any").join(", ")}]` : "";
  const advice = guessed
    ? "; the type was guessed from the first rows: infer it from the whole file, or give a schema"
    : "";
  return new DatasetFault(
    "schema_mismatch",
    `row ${row} of column '${field.name}' is ${found}, where ${field.type}${shape} is expected${advice}`,
    { field: field.name, row },
  );
}

export function missing(field: Field, row: number): DatasetFault {
  return new DatasetFault(
    "schema_mismatch",
    `row ${row} of column '${field.name}' has no value, and the schema says that each has one`,
    { field: field.name, row },
  );
}

/** A text as it may stand in a message. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text);
