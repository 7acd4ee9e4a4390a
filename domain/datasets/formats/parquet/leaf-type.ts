import { base64 } from "../../../explain/plots/base64.ts";
import { float16Value } from "../../../onnx/tensors.ts";
import type { ColumnType } from "../../schema.ts";
import type { Cell, Json } from "../../table.ts";
import type { TextDecoding } from "../text/decoder.ts";
import { writeDate, writeTimestamp } from "../text/iso-time.ts";
import {
  BOOLEAN,
  BYTE_ARRAY,
  DOUBLE,
  FIXED,
  FLOAT,
  INT32,
  INT64,
  INT96,
  type Values,
} from "./encodings.ts";
import { damagedPage } from "./packed-bits.ts";
import type { LogicalType, SchemaElement } from "./footer.ts";

/** What the values of a leaf are here. */
export type LeafType = {
  type: ColumnType;
  /** What a reader should know of the mapping. */
  note?: string;
  cell(values: Values, index: number): Cell;
  /** Whether the cells are the numbers as they lie in a page. */
  isStored?: true;
};

// ConvertedType of parquet.thrift, which older writers have in place of a logical type.
const CONVERTED: Record<number, LogicalType> = {
  0: { string: {} },
  4: { enum: {} },
  6: { date: {} },
  7: { time: { unit: { millis: {} } } },
  8: { time: { unit: { micros: {} } } },
  9: { timestamp: { utc: true, unit: { millis: {} } } },
  10: { timestamp: { utc: true, unit: { micros: {} } } },
  11: { integer: { bits: 8, signed: false } },
  12: { integer: { bits: 16, signed: false } },
  13: { integer: { bits: 32, signed: false } },
  14: { integer: { bits: 64, signed: false } },
  15: { integer: { bits: 8, signed: true } },
  16: { integer: { bits: 16, signed: true } },
  17: { integer: { bits: 32, signed: true } },
  18: { integer: { bits: 64, signed: true } },
  19: { json: {} },
  20: { bson: {} },
};
const CONVERTED_DECIMAL = 5;
const DEEPEST_JSON = 100;
const LARGEST_DECIMAL = 64;
const NANOS_OF_DAY = 86_400_000_000_000n;
/** The Julian day of 1970-01-01, which INT96 counts from. */
const JULIAN_1970 = 2_440_588;

export function logicalTypeOf({
  logical,
  converted,
  scale,
  precision,
}: SchemaElement): LogicalType {
  if (logical !== undefined) return logical;
  if (converted === CONVERTED_DECIMAL)
    return { decimal: { scale: scale ?? 0, precision: precision ?? 0 } };
  return CONVERTED[converted ?? -1] ?? {};
}

const wrongKind = () => damagedPage("its values have another type than its column");

function number(values: Values, index: number): number {
  if (values.kind !== "numbers") throw wrongKind();
  return values.data[index] ?? 0;
}
function long(values: Values, index: number): bigint {
  if (values.kind !== "longs") throw wrongKind();
  return values.data[index] ?? 0n;
}
function bytes(values: Values, index: number): Uint8Array {
  if (values.kind !== "bytes") throw wrongKind();
  return values.bytes.subarray(values.starts[index], values.ends[index]);
}

/** Of a whole number in two's complement, big-endian. */
function bigEndian(value: Uint8Array): bigint {
  if (value.length > LARGEST_DECIMAL)
    throw damagedPage(`a decimal has ${value.length} bytes, at most ${LARGEST_DECIMAL} are read`);
  let sum = 0n;
  for (const byte of value) sum = (sum << 8n) | BigInt(byte);
  return BigInt.asIntN(value.length * 8, sum);
}

/** Such as -12.50: every digit that the decimal has. */
function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  const point = digits.length - scale;
  const sign = unscaled < 0n ? "-" : "";
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function timeText(value: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const seconds = Number(value / unit);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const fraction = String(value % unit).padStart(digits, "0");
  return `${clock.map((part) => String(part).padStart(2, "0")).join(":")}.${fraction}`;
}

function uuidText(value: Uint8Array): string {
  const hex = Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}

function int96Micros(value: Uint8Array): bigint {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  const days = BigInt(view.getInt32(8, true) - JULIAN_1970);
  return floorThousandth(days * NANOS_OF_DAY + view.getBigInt64(0, true));
}

const floorThousandth = (value: bigint): bigint =>
  value >= 0n || value % 1000n === 0n ? value / 1000n : value / 1000n - 1n;

type Unit = NonNullable<LogicalType["time"]>["unit"];
const CUT = "nanoseconds are cut off to microseconds";

function timestampType({ utc, unit }: NonNullable<LogicalType["timestamp"]>): LeafType {
  const notes = [
    ...(utc === true ? [] : ["times without a zone are taken as UTC"]),
    ...(unit?.nanos === undefined ? [] : [CUT]),
  ];
  const micros = (value: bigint): bigint =>
    unit?.millis !== undefined
      ? BigInt.asIntN(64, value * 1000n)
      : unit?.nanos !== undefined
        ? floorThousandth(value)
        : value;
  return {
    type: "timestamp",
    ...(notes.length > 0 ? { note: notes.join(", ") } : {}),
    cell: (values, index) => micros(long(values, index)),
  };
}

const unitDigits = (unit: Unit): number =>
  unit?.millis !== undefined ? 3 : unit?.nanos !== undefined ? 9 : 6;

function decimalType(type: number, scale: number): LeafType | undefined {
  if (scale < 0 || scale > 1000) return undefined;
  const unscaled = (values: Values, index: number): bigint =>
    type === INT32
      ? BigInt(number(values, index))
      : type === INT64
        ? long(values, index)
        : bigEndian(bytes(values, index));
  return {
    type: "string",
    note: "its decimals are texts, so that no digit is lost",
    cell: (values, index) => decimalText(unscaled(values, index), scale),
  };
}

function integerType(type: number, { bits = 0, signed = true }): LeafType | undefined {
  if (type === INT32 && (bits === 8 || bits === 16 || bits === 32)) {
    const name = `${signed ? "" : "u"}int${bits}` as const;
    const wrap = 32 - bits;
    return {
      type: name,
      cell: (values, index) => {
        const value = number(values, index) << wrap;
        return signed ? value >> wrap : value >>> wrap;
      },
    };
  }
  if (type === INT64 && bits === 64 && !signed)
    return { type: "uint64", cell: (values, index) => BigInt.asUintN(64, long(values, index)) };
  return undefined;
}

/** Texts and JSON, and whether bytes are them. */
function textTypes(decoding: TextDecoding, logical: LogicalType): LeafType | undefined {
  const text = (values: Values, index: number): string => {
    if (values.kind !== "bytes") throw wrongKind();
    return decoding.text(values.bytes, values.starts[index] ?? 0, values.ends[index] ?? 0, 0);
  };
  if (logical.string !== undefined || logical.enum !== undefined)
    return { type: "string", cell: text };
  if (logical.json === undefined) return undefined;
  return { type: "json", cell: (values, index) => parsedJson(text(values, index)) };
}

function parsedJson(text: string): Json {
  let opened = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x5b || code === 0x7b) opened++;
  }
  try {
    const value = JSON.parse(text) as Json;
    if (opened > DEEPEST_JSON) checkDepth(value, 0);
    return value;
  } catch (error) {
    if (error instanceof SyntaxError) throw damagedPage(`a cell of JSON is none: ${error.message}`);
    throw error;
  }
}

function checkDepth(value: Json, depth: number): void {
  if (depth > DEEPEST_JSON)
    throw damagedPage(`a cell of JSON is nested deeper than ${DEEPEST_JSON}`);
  if (value === null || typeof value !== "object") return;
  for (const inner of Object.values(value)) checkDepth(inner, depth + 1);
}

function annotated(
  type: number,
  length: number | undefined,
  logical: LogicalType,
): LeafType | undefined {
  if (
    logical.decimal !== undefined &&
    type !== INT96 &&
    type !== FLOAT &&
    type !== DOUBLE &&
    type !== BOOLEAN
  )
    return decimalType(type, logical.decimal.scale ?? 0);
  if (logical.date !== undefined && type === INT32) return { type: "date", cell: number };
  if (logical.timestamp !== undefined && type === INT64) return timestampType(logical.timestamp);
  if (logical.time !== undefined && (type === INT32 || type === INT64)) {
    const digits = unitDigits(logical.time.unit);
    return {
      type: "string",
      note: "its times of day are texts",
      cell: (values, index) =>
        timeText(type === INT32 ? BigInt(number(values, index)) : long(values, index), digits),
    };
  }
  if (logical.integer !== undefined) return integerType(type, logical.integer);
  if (logical.uuid !== undefined && type === FIXED && length === 16)
    return { type: "string", cell: (values, index) => uuidText(bytes(values, index)) };
  if (logical.float16 !== undefined && type === FIXED && length === 2)
    return {
      type: "float16",
      cell(values, index) {
        const [low = 0, high = 0] = bytes(values, index);
        return float16Value(low | (high << 8));
      },
    };
  if (logical.null !== undefined) return { type: "json", cell: () => null };
  return undefined;
}

/** How the values of a leaf become cells: by its logical type, or its physical one where that says nothing. */
export function leafType(element: SchemaElement, decoding: TextDecoding): LeafType {
  const { type = -1, length } = element;
  const logical = logicalTypeOf(element);
  const named = annotated(type, length, logical);
  if (named !== undefined) return named;
  const text = type === BYTE_ARRAY ? textTypes(decoding, logical) : undefined;
  if (text !== undefined) return text;
  if (type === BOOLEAN)
    return { type: "bool", cell: (values, index) => number(values, index) === 1 };
  if (type === INT32) return { type: "int32", cell: number, isStored: true };
  if (type === INT64) return { type: "int64", cell: long, isStored: true };
  if (type === FLOAT) return { type: "float32", cell: number, isStored: true };
  if (type === DOUBLE) return { type: "float64", cell: number, isStored: true };
  if (type === INT96)
    return {
      type: "timestamp",
      note: CUT,
      cell: (values, index) => int96Micros(bytes(values, index)),
    };
  return { type: "binary", cell: (values, index) => bytes(values, index).slice() };
}

/** A cell of a leaf as it stands in JSON: what JSON cannot hold is a text. */
export function leafJson(type: ColumnType, cell: Cell): Json {
  if (typeof cell === "bigint") {
    if (type === "timestamp") return writeTimestamp(cell);
    return Number.isSafeInteger(Number(cell)) ? Number(cell) : String(cell);
  }
  if (typeof cell === "number") {
    if (type === "date") return writeDate(cell);
    return Number.isFinite(cell) ? cell : String(cell);
  }
  return cell instanceof Uint8Array ? base64(cell) : (cell as Json);
}
