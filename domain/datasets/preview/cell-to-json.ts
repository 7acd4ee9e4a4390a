import { base64 } from "../../explain/plots/base64.ts";
import type { Field } from "../schema.ts";
import { isTensor, type Cell, type Json, type TensorCell } from "../table.ts";

/** How much of one cell is given. */
export type CellLimits = {
  /** Characters of a text, or of a JSON value's text. */
  text: number;
  bytes: number;
  elements: number;
};

/** For people to look at. */
export const PREVIEW_LIMITS: CellLimits = { text: 1000, bytes: 96, elements: 8 };
export const WHOLE: CellLimits = { text: Infinity, bytes: Infinity, elements: Infinity };

export type JsonCell = {
  json: Json;
  /** Whether there is more of it. */
  cut: boolean;
};

/**
 * A cell as JSON carries it, all over the API:
 * - `bool`, `string` and `json` as they are;
 * - a number as a number; NaN and infinities, which JSON does not have, as "NaN", "Infinity" and
 *   "-Infinity" (as in the JSON of protobuf): null would be no value;
 * - `int64` and `uint64` as a number up to 2^53 - 1 in magnitude, and beyond as a decimal string;
 * - `date` as "2026-11-21", `timestamp` as RFC 3339 in UTC with as many decimals as it has, and
 *   either as its plain number in a string beyond the years that ISO 8601 can write;
 * - `binary` as `{ base64, length }`, a tensor as `{ dims, values }` with its elements in row-major
 *   order. What is cut has fewer bytes than `length`, or fewer values than the product of `dims`.
 * A text that is cut ends with "…"; a JSON value that is too long is given as its text, cut.
 */
export function cellToJson(
  cell: Cell,
  field: Field,
  limits: CellLimits = PREVIEW_LIMITS,
): JsonCell {
  if (cell === null || cell === undefined) return whole(null);
  if (isTensor(field)) return tensorToJson(cell as TensorCell, field, limits.elements);
  if (field.type === "binary") return bytesToJson(cell as Uint8Array, limits.bytes);
  if (field.type === "json") return treeToJson(cell as Json, limits.text);
  if (typeof cell === "string") return textToJson(cell, limits.text);
  return whole(scalarToJson(cell as boolean | number | bigint, field));
}

const whole = (json: Json): JsonCell => ({ json, cut: false });

function scalarToJson(cell: boolean | number | bigint, field: Field): Json {
  if (typeof cell === "boolean") return cell;
  if (field.type === "date") return dateText(Number(cell));
  if (field.type === "timestamp") return timestampText(BigInt(cell));
  if (typeof cell === "bigint")
    return Number.isSafeInteger(Number(cell)) ? Number(cell) : String(cell);
  if (Number.isFinite(cell)) return cell + 0;
  return String(cell);
}

/** The furthest that a Date reaches from 1970, in days (ECMA-262, "Time Values"). */
const FURTHEST_DAY = 1e8;
const DAY_MS = 86_400_000;

/** ISO 8601 of days since 1970, or the number where no Date reaches. */
export function dateText(days: number): string {
  if (!(Math.abs(days) <= FURTHEST_DAY)) return String(days);
  const text = new Date(Math.floor(days) * DAY_MS).toISOString();
  return text.slice(0, text.indexOf("T"));
}

/** RFC 3339 of microseconds since 1970 in UTC, or the number where no Date reaches. */
export function timestampText(microseconds: bigint): string {
  const rest = ((microseconds % 1000n) + 1000n) % 1000n;
  const milliseconds = Number((microseconds - rest) / 1000n);
  if (Math.abs(milliseconds) > FURTHEST_DAY * DAY_MS) return String(microseconds);
  const text = new Date(milliseconds).toISOString();
  const decimals = `${text.slice(-4, -1)}${String(rest).padStart(3, "0")}`.replace(/0+$/, "");
  return `${text.slice(0, -5)}${decimals === "" ? "" : `.${decimals}`}Z`;
}

function textToJson(text: string, most: number): JsonCell {
  if (text.length <= most) return whole(text);
  // Not between the halves of a surrogate pair.
  const end = /[\uD800-\uDBFF]/.test(text.charAt(most - 1)) ? most - 1 : most;
  return { json: `${text.slice(0, end)}…`, cut: true };
}

function treeToJson(value: Json, most: number): JsonCell {
  if (most === Infinity) return whole(value);
  const text = JSON.stringify(value);
  return text.length <= most ? whole(value) : textToJson(text, most);
}

const bytesToJson = (bytes: Uint8Array, most: number): JsonCell => ({
  json: { base64: base64(bytes.subarray(0, most)), length: bytes.length },
  cut: bytes.length > most,
});

function tensorToJson({ dims, data }: TensorCell, field: Field, most: number): JsonCell {
  const element = { name: field.name, type: field.type, nullable: false };
  const values: Json[] = [];
  for (let at = 0; at < Math.min(data.length, most); at++) {
    const value = data[at] ?? 0;
    values.push(field.type === "bool" ? value !== 0 : scalarToJson(value, element));
  }
  return { json: { dims, values }, cut: data.length > most };
}
