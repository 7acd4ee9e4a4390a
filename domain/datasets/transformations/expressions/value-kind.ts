import type { ColumnType, Field } from "../../schema.ts";

/** What a value is while SQLite computes with it. */
export type ValueKind =
  | "null"
  | "boolean"
  | "integer"
  | "real"
  | "text"
  | "binary"
  /** Days since 1970. */
  | "date"
  /** Microseconds since 1970 UTC. */
  | "timestamp"
  | "json";

export function kindOf(type: ColumnType): ValueKind {
  switch (type) {
    case "bool":
      return "boolean";
    case "string":
      return "text";
    case "float16":
    case "float32":
    case "float64":
      return "real";
    case "binary":
    case "date":
    case "timestamp":
    case "json":
      return type;
    default:
      return "integer";
  }
}

/** The type of a column of such values where none was asked for. */
export const COLUMN_TYPE_OF: Readonly<Record<ValueKind, ColumnType>> = {
  null: "string",
  boolean: "bool",
  integer: "int64",
  real: "float64",
  text: "string",
  binary: "binary",
  date: "date",
  timestamp: "timestamp",
  json: "json",
};

export const isNumber = (kind: ValueKind): boolean =>
  kind === "integer" || kind === "real" || kind === "null";

/** What both are; null where they do not go together. */
export function common(a: ValueKind, b: ValueKind): ValueKind | null {
  if (a === b || b === "null") return a;
  if (a === "null") return b;
  return isNumber(a) && isNumber(b) ? "real" : null;
}

/** Whether values of this kind can be put into a column of this type; each one must fit besides. */
export function fits(kind: ValueKind, type: ColumnType): boolean {
  if (kind === "null") return true;
  const wanted = kindOf(type);
  return wanted === kind || (isNumber(kind) && isNumber(wanted));
}

export const isNumeric = ({ type, shape }: Field): boolean =>
  shape === undefined && isNumber(kindOf(type));
