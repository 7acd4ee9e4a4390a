import { SMALLEST_NORMAL, type Range } from "./affine.ts";

/** Counts of values in bins of equal width from -reach to +reach; zero lies between the middle two. */
export type Histogram = { readonly reach: number; readonly counts: Float64Array };

/** An even number of bins that reach as far as the range on either side of zero. */
export const emptyHistogram = ({ min, max }: Range, bins: number): Histogram => ({
  reach: Math.max(Math.abs(min), Math.abs(max), SMALLEST_NORMAL),
  counts: new Float64Array(bins),
});

/** Counts values in; those beyond the reach count in the outermost bins. */
export function addToHistogram({ reach, counts }: Histogram, values: ArrayLike<number>): void {
  const last = counts.length - 1;
  const scale = counts.length / (2 * reach);
  for (let at = 0; at < values.length; at += 1) {
    const bin = Math.floor(((values[at] ?? 0) + reach) * scale);
    const inside = Math.min(Math.max(bin, 0), last);
    counts[inside] = (counts[inside] ?? 0) + 1;
  }
}

const edgeOf = ({ reach, counts }: Histogram, bin: number): number =>
  Math.fround((2 * reach * bin) / counts.length - reach);

const within = (outer: Range, min: number, max: number): Range => ({
  min: Math.max(outer.min, min),
  max: Math.min(outer.max, max),
});

/**
 * The range that holds `percentile` per cent of the values, as much cut off above as below, in
 * whole bins and no wider than `seen`. 100 cuts nothing.
 */
export function percentileRange(histogram: Histogram, seen: Range, percentile: number): Range {
  const { counts } = histogram;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const cut = (total * (100 - percentile)) / 200;
  const binFrom = (start: number, step: 1 | -1): number => {
    let bin = start;
    for (let passed = counts[bin] ?? 0; passed <= cut && bin + step in counts;) {
      bin += step;
      passed += counts[bin] ?? 0;
    }
    return bin;
  };
  const lowest = binFrom(0, 1);
  const highest = binFrom(counts.length - 1, -1);
  return within(seen, edgeOf(histogram, lowest), edgeOf(histogram, highest + 1));
}

/** How many levels a range is thought to be cut into when its loss is estimated. */
const LEVELS = 128;

/** What every bin counts besides its values when distributions are compared, so that none is empty. */
const SMOOTHING = 1e-4;

/**
 * The symmetric range around zero whose values, saturated and rounded to 128 levels, differ least
 * from those before, by Kullback-Leibler divergence (Migacz, "8-bit inference with TensorRT", GTC
 * 2017), no wider than `seen`. The levels spread over all bins of a candidate; ONNX Runtime's
 * quantiser leaves the last bins without one where they do not divide evenly, and counts them as lost.
 */
export function entropyRange(histogram: Histogram, seen: Range): Range {
  const { counts } = histogram;
  const middle = counts.length / 2;
  let best = { divergence: Infinity, half: middle };
  for (let half = LEVELS / 2; half <= middle; half += 1) {
    const divergence = divergenceOf(counts, middle - half, middle + half);
    if (divergence < best.divergence) best = { divergence, half };
  }
  return within(seen, edgeOf(histogram, middle - best.half), edgeOf(histogram, middle + best.half));
}

/** The divergence of the bins from `start` to `end` at full resolution, outliers put in their ends, from those in levels. */
function divergenceOf(counts: Float64Array, start: number, end: number): number {
  const saturated = counts.slice(start, end);
  const last = saturated.length - 1;
  for (let bin = 0; bin < start; bin += 1) saturated[0] = (saturated[0] ?? 0) + (counts[bin] ?? 0);
  for (let bin = end; bin < counts.length; bin += 1)
    saturated[last] = (saturated[last] ?? 0) + (counts[bin] ?? 0);
  const levelled = new Float64Array(saturated.length);
  for (let level = 0; level < LEVELS; level += 1) {
    const from = Math.floor((level * saturated.length) / LEVELS);
    const to = Math.floor(((level + 1) * saturated.length) / LEVELS);
    spread(counts.subarray(start + from, start + to), saturated, levelled, from);
  }
  const p = smoothed(saturated);
  const q = smoothed(levelled);
  return p.reduce((sum, share, bin) => sum + share * Math.log(share / (q[bin] ?? share)), 0);
}

/** The counts of one level, shared equally among its bins that are not empty. */
function spread(
  level: Float64Array,
  saturated: Float64Array,
  levelled: Float64Array,
  from: number,
): void {
  let [sum, filled] = [0, 0];
  for (let bin = 0; bin < level.length; bin += 1) {
    sum += level[bin] ?? 0;
    if (saturated[from + bin] !== 0) filled += 1;
  }
  for (let bin = 0; bin < level.length; bin += 1)
    if (saturated[from + bin] !== 0) levelled[from + bin] = sum / filled;
}

/** Shares that add up to 1, none of them 0. */
function smoothed(counts: Float64Array): Float64Array {
  const total = counts.reduce((sum, count) => sum + count + SMOOTHING, 0);
  return counts.map((count) => (count + SMOOTHING) / total);
}
