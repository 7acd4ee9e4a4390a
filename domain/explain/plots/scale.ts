import { ExplainFault } from "../explain-fault.ts";
import { finite, numeral } from "./numerals.ts";

/** Where values lie on the paper. */
export type Scale = {
  readonly domain: readonly [low: number, high: number];
  /** The coordinate of a value. */
  readonly at: (value: number) => number;
  readonly ticks: readonly Tick[];
};

export type Tick = { readonly value: number; readonly label: string };

export type ScaleOptions = {
  /** The coordinates of the least and the greatest value; the first may be the greater one. */
  range: readonly [from: number, to: number];
  /** How many ticks there are at most. */
  ticks?: number;
  /** Room beyond the values at either side, as a share of their range. */
  pad?: number;
};

/**
 * A linear scale over values, which include 0 where the caller hands in a 0. Values that do not
 * differ get a domain around them. Throws `ExplainFault` (value_invalid) for values that are not
 * finite or too far apart to be drawn.
 */
export function linearScale(
  values: Iterable<number>,
  { range: [from, to], ticks: count = 6, pad = 0 }: ScaleOptions,
): Scale {
  const [low, high] = padded(extentOf(values), pad);
  const step = niceStep((high - low) / Math.max(1, count - 1));
  return {
    domain: [low, high],
    at: (value) => from + ((value - low) / (high - low)) * (to - from),
    ticks: ticksBetween([low, high], step),
  };
}

/** Least and greatest. Throws `ExplainFault` (value_invalid) where they are not finite. */
export function extentOf(values: Iterable<number>): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, finite(value));
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 0];
}

/** Values nearer to each other than this, relative to their size, are one as far as a picture can tell. */
const INDISTINCT = 1e-9;
/** Beyond this a difference of two values may overflow, and below the other a quotient may. */
const GREATEST = 1e300;
const LEAST = 1e-290;

function padded([low, high]: readonly [number, number], pad: number): [number, number] {
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (size > GREATEST)
    throw new ExplainFault(
      "value_invalid",
      `the numbers of the explanation reach from ${low} to ${high}, which is too far to be drawn`,
    );
  const width = high - low;
  if (width <= size * INDISTINCT || size < LEAST) {
    const half = size < LEAST ? 1 : size / 2;
    return [low - half, high + half];
  }
  return [low - width * pad, high + width * pad];
}

/** The smallest of 1, 2 and 5 times a power of ten that is no less than `least`. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5].find((one) => one * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function ticksBetween([low, high]: readonly [number, number], step: number): Tick[] {
  const slack = step * 1e-6;
  const first = Math.ceil((low - slack) / step);
  const last = Math.floor((high + slack) / step);
  const digits = Math.max(
    1,
    Math.ceil(Math.log10(Math.max(Math.abs(first), Math.abs(last), 1) + 0.5)) + 1,
  );
  return Array.from({ length: last - first + 1 }, (_, at) => {
    const value = (first + at) * step;
    return { value, label: numeral(value, digits) };
  });
}
