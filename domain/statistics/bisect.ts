/** The point between `low` and `high` where `isBelow` turns from true to false, within 2^-100 of the width or one double. */
export function bisect(isBelow: (x: number) => boolean, low: number, high: number): number {
  let [below, above] = [low, high];
  for (let halving = 0; halving < 100; halving++) {
    const middle = below + (above - below) / 2;
    if (isBelow(middle)) below = middle;
    else above = middle;
  }
  return below;
}
