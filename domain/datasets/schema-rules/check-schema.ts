import { DatasetFault } from "../dataset-fault.ts";
import { COLUMN_TYPES, type Field, type Schema } from "../schema.ts";
import { utf8Encode } from "../../text/utf8.ts";
import { quoted, typeText } from "./named.ts";

export const MOST_COLUMNS = 2000;
const LONGEST_NAME = 255;
/** As JSON: it is kept with every version. */
const LARGEST_BYTES = 1_000_000;
const MOST_DIMENSIONS = 32;
const CONTROL = /\p{Cc}/u;

/** Column types that a tensor can have elements of. */
const TENSOR_TYPES: ReadonlySet<string> = new Set(
  COLUMN_TYPES.filter((type) => /^(bool|u?int|float)/.test(type)),
);

/**
 * Refuses a schema that cannot be one, as `schema_invalid`: no columns or more than 2,000, a name
 * twice, empty, over 255 characters (UTF-16 units), with a control character, or `__proto__`; a type
 * or shape that does not exist; more than a megabyte of JSON; a key of columns that are not there, are tensors or, for the primary
 * key, may be null.
 */
export function checkSchema(schema: Schema): void {
  const { fields } = schema;
  if (fields.length === 0 || fields.length > MOST_COLUMNS)
    throw new DatasetFault(
      "schema_invalid",
      `a schema has 1 to ${MOST_COLUMNS} columns, and this one has ${fields.length}`,
    );
  const seen = new Map<string, Field>();
  for (const [at, field] of fields.entries()) {
    checkName(field.name, at);
    if (seen.has(field.name))
      throw refused(field.name, `there are two columns ${quoted(field.name)}: rename one`);
    checkType(field);
    seen.set(field.name, field);
  }
  const { length } = utf8Encode(JSON.stringify(schema));
  if (length > LARGEST_BYTES)
    throw new DatasetFault(
      "schema_invalid",
      `the schema has ${length} bytes of JSON, and may have ${LARGEST_BYTES}: shorten names or descriptions`,
    );
  checkKey("primary_key", schema.primary_key, seen);
  checkKey("partition_keys", schema.partition_keys, seen);
}

const refused = (field: string, message: string): DatasetFault =>
  new DatasetFault("schema_invalid", message, { field });

function checkName(name: string, at: number): void {
  const column = `column ${at + 1}`;
  if (name === "") throw refused(name, `${column} has no name: give it one`);
  if (name.length > LONGEST_NAME)
    throw refused(
      name,
      `the name of ${column} has ${name.length} characters, and may have ${LONGEST_NAME}`,
    );
  if (CONTROL.test(name))
    throw refused(
      name,
      `the name of ${column}, ${quoted(name)}, has a control character: leave it out`,
    );
  if (name === "__proto__")
    throw refused(name, `${column} is called __proto__, which JSON cannot carry safely: rename it`);
}

function checkType(field: Field): void {
  const { name, type, shape, sampling_rate_hz: rate } = field;
  if (!COLUMN_TYPES.includes(type))
    throw refused(
      name,
      `column ${quoted(name)} has the type ${quoted(type)}, and should have one of ${COLUMN_TYPES.join(", ")}`,
    );
  if (rate !== undefined && !(rate > 0 && Number.isFinite(rate)))
    throw refused(
      name,
      `column ${quoted(name)} has ${rate} samples a second: say a number above 0`,
    );
  if (shape === undefined) return;
  if (!TENSOR_TYPES.has(type))
    throw refused(
      name,
      `column ${quoted(name)} is ${typeText(field)}, and tensors are of numbers or bool`,
    );
  const isShape = shape.every((size) => size === null || (Number.isSafeInteger(size) && size >= 0));
  if (shape.length > MOST_DIMENSIONS || !isShape)
    throw refused(
      name,
      `column ${quoted(name)} has the shape ${JSON.stringify(shape).slice(0, 100)}, and should have at most ${MOST_DIMENSIONS} whole sizes from 0 on, or null for one that differs`,
    );
}

type KeyName = "primary_key" | "partition_keys";

function checkKey(
  which: KeyName,
  names: readonly string[] | undefined,
  fields: ReadonlyMap<string, Field>,
): void {
  if (names === undefined) return;
  if (names.length === 0)
    throw refused(which, `${which} names no column: leave it out, or name the columns`);
  if (new Set(names).size < names.length) throw refused(which, `${which} names a column twice`);
  for (const name of names) checkKeyColumn(which, name, fields.get(name));
}

function checkKeyColumn(which: KeyName, name: string, field: Field | undefined): void {
  if (field === undefined)
    throw refused(which, `${which} names ${quoted(name)}, and there is no such column`);
  if (field.shape !== undefined)
    throw refused(
      which,
      `${which} names ${quoted(name)}, which is ${typeText(field)}: a tensor tells no rows apart`,
    );
  if (which === "primary_key" && field.nullable)
    throw refused(
      which,
      `${which} names ${quoted(name)}, which may be null: set nullable to false, or take another column`,
    );
}
