/**
 * A quantile sketch of values >= 0, after DDSketch (Masson, Rim & Lee 2019): counts of values in bins whose bounds grow by
 * 2% a step, so that any value can be told from its bin to within 1% of itself. A sketch is its pairs of bin and count;
 * counting +1 at `binOf(value)` adds a value, -1 takes it away, and two sketches merge by adding counts or by putting one's
 * pairs after the other's. Bin 0 holds [0, 1e-9] and bin i > 0 holds (1e-9 * 1.02^(i-1), 1e-9 * 1.02^i]; 1e15 is in bin 2791.
 */
const SMALLEST = 1e-9;
/** The error is (1.02 - 1) / (1.02 + 1) = 0.99%, which leaves room for rounding at the bounds. */
const GROWTH = 1.02;

/** The bin of a finite value; what is below 0 counts as 0. */
export const binOf = (value: number): number =>
  value <= SMALLEST ? 0 : Math.ceil((Math.log(value) - Math.log(SMALLEST)) / Math.log(GROWTH));

/** The largest value in a bin. */
export const upperBoundOf = (bin: number): number => SMALLEST * GROWTH ** bin;

/** How many bins further up a value can get that grows to `factor` >= 1 times itself. */
export const binsWithin = (factor: number): number =>
  Math.ceil(Math.log(factor) / Math.log(GROWTH));

/** The value that stands for a bin: within 1% of every value in it, and 0 for bin 0. */
export const valueOf = (bin: number): number =>
  bin === 0 ? 0 : SMALLEST * GROWTH ** bin * (2 / (1 + GROWTH));

/**
 * The q-quantile, 0 <= q <= 1: within 1% of the smallest observation that at least a share q of all observations does not
 * exceed (the inverse of the empirical distribution function; q = 0 is the minimum). Null without observations.
 */
export function quantile(
  bins: Iterable<readonly [bin: number, count: number]>,
  q: number,
): number | null {
  const sorted = sortedBins(bins);
  let total = 0;
  for (const pair of sorted) total += pair[1];
  let reached = 0;
  for (const pair of sorted) {
    reached += pair[1];
    if (reached > 0 && reached / total >= q) return valueOf(pair[0]);
  }
  return null;
}

type Pair = readonly [bin: number, count: number];

/** Each bin once, in ascending order; the same pairs where they are so already. */
export function sortedBins(bins: Iterable<Pair>): readonly Pair[] {
  const pairs: readonly Pair[] = [...bins];
  if (isAscending(pairs)) return pairs;
  const merged: [bin: number, count: number][] = [];
  for (const [bin, count] of pairs.toSorted((a, b) => a[0] - b[0])) {
    const before = merged.at(-1);
    if (before?.[0] === bin) before[1] += count;
    else merged.push([bin, count]);
  }
  return merged;
}

function isAscending(pairs: readonly Pair[]): boolean {
  let last = -Infinity;
  for (const pair of pairs) {
    if (pair[0] <= last) return false;
    last = pair[0];
  }
  return true;
}
