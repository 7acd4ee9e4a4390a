import { base64 } from "../../../explain/plots/base64.ts";
import type { ColumnType, Field } from "../../schema.ts";
import type { Cell, Json, TensorCell } from "../../table.ts";
import { numberCell } from "../number-cell.ts";
import { elementCount, newTensorData } from "../tensor-data.ts";
import type { TextDecoding } from "../text/decoder.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import type { Feature } from "./example.ts";

export type Present = Exclude<Feature, null>;

/** What was met under one name: `text` are bytes all of which are UTF-8. */
export type Evidence = {
  kind: "text" | "bytes" | "float" | "int64";
  /** The least and the most values of a record. */
  least: number;
  most: number;
};

const TYPES = { text: "string", bytes: "binary", float: "float32", int64: "int64" } as const;

export function evidenceOf(feature: Present, decoding: TextDecoding): Evidence {
  const { length } = feature.values;
  const kind =
    feature.kind !== "bytes"
      ? feature.kind
      : feature.values.every((bytes) => textOf(bytes, decoding) !== undefined)
        ? "text"
        : "bytes";
  return { kind, least: length, most: length };
}

/** The evidence of two parts of a file; undefined where one column cannot hold both. */
export function joinedEvidence(a: Evidence, b: Evidence): Evidence | undefined {
  const isBytes = (kind: string): boolean => kind === "text" || kind === "bytes";
  if (a.kind !== b.kind && !(isBytes(a.kind) && isBytes(b.kind))) return undefined;
  return {
    kind: a.kind === b.kind ? a.kind : "bytes",
    least: Math.min(a.least, b.least),
    most: Math.max(a.most, b.most),
  };
}

/**
 * The column for what was met: one value in each record is a scalar, always as many a tensor of
 * that length, and otherwise one of any length. Lists of texts or bytes are `json`.
 */
export function fieldOf(name: string, { kind, least, most }: Evidence): Field {
  const type: ColumnType = TYPES[kind];
  if (least === 1 && most === 1) return { name, type, nullable: true };
  if (type === "string" || type === "binary") return { name, type: "json", nullable: true };
  return { name, type, nullable: true, shape: [least === most ? least : null] };
}

/** The columns that it may be once more was met: bytes among the texts, lists of another length. */
export function fieldsWith(name: string, { kind, least, most }: Evidence): Field[] {
  const kinds = kind === "text" ? (["text", "bytes"] as const) : [kind];
  return kinds.flatMap((each) => [
    fieldOf(name, { kind: each, least, most }),
    fieldOf(name, { kind: each, least: 0, most: Math.max(most, 2) }),
  ]);
}

/** A feature as a cell of a column; undefined where it does not fit. */
export function cellOfFeature(
  field: Field,
  feature: Present,
  decoding: TextDecoding,
): Cell | undefined {
  if (field.shape) return feature.kind === "bytes" ? undefined : tensorOf(field, feature.values);
  if (field.type === "json") return jsonOf(feature, decoding);
  const [value] = feature.values;
  if (feature.values.length !== 1 || value === undefined) return undefined;
  if (value instanceof Uint8Array) {
    if (field.type === "binary") return value;
    return field.type === "string" ? textOf(value, decoding) : undefined;
  }
  if (field.type === "bool")
    return Number(value) === 0 || Number(value) === 1 ? Number(value) === 1 : undefined;
  return numberCell(field.type, value);
}

/** In a list of bytes that are not UTF-8, each such item is `{"base64": …}`. */
function jsonOf(feature: Present, decoding: TextDecoding): Json {
  if (feature.kind === "bytes")
    return feature.values.map((bytes) => textOf(bytes, decoding) ?? { base64: base64(bytes) });
  return Array.from<number | bigint, Json>(feature.values, (value) =>
    typeof value === "number"
      ? Number.isFinite(value)
        ? value
        : String(value)
      : Number.isSafeInteger(Number(value))
        ? Number(value)
        : String(value),
  );
}

function tensorOf(field: Field, values: Float32Array | BigInt64Array): TensorCell | undefined {
  const dims = dimsOf(field.shape ?? [], values.length);
  if (!dims) return undefined;
  const natural = values instanceof Float32Array ? "float32" : "int64";
  if (field.type === natural) return { dims, data: values };
  const data = newTensorData(field.type, values.length);
  if (!data) return undefined;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0;
    const type = field.type === "bool" ? "uint8" : field.type;
    const element = numberCell(type, value);
    if (element === undefined || (field.type === "bool" && element !== 0 && element !== 1))
      return undefined;
    data[at] = element;
  }
  return { dims, data };
}

/** A shape whose one open size, if it has one, is what the number of values leaves. */
function dimsOf(shape: readonly (number | null)[], count: number): number[] | undefined {
  const known = elementCount(shape.map((size) => size ?? 1));
  const open = shape.filter((size) => size === null).length;
  if (open === 0) return known === count ? shape.map((size) => size ?? 0) : undefined;
  if (open > 1 || known === 0 || count % known !== 0) return undefined;
  return shape.map((size) => size ?? count / known);
}

export function textOf(bytes: Uint8Array, decoding: TextDecoding): string | undefined {
  try {
    return decoding.text(bytes, 0, bytes.length, 0);
  } catch (error) {
    if (error instanceof DatasetFault) return undefined;
    throw error;
  }
}
