import { studentTQuantile } from "../../statistics/student-t.ts";
import type { Interval } from "../../statistics/difference-interval.ts";
import { meanInterval, quantileOf, sampleOf, sumOf } from "./column-statistics.ts";

export type TrendPoint = {
  value: number;
  mean: number;
  /** 95 % for the mean at this value alone, by Student's t; null where too few rows are near. */
  band: Interval | null;
};

/** A feature of no more different values than this has the mean at each of them. */
const FEW_VALUES = 12;
/** Where the trend of any other is worked out: at so many quantiles of its values. */
const PLACES = 40;
/** The share of all rows that a place takes into account. */
const SPAN = 0.4;
const FEWEST_NEAR = 10;

/**
 * The mean of `y` as a function of `x`, in ascending order of `x`: a line through the neighbours of
 * each place, weighted by nearness (local regression with tricube weights, Cleveland 1979). The
 * band holds whatever the variance is near a place (White 1980, scaled by the rows that the weights
 * amount to less two); where the mean bends strongly within the neighbours it is that of the
 * straightened mean. All numbers are finite, and there is at least one.
 */
export function smoothedTrend(x: Float64Array, y: Float64Array): TrendPoint[] {
  const order = [...x.keys()].sort((a, b) => (x[a] ?? 0) - (x[b] ?? 0));
  const sorted = {
    x: Float64Array.from(order, (row) => x[row] ?? 0),
    y: Float64Array.from(order, (row) => y[row] ?? 0),
  };
  const values = [...new Set(sorted.x)];
  if (values.length <= FEW_VALUES) return values.map((value) => meanAt(sorted, value));
  const places = Array.from({ length: PLACES }, (_, at) => quantileOf(sorted.x, at / (PLACES - 1)));
  return [...new Set(places)].map((place) => lineAt(sorted, place));
}

/** Both in ascending order of `x`. */
type Sorted = { x: Float64Array; y: Float64Array };

function meanAt({ x, y }: Sorted, value: number): TrendPoint {
  const sample = sampleOf(y.subarray(x.indexOf(value), x.lastIndexOf(value) + 1));
  return { value, mean: sample.mean, band: meanInterval(sample) };
}

function lineAt(sorted: Sorted, place: number): TrendPoint {
  const { from, to } = neighbours(sorted.x, place);
  const x = sorted.x.subarray(from, to).map((value) => value - place);
  const y = sorted.y.subarray(from, to);
  const reach = Math.max(Math.abs(x[0] ?? 0), Math.abs(x.at(-1) ?? 0));
  const weights = x.map((at) => (reach === 0 ? 1 : (1 - (Math.abs(at) / reach) ** 3) ** 3));
  const rows = sumOf(weights) ** 2 / sumOf(weights.map((weight) => weight ** 2));
  const { centre, mean, slope, spread } = weightedLine(x, y, weights);
  const total = sumOf(weights);
  let variance = 0;
  for (let at = 0; at < x.length; at += 1) {
    const away = (x[at] ?? 0) - centre;
    const lever = (weights[at] ?? 0) * (1 / total - (spread === 0 ? 0 : (centre * away) / spread));
    variance += (lever * ((y[at] ?? 0) - mean - slope * away)) ** 2;
  }
  const middle = mean - slope * centre;
  if (rows < 3) return { value: place, mean: middle, band: null };
  const half = -studentTQuantile(0.025, rows - 2) * Math.sqrt((variance * rows) / (rows - 2));
  return { value: place, mean: middle, band: [middle - half, middle + half] };
}

/** The nearest rows: a window that reaches about as far to either side. */
function neighbours(x: Float64Array, place: number): { from: number; to: number } {
  const count = Math.max(Math.min(FEWEST_NEAR, x.length), Math.ceil(SPAN * x.length));
  let from = 0;
  while (from + count < x.length && (x[from + count] ?? 0) - place < place - (x[from] ?? 0))
    from += 1;
  return { from, to: from + count };
}

/** The line through (centre, mean) of least weighted squares; level where `x` does not vary. */
function weightedLine(
  x: Float64Array,
  y: Float64Array,
  weights: Float64Array,
): { centre: number; mean: number; slope: number; spread: number } {
  const total = sumOf(weights);
  const centre = sumOf(weights.map((weight, at) => weight * (x[at] ?? 0))) / total;
  const mean = sumOf(weights.map((weight, at) => weight * (y[at] ?? 0))) / total;
  const spread = sumOf(weights.map((weight, at) => weight * ((x[at] ?? 0) - centre) ** 2));
  const common = sumOf(
    weights.map((weight, at) => weight * ((x[at] ?? 0) - centre) * ((y[at] ?? 0) - mean)),
  );
  return { centre, mean, slope: spread === 0 ? 0 : common / spread, spread };
}
