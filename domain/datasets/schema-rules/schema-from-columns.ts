import { DatasetFault } from "../dataset-fault.ts";
import { COLUMN_TYPES, type ColumnType, type Field, type Schema } from "../schema.ts";
import { checkSchema } from "./check-schema.ts";
import { quoted } from "./named.ts";

/**
 * What Python, numpy, pandas, Arrow and SQL call the types. `float` is Python's, which has 64 bits,
 * and `int` likewise.
 */
const ALIASES: Readonly<Record<string, ColumnType>> = {
  boolean: "bool",
  byte: "int8",
  short: "int16",
  int: "int64",
  integer: "int64",
  long: "int64",
  bigint: "int64",
  half: "float16",
  single: "float32",
  real: "float32",
  float: "float64",
  double: "float64",
  number: "float64",
  str: "string",
  text: "string",
  utf8: "string",
  large_string: "string",
  varchar: "string",
  category: "string",
  bytes: "binary",
  blob: "binary",
  large_binary: "binary",
  date32: "date",
  datetime: "timestamp",
  datetime64: "timestamp",
  object: "json",
  dict: "json",
  list: "json",
};

type Keys = { primary_key?: readonly string[]; partition_keys?: readonly string[] };

/**
 * The schema that an object of column names and types describes, in its order: types as this API
 * names them or as Python, numpy, Arrow and SQL do, in either case, a tensor as `float32[2048]` or
 * `float32[?, 3]`, a unit in brackets (`datetime64[ns]`) for times. Every column but those of the
 * primary key may be null. Throws `schema_invalid` as `checkSchema` does.
 */
export function schemaFromColumns(
  columns: Readonly<Record<string, string>>,
  { primary_key, partition_keys }: Keys = {},
): Schema {
  const schema: Schema = {
    fields: Object.entries(columns).map(([name, text]) => ({
      name,
      nullable: !primary_key?.includes(name),
      ...typeOf(name, text),
    })),
    ...(primary_key === undefined ? {} : { primary_key: [...primary_key] }),
    ...(partition_keys === undefined ? {} : { partition_keys: [...partition_keys] }),
  };
  checkSchema(schema);
  return schema;
}

const TYPE = /^([a-z0-9_]+)(?:\[([^\]]*)\])?$/;
const TIME_UNIT = /^(s|ms|us|ns)(\s*,.*)?$/;

function typeOf(column: string, text: string): Pick<Field, "type" | "shape"> {
  const [, word = "", size] = TYPE.exec(text.trim().toLowerCase()) ?? [];
  const type = COLUMN_TYPES.find((one) => one === word) ?? aliasOf(word);
  if (type === undefined) throw unknown(column, text);
  if (size === undefined || (type === "timestamp" && TIME_UNIT.test(size))) return { type };
  return { type, shape: size.trim() === "" ? [] : size.split(",").map(sizeOf(column, text)) };
}

const aliasOf = (word: string): ColumnType | undefined =>
  Object.hasOwn(ALIASES, word) ? ALIASES[word] : undefined;

const sizeOf =
  (column: string, text: string) =>
  (part: string): number | null => {
    const size = part.trim();
    if (size === "?") return null;
    if (!/^\d{1,15}$/.test(size)) throw unknown(column, text);
    return Number(size);
  };

const unknown = (column: string, text: string): DatasetFault =>
  new DatasetFault(
    "schema_invalid",
    `column ${quoted(column)} has the type ${quoted(text)}, and should have one of ${COLUMN_TYPES.join(", ")}, with a shape in brackets for a tensor, such as float32[2048]`,
    { field: column },
  );
