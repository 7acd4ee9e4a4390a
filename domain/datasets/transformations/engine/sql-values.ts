import { DatasetFault } from "../../dataset-fault.ts";
import type { Field } from "../../schema.ts";
import type { Cell, Json } from "../../table.ts";
import { canonicalJson } from "../../../text/canonical-json.ts";
import { kindOf, type ValueKind } from "../expressions/value-kind.ts";
import type { SqlValue } from "./database.ts";

const DECLARED: Readonly<Record<ValueKind, string>> = {
  null: "",
  boolean: "INTEGER",
  integer: "INTEGER",
  real: "REAL",
  text: "TEXT",
  binary: "BLOB",
  date: "INTEGER",
  timestamp: "INTEGER",
  json: "TEXT",
};
export const declaredAs = ({ type }: Field): string => DECLARED[kindOf(type)];

const LARGEST = 2n ** 63n - 1n;

/** A cell as SQLite computes with it: NaN is no value, and integers of 64 bits go in as text. */
export function toSql(cell: Cell | undefined, field: Field, row: number): SqlValue {
  if (cell === null || cell === undefined) return null;
  if (field.type === "json") return canonicalJson(cell);
  if (typeof cell === "bigint") {
    if (cell > LARGEST)
      throw new DatasetFault(
        "transformation_invalid",
        `row ${row} of '${field.name}' is ${cell}; transformations compute with integers up to ${LARGEST}`,
        { field: field.name, row },
      );
    return String(cell);
  }
  if (typeof cell === "boolean") return cell ? 1 : 0;
  if (typeof cell === "number") return Number.isNaN(cell) ? null : cell;
  if (typeof cell === "string" || cell instanceof Uint8Array) return cell;
  throw new TypeError(`a cell of '${field.name}' is no value of ${field.type}`);
}

/** What is selected of a column so that no digit of an integer is lost. */
export const selected = (sql: string, { type }: Pick<Field, "type">): string =>
  isWide(type) ? `CAST(${sql} AS TEXT)` : sql;

const isWide = (type: Field["type"]): boolean =>
  type === "int64" || type === "uint64" || type === "timestamp";

const BITS: Partial<Record<Field["type"], readonly [least: bigint, most: bigint]>> = {
  int8: [-(2n ** 7n), 2n ** 7n - 1n],
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), LARGEST],
  uint8: [0n, 2n ** 8n - 1n],
  uint16: [0n, 2n ** 16n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  timestamp: [-(2n ** 63n), LARGEST],
};

/** The cell of what was `selected`; throws `schema_mismatch` where it does not fit the column. */
export function fromSql(value: SqlValue | undefined, field: Field, row: number): Cell {
  if (value === null || value === undefined) {
    if (field.nullable) return null;
    return misfit("no value", field, row);
  }
  switch (field.type) {
    case "bool":
      return value !== 0;
    case "string":
      return String(value);
    case "binary":
      return value instanceof Uint8Array ? value : misfit(value, field, row);
    case "json":
      return JSON.parse(String(value)) as Json;
    case "float64":
      return Number(value);
    case "float32":
      return Math.fround(Number(value));
    case "float16":
      return Math.f16round(Number(value));
    default:
      return integer(value, field, row);
  }
}

function integer(value: SqlValue, field: Field, row: number): Cell {
  const text = String(value).replace(/\.0$/, "");
  if (!/^-?\d+$/.test(text)) return misfit(value, field, row);
  const whole = BigInt(text);
  const [least, most] = BITS[field.type] ?? [-(2n ** 31n), 2n ** 31n - 1n];
  if (whole < least || whole > most) return misfit(value, field, row);
  return isWide(field.type) ? whole : Number(whole);
}

function misfit(value: SqlValue, field: Field, row: number): never {
  const found = value instanceof Uint8Array ? "bytes" : String(value);
  throw new DatasetFault(
    "schema_mismatch",
    `row ${row} of '${field.name}' becomes ${found}, which is no ${field.type}`,
    { field: field.name, row },
  );
}
