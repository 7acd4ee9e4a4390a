import { WHOLE } from "./weight.ts";

/**
 * Which variant owns each position of [0, 10^12): interval `i` is
 * [ends[i - 1] ?? 0, ends[i]) and belongs to variant `owners[i]`. Intervals leave no gap, and a
 * variant may own several, so that a later change of weights can move the fewest units.
 */
export type Ledger = { ends: number[]; owners: number[] };

/** The first ledger of an experiment: one interval a variant, in the given order. */
export function layOut(weights: readonly number[]): Ledger {
  const ledger: Ledger = { ends: [], owners: [] };
  let end = 0;
  for (const [owner, units] of weights.entries()) {
    if (units === 0) continue;
    end += units;
    ledger.ends.push(end);
    ledger.owners.push(owner);
  }
  if (end !== WHOLE) throw new RangeError(`weights sum to ${end} units, not ${WHOLE}`);
  return ledger;
}

/** The variant that owns `position`. */
export const ownerAt = ({ ends, owners }: Ledger, position: number): number =>
  owners[indexAt(ends, position)] ?? 0;

/** The interval [from, to) that holds `position`, and its variant. */
export function intervalAt({ ends, owners }: Ledger, position: number) {
  const index = indexAt(ends, position);
  return { from: ends[index - 1] ?? 0, to: ends[index] ?? WHOLE, owner: owners[index] ?? 0 };
}

function indexAt(ends: readonly number[], position: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (position < (ends[middle] ?? WHOLE)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Adds the interval that ends at `end`; beside one of the same owner, it becomes part of that one. */
export function append({ ends, owners }: Ledger, end: number, owner: number): void {
  if (end === (ends.at(-1) ?? 0)) return;
  if (owners.at(-1) === owner) ends.pop();
  else owners.push(owner);
  ends.push(end);
}

/** The units of each owner: `variants` entries, or more where a later index owns units. */
export function weightsOf({ ends, owners }: Ledger, variants: number): number[] {
  const length = owners.reduce((most, owner) => Math.max(most, owner + 1), variants);
  const weights = Array.from({ length }, () => 0);
  for (const [index, owner] of owners.entries())
    weights[owner] = (weights[owner] ?? 0) + (ends[index] ?? WHOLE) - (ends[index - 1] ?? 0);
  return weights;
}

/** The units of 10^-12 whose owner is not the same in both. */
export function movedUnits(before: Ledger, after: Ledger): number {
  let moved = 0;
  let from = 0;
  let first = 0;
  let second = 0;
  while (from < WHOLE) {
    const firstEnd = before.ends[first] ?? WHOLE;
    const secondEnd = after.ends[second] ?? WHOLE;
    const to = Math.min(firstEnd, secondEnd);
    if (before.owners[first] !== after.owners[second]) moved += to - from;
    if (firstEnd === to) first += 1;
    if (secondEnd === to) second += 1;
    from = to;
  }
  return moved;
}
