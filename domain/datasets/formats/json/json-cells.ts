import type { Field } from "../../schema.ts";
import type { Cell, Json, TensorCell } from "../../table.ts";
import { numberCell } from "../number-cell.ts";
import { elementCount, newTensorData } from "../tensor-data.ts";
import { fromBase64 } from "../text/base64.ts";
import { parseDate, parseTimestamp } from "../text/iso-time.ts";
import { EXTRA, type Scanned } from "./json-scanner.ts";

/** As protobuf's JSON mapping writes the floats that JSON has no numbers for. */
const NOT_FINITE = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);
const DIGITS = /^-?\d{1,20}$/;

/**
 * A JSON value as a cell of a column: dates and times in ISO 8601, bytes in base 64, tensors as
 * lists in lists, integers beyond 2^53 as digits or as their string. `extras` are those that were met in it. Undefined where it does not
 * fit.
 */
export function cellOfJson(field: Field, value: Scanned, extras: number): Cell | undefined {
  if (value === null) return null;
  if (field.shape) return tensorOfNested(field, field.shape, value);
  if (field.type === "json") {
    if ((extras & EXTRA.notFinite) !== 0) return undefined;
    return (extras & EXTRA.long) === 0 ? (value as Json) : jsonOf(value);
  }
  if (field.type === "bool") return typeof value === "boolean" ? value : undefined;
  if (typeof value !== "string") return numberOf(field, value);
  if (field.type === "string") return value;
  if (field.type === "date") return parseDate(value);
  if (field.type === "timestamp") return parseTimestamp(value) ?? midnight(value);
  if (field.type === "binary") return fromBase64(value);
  return numberOf(field, value);
}

/** An integer as a number where that has the same digits, and as its digits otherwise. */
function jsonOf(value: Scanned): Json {
  if (typeof value === "bigint") {
    const digits = String(value);
    return String(Number(value)) === digits ? Number(value) : digits;
  }
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, jsonOf(inner)]));
}

function midnight(text: string): bigint | undefined {
  const day = parseDate(text);
  return day === undefined ? undefined : BigInt(day) * 86_400_000_000n;
}

function numberOf({ type }: Field, value: Scanned): number | bigint | undefined {
  if (typeof value === "number" || typeof value === "bigint") return numberCell(type, value);
  if (typeof value !== "string") return undefined;
  if (type.startsWith("float")) return NOT_FINITE.get(value);
  return DIGITS.test(value) ? numberCell(type, BigInt(value)) : undefined;
}

function tensorOfNested(
  field: Field,
  shape: readonly (number | null)[],
  value: Scanned,
): TensorCell | undefined {
  const dims = dimsOfNested(value, shape);
  const data = dims && newTensorData(field.type, elementCount(dims));
  if (!data) return undefined;
  let filled = 0;
  const fill = (part: Scanned, axis: number): boolean => {
    if (axis < dims.length)
      return (
        Array.isArray(part) &&
        part.length === dims[axis] &&
        part.every((inner) => fill(inner, axis + 1))
      );
    const element = typeof part === "boolean" ? boolElement(field, part) : numberOf(field, part);
    if (element === undefined) return false;
    data[filled++] = element;
    return true;
  };
  return fill(value, 0) ? { dims, data } : undefined;
}

const boolElement = ({ type }: Field, value: boolean): number | undefined =>
  type === "bool" ? Number(value) : undefined;

/** The sizes of lists in lists, by the first of each; undefined where they are not the shape's. */
function dimsOfNested(value: Scanned, shape: readonly (number | null)[]): number[] | undefined {
  const dims: number[] = [];
  let inner: Scanned | undefined = value;
  for (const size of shape) {
    if (inner !== undefined && !Array.isArray(inner)) return undefined;
    const length: number = inner?.length ?? size ?? 0;
    if (size !== null && size !== length) return undefined;
    dims.push(length);
    inner = inner?.[0];
  }
  return dims;
}
