import type { ColumnType } from "../../schema.ts";

/** Digits that tell every float32 from the next (IEEE 754, 5.12.2). */
const FLOAT32_DIGITS = 9;

/**
 * The fewest digits that read back as the same number of its type, with `.0` behind a whole one, so
 * that it reads back as a float; finite numbers only.
 */
export function floatText(value: number, type: ColumnType): string {
  const text = Object.is(value, -0) ? "-0" : type === "float64" ? String(value) : shortest(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function shortest(value: number): string {
  for (let digits = 6; digits < FLOAT32_DIGITS; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(FLOAT32_DIGITS)));
}
