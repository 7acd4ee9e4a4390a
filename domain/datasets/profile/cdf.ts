import type { ColumnProfile } from "../inspection.ts";

/**
 * A distribution as shares of values that do not exceed a value: points in ascending order of both,
 * the first with share 0 and the last with 1, and straight lines between them. A step is two points
 * of one value. Without values there are no points.
 */
export type Cdf = readonly (readonly [value: number, share: number])[];

/** Every value with how often it occurs, in ascending order: exact. */
export function cdfOfCounts(counts: readonly (readonly [value: number, count: number])[]): Cdf {
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  let below = 0;
  return counts.flatMap(([value, count]): [number, number][] => {
    const from = below / total;
    below += count;
    return [
      [value, from],
      [value, below / total],
    ];
  });
}

/**
 * Of several coverings of the same values by intervals with counts, each in ascending order: every
 * bound of an interval tells one share exactly. `least` and `greatest` are the outermost values.
 */
export function cdfOfIntervals(
  coverings: readonly (readonly { to: number; count: number }[])[],
  least: number,
  greatest: number,
): Cdf {
  const inner = coverings
    .flatMap((covering) => cumulative(covering))
    .filter(([value]) => value > least && value < greatest);
  return ascending([[least, 0], ...inner, [greatest, 1]]);
}

function cumulative(covering: readonly { to: number; count: number }[]): [number, number][] {
  const total = covering.reduce((sum, { count }) => sum + count, 0);
  let below = 0;
  return covering.map(({ to, count }) => {
    below += count;
    return [to, below / total];
  });
}

/** What a finished profile tells: its quantiles and the bounds of its histogram; null where it has none. */
export function cdfOfProfile({ min, max, quantiles, histogram }: ColumnProfile): Cdf | null {
  if (min === undefined || max === undefined || quantiles === undefined) return null;
  const [least, greatest] = [Number(min), Number(max)];
  const bars = cumulative(histogram ?? []).filter(([value]) => value > least && value < greatest);
  const told = quantiles.map(({ q, value }): [number, number] => [value, q]);
  return ascending([[least, 0], ...bars, ...told, [greatest, 1]]);
}

/** In order; a share that rounding or an estimate put below the one before it is raised to it. */
function ascending(points: [number, number][]): Cdf {
  let highest = 0;
  return points
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
    .map(([value, share]): [number, number] => {
      highest = Math.max(highest, share);
      return [value, highest];
    });
}

/** The share of values below `value`. */
export const shareBelow = (cdf: Cdf, value: number): number => {
  const at = firstAt(cdf, (point) => point[0] >= value);
  return between(cdf[at - 1], cdf[at], value, 0);
};

/** The share of values that do not exceed `value`. */
export const shareUpTo = (cdf: Cdf, value: number): number => {
  const at = firstAt(cdf, (point) => point[0] > value);
  return between(cdf[at - 1], cdf[at], value, 1);
};

type Point = Cdf[number];

function between(a: Point | undefined, b: Point | undefined, value: number, end: 0 | 1): number {
  if (a === undefined) return 0;
  if (b === undefined) return 1;
  if (value === (end === 0 ? b : a)[0]) return (end === 0 ? b : a)[1];
  return a[1] + shareOfWay(a[0], b[0], value) * (b[1] - a[1]);
}

/** How far `value` lies from one number to another, which may be further apart than the greatest number. */
const shareOfWay = (from: number, to: number, value: number): number =>
  Number.isFinite(to - from)
    ? (value - from) / (to - from)
    : (value / 2 - from / 2) / (to / 2 - from / 2);

/**
 * The middle of where the smallest value lies that at least a share q of all does not exceed: where
 * the distribution is exact, that value.
 */
export function quantileOf(cdf: Cdf, q: number): number {
  const at = Math.max(
    1,
    firstAt(cdf, ([, share]) => share >= q),
  );
  const [from, to] = [cdf[at - 1], cdf[at] ?? cdf.at(-1)];
  if (from === undefined || to === undefined) return NaN;
  return from[0] + (to[0] / 2 - from[0] / 2);
}

/** The index of the first point of which it is true; the number of points where it is true of none. */
function firstAt(cdf: Cdf, isTrue: (point: Point) => boolean): number {
  let [low, high] = [0, cdf.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const point = cdf[middle];
    if (point !== undefined && isTrue(point)) high = middle;
    else low = middle + 1;
  }
  return low;
}
