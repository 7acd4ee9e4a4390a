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

/** The variant that owns `position`, by binary search. */
export function ownerAt({ ends, owners }: Ledger, position: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (position < (ends[middle] ?? WHOLE)) high = middle;
    else low = middle + 1;
  }
  return owners[low] ?? 0;
}
