/**
 * Whole numbers that sum to exactly `whole` and are each within 1 of their part of it (largest remainders; of equal
 * remainders the first). `shares` are at least 0, one of them positive, and need not sum to 1.
 */
export function apportion(whole: number, shares: readonly number[]): number[] {
  const total = shares.reduce((sum, share) => sum + share, 0);
  const exact = shares.map((share) => whole * (share / total));
  const parts = exact.map(Math.floor);
  const left = whole - parts.reduce((sum, part) => sum + part, 0);
  const remainders = exact.map((part, index) => ({ index, remainder: part - Math.floor(part) }));
  remainders.sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of remainders.slice(0, left)) parts[index] = (parts[index] ?? 0) + 1;
  return parts;
}
