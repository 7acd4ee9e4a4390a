import type { ByteSource } from "../byte-source.ts";
import type { ChangedRange } from "../chunks/changed-ranges.ts";
import type { RowStarts } from "./row-starts.ts";

const NEWLINE = 10;
/** How far a row's beginning is looked for before more is taken for changed. */
const REACH = 64 * 1024;
/** How many newlines are tried. */
const TRIES = 8;

export type TwoFiles = { a: ByteSource; b: ByteSource };
/** One place in each file. */
export type Places = { a: number; b: number };

/**
 * Ranges that begin and end where rows begin in both files, in order and apart from each other, so
 * that the rows outside them are the same rows on both sides. Where a row's beginning is not found in
 * the bytes that the sides share, a range begins where the one before ends, and grows together with
 * the next or up to the end. `beginning` is where the rows begin, behind the header.
 */
export async function widenedRanges(
  files: TwoFiles,
  changes: readonly ChangedRange[],
  beginning: Places,
  isRowStart: RowStarts,
): Promise<ChangedRange[]> {
  const wide: ChangedRange[] = [];
  for (let at = 0; at < changes.length; at++) {
    const change = changes[at];
    if (change === undefined) continue;
    const before = wide.at(-1);
    const floor = before === undefined ? beginning : { a: before.a.to, b: before.b.to };
    const from = await lastStart(files, { a: change.a.from, b: change.b.from }, floor, isRowStart);
    let to = await firstStart(files, changes, at, isRowStart);
    while (to === null) to = await firstStart(files, changes, ++at, isRowStart);
    wide.push({ a: { from: from.a, to: to.a }, b: { from: from.b, to: to.b } });
  }
  return wide;
}

/** The last place found up to `until` at which a row begins in both; `floor`, which is one, where none is found. */
async function lastStart(
  { a, b }: TwoFiles,
  until: Places,
  floor: Places,
  isRowStart: RowStarts,
): Promise<Places> {
  const length = Math.min(until.a - floor.a, REACH);
  const bytes = await a.read(until.a - length, length);
  let tries = 0;
  for (let end = length; end > 0 && tries < TRIES; end--) {
    if (bytes[end - 1] !== NEWLINE) continue;
    tries++;
    const places = { a: until.a - length + end, b: until.b - length + end };
    if ((await isRowStart(a, places.a)) === true && (await isRowStart(b, places.b)) === true)
      return places;
  }
  return floor;
}

/** The first place behind change `at`, before the next, at which a row begins in both; their ends behind the last; null where there is none. */
async function firstStart(
  { a, b }: TwoFiles,
  changes: readonly ChangedRange[],
  at: number,
  isRowStart: RowStarts,
): Promise<Places | null> {
  const [change, next] = [changes[at], changes[at + 1]];
  const ends = { a: a.size, b: b.size };
  if (change === undefined) return ends;
  const until = next === undefined ? ends : { a: next.a.from, b: next.b.from };
  const length = Math.min(until.a - change.a.to, REACH);
  const bytes = await a.read(change.a.to, length);
  let tries = 0;
  for (let end = 1; end <= length && tries < TRIES; end++) {
    if (bytes[end - 1] !== NEWLINE) continue;
    tries++;
    const places = { a: change.a.to + end, b: change.b.to + end };
    if ((await isRowStart(a, places.a)) === true && (await isRowStart(b, places.b)) === true)
      return places;
  }
  return next === undefined ? ends : null;
}
