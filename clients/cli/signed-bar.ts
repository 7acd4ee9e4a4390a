import type { Paint } from "./paint.ts";

const FULL = "█";
const RIGHT_HALF = "▐";
const LEFT_HALF = "▌";

/**
 * A bar to the right of a middle line for what is positive, to the left for what is not; `largest`
 * fills the `side` columns that each has. Steps are of half a column.
 */
export function renderSignedBar(
  value: number,
  { largest, side, paint }: { largest: number; side: number; paint: Paint },
): string {
  const share = largest > 0 ? Math.min(1, Math.abs(value) / largest) : 0;
  const halves = Math.round(share * side * 2);
  const full = FULL.repeat(Math.floor(halves / 2));
  const isOdd = halves % 2 === 1;
  const middle = paint.dim("│");
  if (value < 0) {
    const bar = (isOdd ? RIGHT_HALF : "") + full;
    return " ".repeat(side - bar.length) + paint.red(bar) + middle + " ".repeat(side);
  }
  const bar = full + (isOdd ? LEFT_HALF : "");
  return " ".repeat(side) + middle + paint.green(bar) + " ".repeat(side - bar.length);
}
