import type { ColumnType } from "../schema.ts";

/** Bits that an integer's value takes, the sign left out. */
const INTEGERS: Readonly<Partial<Record<ColumnType, { bits: number; signed: boolean }>>> = {
  int8: { bits: 7, signed: true },
  int16: { bits: 15, signed: true },
  int32: { bits: 31, signed: true },
  int64: { bits: 63, signed: true },
  uint8: { bits: 8, signed: false },
  uint16: { bits: 16, signed: false },
  uint32: { bits: 32, signed: false },
  uint64: { bits: 64, signed: false },
};

/** Bits of a whole number that a float holds exactly, and bits of the greatest whole number below its infinity (IEEE 754). */
const FLOATS: Readonly<Partial<Record<ColumnType, { exact: number; range: number }>>> = {
  float16: { exact: 11, range: 15 },
  float32: { exact: 24, range: 128 },
  float64: { exact: 53, range: 1024 },
};

/** Pairs that no rule of numbers gives. A text is a JSON text, a day its midnight in UTC. */
const OTHERS: ReadonlySet<string> = new Set(["date>timestamp", "bool>json", "string>json"]);

export type Promotion =
  /** Every value stays what it is. */
  | "exact"
  /** Every value is in range, and whole numbers that need more digits are rounded. */
  | "rounding";

/**
 * How values of one type become values of another, or null where some cannot. `exact` is a partial
 * order of the types; `rounding` is what Avro's schema resolution allows beyond it (long to float).
 */
export function promotion(from: ColumnType, to: ColumnType): Promotion | null {
  if (from === to || OTHERS.has(`${from}>${to}`)) return "exact";
  const float = FLOATS[to];
  const narrow = FLOATS[from];
  if (narrow !== undefined)
    return float !== undefined && narrow.exact < float.exact ? "exact" : null;
  const whole = INTEGERS[from];
  if (whole === undefined) return null;
  if (float !== undefined)
    return whole.bits <= float.exact ? "exact" : whole.bits <= float.range ? "rounding" : null;
  const target = INTEGERS[to];
  if (target === undefined || (whole.signed && !target.signed)) return null;
  return whole.bits <= target.bits ? "exact" : null;
}

/** The types that every value of `from` can become without loss. */
export const exactPromotions = (from: ColumnType, types: readonly ColumnType[]): ColumnType[] =>
  types.filter((to) => to !== from && promotion(from, to) === "exact");

type Shape = readonly (number | null)[] | undefined;

/** Whether every tensor of the first shape is one of the second, whose nulls stand for any size. */
export const shapeFits = (from: Shape, to: Shape): boolean =>
  from === undefined || to === undefined
    ? from === to
    : from.length === to.length && to.every((size, axis) => size === null || size === from[axis]);
