import type { TrainingColumn } from "./training-column.ts";

/** Eight bins at most. */
const MOST_DEPTH = 3;

/**
 * The thresholds of a decision tree of depth 3 that tells the classes apart by this column alone:
 * at each node the split that leaves least entropy (Quinlan 1986), the first of equals, halfway
 * between neighbouring values. Ascending; empty where the column or the class does not vary.
 */
export function entropyBounds(column: TrainingColumn, labels: ArrayLike<number>): number[] {
  const classes = new Map<number, number>();
  const classOf = Int32Array.from(column.rows, (row) => {
    const label = labels[row] ?? 0;
    const known = classes.get(label) ?? classes.size;
    classes.set(label, known);
    return known;
  });
  const bounds: number[] = [];

  function split(from: number, to: number, depth: number): void {
    const at = depth < MOST_DEPTH ? bestSplit(column, classOf, classes.size, from, to) : null;
    if (at === null) return;
    split(from, at, depth + 1);
    bounds.push(between(column.values[at - 1] ?? 0, column.values[at] ?? 0));
    split(at, to, depth + 1);
  }
  split(0, column.values.length, 0);
  return bounds;
}

/** Halfway, and below the upper where there is no number between. */
function between(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  return middle < high ? middle : low;
}

/** Where the upper part begins; null for a node that is pure or has one value. */
function bestSplit(
  { values, weights }: TrainingColumn,
  classOf: Int32Array,
  classes: number,
  from: number,
  to: number,
): number | null {
  const below = new Float64Array(classes);
  const above = new Float64Array(classes);
  for (let at = from; at < to; at += 1) move(above, classOf[at] ?? 0, weights[at] ?? 0);
  if (above.filter((weight) => weight > 0).length < 2) return null;
  let best: number | null = null;
  let least = Infinity;
  for (let at = from + 1; at < to; at += 1) {
    const moved = weights[at - 1] ?? 0;
    move(below, classOf[at - 1] ?? 0, moved);
    move(above, classOf[at - 1] ?? 0, -moved);
    if (values[at] === values[at - 1]) continue;
    const left = disorder(below) + disorder(above);
    if (left >= least) continue;
    least = left;
    best = at;
  }
  return best;
}

function move(weightOf: Float64Array, label: number, weight: number): void {
  weightOf[label] = (weightOf[label] ?? 0) + weight;
}

/** The entropy of the classes in nats, times their weight. */
function disorder(weightOf: Float64Array): number {
  let total = 0;
  let sum = 0;
  for (const weight of weightOf) {
    // A class that was moved away leaves its rounding behind.
    if (weight <= ROUNDING) continue;
    total += weight;
    sum += weight * Math.log(weight);
  }
  return total > 0 ? total * Math.log(total) - sum : 0;
}

const ROUNDING = 1e-12;
