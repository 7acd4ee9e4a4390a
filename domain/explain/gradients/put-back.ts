import type { Rows } from "../rows.ts";

/** Beyond so many changed numbers, as in a picture, none is put back: each would cost a run of the model. */
const MOST_CHANGED = 1_024;

/**
 * Puts numbers of a changed row back to what the instance has, those named first first, while the
 * class stays flipped. What cannot be put back alone is left; of the others as many go together as
 * can, and what is left then is tried again.
 */
export async function putBack(
  instance: Rows,
  changed: Rows,
  order: readonly number[],
  areFlipped: (rows: readonly Rows[]) => Promise<boolean[]>,
): Promise<Rows> {
  let row = changed;
  const without = (indices: readonly number[]): Rows => {
    const found = row.slice();
    for (const index of indices) found[index] = instance[index] ?? 0;
    return found;
  };
  let left = order.length > MOST_CHANGED ? [] : order;
  while (left.length > 0) {
    const alone = await areFlipped(left.map((index) => without([index])));
    left = left.filter((_, at) => alone[at]);
    const together = await areFlipped(left.map((_, at) => without(left.slice(0, at + 1))));
    const most = together.lastIndexOf(true) + 1;
    row = without(left.slice(0, most));
    // Where rounding differs between runs of different size, not even the first may go.
    left = left.slice(Math.max(1, most));
  }
  return row;
}
