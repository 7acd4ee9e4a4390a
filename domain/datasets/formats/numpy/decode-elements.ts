import { float16Value } from "../../../onnx/tensors.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import type { Field } from "../../schema.ts";
import type { Cell, TensorCell } from "../../table.ts";
import { misfit, quoted } from "../misfit.ts";
import { calendarDay, daysOf } from "../text/calendar.ts";
import type { TextDecoding } from "../text/decoder.ts";
import type { Scalar } from "./dtype.ts";

const NOT_A_TIME = -(2n ** 63n);
const DAY_MICROS = 86_400_000_000n;
/** Microseconds of a unit; nanoseconds are divided. */
const MICROS: Record<string, bigint> = {
  h: 3_600_000_000n,
  m: 60_000_000n,
  s: 1_000_000n,
  ms: 1000n,
  us: 1n,
};

/** `count` elements from `at` on as a tensor's data, which has memory of its own. */
export function decodeTensor(
  bytes: Uint8Array,
  at: number,
  count: number,
  { type, size, isBigEndian }: Scalar,
): TensorCell["data"] {
  const own = Uint8Array.from(bytes.subarray(at, at + count * size));
  if (isBigEndian && size > 1) swap(own, size);
  const { buffer } = own;
  switch (type) {
    case "bool":
      return own.map((byte) => (byte === 0 ? 0 : 1));
    case "int8":
      return new Int8Array(buffer);
    case "int16":
      return new Int16Array(buffer);
    case "int32":
      return new Int32Array(buffer);
    case "int64":
      return new BigInt64Array(buffer);
    case "uint16":
      return new Uint16Array(buffer);
    case "uint32":
      return new Uint32Array(buffer);
    case "uint64":
      return new BigUint64Array(buffer);
    case "float16":
      return Float32Array.from(new Uint16Array(buffer), float16Value);
    case "float32":
      return new Float32Array(buffer);
    case "float64":
      return new Float64Array(buffer);
    default:
      return own;
  }
}

function swap(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

/** How one element becomes a cell of `field`. */
export type DecodeCell = (view: DataView, at: number, row: number) => Cell;

export function cellDecoder(field: Field, scalar: Scalar, decoding: TextDecoding): DecodeCell {
  const { letter, type, size } = scalar;
  const little = !scalar.isBigEndian;
  if (letter === "M") return timeDecoder(field, scalar);
  if (letter === "m") {
    return (view, at) => {
      const steps = view.getBigInt64(at, little);
      return steps === NOT_A_TIME ? null : BigInt.asIntN(64, steps * BigInt(scalar.steps ?? 1));
    };
  }
  if (letter === "S")
    return (view, at, row) => bytesCell(field, bytesAt(view, at, size), row, decoding);
  if (letter === "U") return (view, at, row) => textCell(field, view, at, size, little, row);
  switch (type) {
    case "bool":
      return (view, at) => view.getUint8(at) !== 0;
    case "int8":
      return (view, at) => view.getInt8(at);
    case "int16":
      return (view, at) => view.getInt16(at, little);
    case "int32":
      return (view, at) => view.getInt32(at, little);
    case "int64":
      return (view, at) => view.getBigInt64(at, little);
    case "uint8":
      return (view, at) => view.getUint8(at);
    case "uint16":
      return (view, at) => view.getUint16(at, little);
    case "uint32":
      return (view, at) => view.getUint32(at, little);
    case "uint64":
      return (view, at) => view.getBigUint64(at, little);
    case "float16":
      return (view, at) => float16Value(view.getUint16(at, little));
    case "float32":
      return (view, at) => view.getFloat32(at, little);
    case "float64":
      return (view, at) => view.getFloat64(at, little);
    default:
      return (view, at) => Uint8Array.from(bytesAt(view, at, size));
  }
}

const bytesAt = (view: DataView, at: number, size: number): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset + at, size);

/** Bytes without the zeros that fill them up: text, or bytes where the field says so. */
function bytesCell(field: Field, bytes: Uint8Array, row: number, decoding: TextDecoding): Cell {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length--;
  if (field.type === "binary") return Uint8Array.from(bytes.subarray(0, length));
  try {
    return decoding.text(bytes, 0, length, 0);
  } catch (error) {
    if (!(error instanceof DatasetFault)) throw error;
    throw new DatasetFault(
      "schema_mismatch",
      `row ${row} of column '${field.name}' has bytes that are not UTF-8: give a schema that says binary`,
      { field: field.name, row },
    );
  }
}

function textCell(
  field: Field,
  view: DataView,
  at: number,
  size: number,
  little: boolean,
  row: number,
): string {
  let text = "";
  let zeros = 0;
  for (let offset = 0; offset < size; offset += 4) {
    const point = view.getUint32(at + offset, little);
    if (point === 0) {
      zeros++;
      continue;
    }
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
      throw new DatasetFault(
        "file_invalid",
        `row ${row} of column '${field.name}' has a character ${point}, which Unicode does not have`,
        { field: field.name, row },
      );
    text += "\0".repeat(zeros) + String.fromCodePoint(point);
    zeros = 0;
  }
  return text;
}

function timeDecoder(field: Field, { unit = "", steps = 1, isBigEndian }: Scalar): DecodeCell {
  const read = (view: DataView, at: number): bigint => view.getBigInt64(at, !isBigEndian);
  return (view, at, row) => {
    const count = read(view, at);
    if (count === NOT_A_TIME) return null;
    const units = count * BigInt(steps);
    const cell = field.type === "date" ? daysOfUnits(units, unit) : microsOf(units, unit);
    if (cell !== undefined) return cell;
    throw misfit(
      field,
      row,
      `${quoted(`${units}`)} ${unit} since 1970, which it cannot hold`,
      false,
    );
  };
}

function microsOf(units: bigint, unit: string): bigint | undefined {
  if (unit === "ns") return units % 1000n === 0n ? units / 1000n : undefined;
  const micros = units * (MICROS[unit] ?? DAY_MICROS);
  return BigInt.asIntN(64, micros) === micros ? micros : undefined;
}

/** The first day of a month or a year. */
function daysOfUnits(units: bigint, unit: string): number | undefined {
  const count = Number(units);
  const days =
    unit === "D"
      ? count
      : unit === "W"
        ? count * 7
        : unit === "M"
          ? daysOf(1970 + Math.floor(count / 12), (((count % 12) + 12) % 12) + 1, 1)
          : daysOf(1970 + count, 1, 1);
  // What ISO 8601 can write with six digits of a year.
  return Number.isSafeInteger(days) && Math.abs(calendarDay(days).year) <= 999_999
    ? days
    : undefined;
}
