/** Positions of one name in two lists. */
export type Match = { a: number; b: number };

/** After so many rounds what is left between matches counts as different. */
const ROUNDS = 24;

/**
 * A long common subsequence of two lists of names, ascending in both: the longest where no name
 * comes twice, and where some do, one to which no more can be added, as long as the rounds last.
 *
 * What is equal at both ends is matched. Of the rest, the k-th of a name in one list may match only
 * the k-th of it in the other, and the longest ascending choice of these pairs is taken (Hunt and
 * Szymanski 1977, with one pair a position; so patience diff does for names that come once). What
 * lies between two matches is done the same way again. O(n log n) a round.
 */
export function commonSubsequence(a: readonly string[], b: readonly string[]): Match[] {
  const matches: Match[] = [];
  let gaps: Gap[] = [{ a: 0, aEnd: a.length, b: 0, bEnd: b.length }];
  for (let round = 0; round < ROUNDS && gaps.length > 0; round++) {
    const smaller: Gap[] = [];
    for (const gap of gaps) {
      const inner = trimmed(gap, a, b, matches);
      if (inner.a === inner.aEnd || inner.b === inner.bEnd) continue;
      const found = longestAscending(pairsOf(inner, a, b));
      if (found.length > 0) smaller.push(...between(inner, found));
      for (const match of found) matches.push(match);
    }
    gaps = smaller;
  }
  return matches.sort((one, other) => one.a - other.a);
}

/** Positions `a` to `aEnd` of one list beside `b` to `bEnd` of the other. */
type Gap = { a: number; aEnd: number; b: number; bEnd: number };

/** The gap without what is equal at its ends, which is added to the matches. */
function trimmed(gap: Gap, a: readonly string[], b: readonly string[], matches: Match[]): Gap {
  const inner = { ...gap };
  while (inner.a < inner.aEnd && inner.b < inner.bEnd && a[inner.a] === b[inner.b])
    matches.push({ a: inner.a++, b: inner.b++ });
  while (inner.a < inner.aEnd && inner.b < inner.bEnd && a[inner.aEnd - 1] === b[inner.bEnd - 1])
    matches.push({ a: --inner.aEnd, b: --inner.bEnd });
  return inner;
}

/** The k-th of each name in `a` with the k-th of it in `b`, ascending in `a`. */
function pairsOf(gap: Gap, a: readonly string[], b: readonly string[]): Match[] {
  const places = new Map<string, { at: number[]; used: number }>();
  for (let at = gap.b; at < gap.bEnd; at++) {
    const name = b[at] ?? "";
    const found = places.get(name);
    if (found) found.at.push(at);
    else places.set(name, { at: [at], used: 0 });
  }
  const pairs: Match[] = [];
  for (let at = gap.a; at < gap.aEnd; at++) {
    const found = places.get(a[at] ?? "");
    const place = found?.at[found.used];
    if (!found || place === undefined) continue;
    found.used++;
    pairs.push({ a: at, b: place });
  }
  return pairs;
}

/** The longest choice of pairs that ascends in `b` too (Fredman 1975). */
function longestAscending(pairs: readonly Match[]): Match[] {
  // Of the choices of each length, the pair that the lowest of them ends with; and what went before each pair.
  const ends: number[] = [];
  const before = new Int32Array(pairs.length).fill(-1);
  const placeOf = (index: number | undefined): number => pairs[index ?? -1]?.b ?? -1;
  for (const [index, { b }] of pairs.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (placeOf(ends[middle]) < b) low = middle + 1;
      else high = middle;
    }
    before[index] = ends[low - 1] ?? -1;
    ends[low] = index;
  }
  const chosen: Match[] = [];
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at] ?? -1) {
    const pair = pairs[at];
    if (pair) chosen.push(pair);
  }
  return chosen.toReversed();
}

/** What lies before, between and behind the matches, where there is something on both sides. */
function between(gap: Gap, matches: readonly Match[]): Gap[] {
  const gaps: Gap[] = [];
  let [a, b] = [gap.a, gap.b];
  for (const match of [...matches, { a: gap.aEnd, b: gap.bEnd }]) {
    if (match.a > a && match.b > b) gaps.push({ a, aEnd: match.a, b, bEnd: match.b });
    [a, b] = [match.a + 1, match.b + 1];
  }
  return gaps;
}
