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
  const counts = new Map<number, number>();
  let total = 0;
  for (const [bin, count] of bins) {
    counts.set(bin, (counts.get(bin) ?? 0) + count);
    total += count;
  }
  let reached = 0;
  for (const [bin, count] of [...counts].toSorted(([a], [b]) => a - b)) {
    reached += count;
    if (reached > 0 && reached / total >= q) return valueOf(bin);
  }
  return null;
}
