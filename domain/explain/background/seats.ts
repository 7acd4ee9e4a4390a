/**
 * How `count` seats go to parties of these sizes: in proportion, by largest remainders (Hamilton),
 * at least one to each where there are enough, and no more than a party has members. `count` is
 * no more than all members.
 */
export function seatsOf(sizes: readonly number[], count: number): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const least = sizes.length <= count ? 1 : 0;
  const quotas = sizes.map((size) => (size * count) / total);
  const seats = quotas.map((quota) => Math.max(least, Math.floor(quota)));
  const gap = (index: number): number => (quotas[index] ?? 0) - (seats[index] ?? 0);
  let left = count - seats.reduce((sum, seat) => sum + seat, 0);
  for (; left !== 0; left -= Math.sign(left)) {
    // Seats given to small parties in advance are taken back where they are least missed.
    const step = Math.sign(left);
    const able = [...sizes.keys()].filter((index) => {
      const next = (seats[index] ?? 0) + step;
      return next >= least && next <= (sizes[index] ?? 0);
    });
    const best = able.reduce((best, index) =>
      step * gap(index) > step * gap(best) ? index : best,
    );
    seats[best] = (seats[best] ?? 0) + step;
  }
  return seats;
}
