import { meanOf } from "./column-statistics.ts";

/** Bins of the feature's values have at least this many rows, so that a slope in each means something. */
const FEWEST_IN_BIN = 10;
const MOST_BINS = 10;

/** What is left of a variance below this share of it is rounding. */
const ROUNDING = 1e-12;

/**
 * The share of the variance of a feature's contribution, beyond what its own value explains, that
 * the value of another feature explains: within bins of alike values of the feature, contribution
 * and other value are both cleared of their linear dependence on the feature, and the one is
 * regressed on the other. Adjusted for the slopes that this takes (Theil 1961), so that a feature
 * that has nothing to do with it has about 0; never below 0. Rows with a missing value are left out.
 */
export function interactionStrength(
  feature: Float64Array,
  other: Float64Array,
  contribution: Float64Array,
): number {
  const order = [...feature.keys()]
    .filter((row) => !Number.isNaN(feature[row]) && !Number.isNaN(other[row]))
    .sort((a, b) => (feature[a] ?? 0) - (feature[b] ?? 0));
  let [left, explained, freedom, slopes] = [0, 0, 0, 0];
  for (const bin of binsOf(order, feature)) {
    const x = centred(bin, feature);
    const own = cleared(centred(bin, contribution), x);
    const spread = centred(bin, other);
    const z = cleared(spread, x);
    const squares = product(z, z);
    left += product(own, own);
    freedom += bin.length - 1 - (product(x, x) > 0 ? 1 : 0);
    if (squares <= product(spread, spread) * ROUNDING) continue;
    explained += product(own, z) ** 2 / squares;
    slopes += 1;
  }
  const whole = centred(order, contribution);
  if (slopes === 0 || freedom <= slopes || left <= product(whole, whole) * ROUNDING) return 0;
  return Math.max(0, 1 - ((left - explained) / (freedom - slopes)) * (freedom / left));
}

/** Rows in the order of the feature, cut into bins of about equal size; equal values stay together. */
function binsOf(order: readonly number[], feature: Float64Array): number[][] {
  const size = Math.max(FEWEST_IN_BIN, Math.ceil(order.length / MOST_BINS));
  const bins: number[][] = [[]];
  for (const row of order) {
    const bin = bins.at(-1) ?? [];
    const isFull = bin.length >= size && feature[bin.at(-1) ?? row] !== feature[row];
    if (isFull) bins.push([row]);
    else bin.push(row);
  }
  return bins;
}

/** The values of some rows less their mean; exact zeros where they are equal up to rounding. */
function centred(rows: readonly number[], values: Float64Array): Float64Array {
  const taken = Float64Array.from(rows, (row) => values[row] ?? 0);
  const mean = meanOf(taken);
  let [greatest, furthest] = [0, 0];
  for (const value of taken) {
    greatest = Math.max(greatest, Math.abs(value));
    furthest = Math.max(furthest, Math.abs(value - mean));
  }
  return taken.map((value) => (furthest <= greatest * ROUNDING ? 0 : value - mean));
}

/** What is left of `values` by a regression on `x`, both centred. */
function cleared(values: Float64Array, x: Float64Array): Float64Array {
  const squares = product(x, x);
  if (squares === 0) return values;
  const slope = product(values, x) / squares;
  return values.map((value, at) => value - slope * (x[at] ?? 0));
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}
