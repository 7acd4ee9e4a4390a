import { float16Bits, float16Value } from "../../onnx/tensors.ts";
import type { ColumnType } from "../schema.ts";

const BITS: Partial<Record<ColumnType, number>> = {
  int8: 8,
  int16: 16,
  int32: 32,
  int64: 64,
  uint8: 8,
  uint16: 16,
  uint32: 32,
  uint64: 64,
};

/**
 * A number as a cell of a numeric type, floats rounded to the nearest of their type; undefined
 * where the type cannot hold it: out of range, or a fraction in a column of integers.
 */
export function numberCell(type: ColumnType, value: number | bigint): number | bigint | undefined {
  if (type === "float64") return unlessOverflown(Number(value), value);
  if (type === "float32") return unlessOverflown(Math.fround(Number(value)), value);
  if (type === "float16") return unlessOverflown(float16Value(float16Bits(Number(value))), value);
  const bits = BITS[type];
  if (bits === undefined) return undefined;
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    if (!Number.isInteger(value)) return undefined;
    return integerCell(type, bits, BigInt(value));
  }
  if (bits === 64) return integerCell(type, bits, BigInt(value));
  const number = Number(value);
  const span = 2 ** bits;
  const lowest = type.startsWith("u") ? 0 : -span / 2;
  // Adding 0 makes a 0 of -0.
  return number >= lowest && number < lowest + span ? number + 0 : undefined;
}

function integerCell(type: ColumnType, bits: number, value: bigint): number | bigint | undefined {
  const wrapped = type.startsWith("u") ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value);
  if (wrapped !== value) return undefined;
  return bits === 64 ? value : Number(value);
}

function unlessOverflown(rounded: number, value: number | bigint): number | undefined {
  const isFinite = typeof value === "bigint" || Number.isFinite(value);
  return isFinite && !Number.isFinite(rounded) ? undefined : rounded;
}
