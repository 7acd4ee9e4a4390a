import { commonSubsequence, type Match } from "./common-subsequence.ts";
import type { ChunkRef } from "./recipe.ts";
import type { SegmentRef } from "./segments.ts";

/** Bytes `from` up to, and not with, `to`; none where they are equal. */
export type ByteRange = { from: number; to: number };
/** What takes the place of what: these bytes of `a` are not in `b`, which has its own there. */
export type ChangedRange = { a: ByteRange; b: ByteRange };

/** How many chunks of both sides are held at a time: some 20 MB. */
const HELD_CHUNKS = 65_536;

/**
 * What two files do not share, in order: between one range and the next, and before the first and
 * behind the last, both have the same bytes. Segments in both are not loaded, so that the work
 * follows the change. A changed part of more than 65,536 chunks (some 4 GiB) on both sides together
 * is given as one range, without looking for chunks that its sides share.
 *
 * @param load the chunks of a segment that only one side has, which may be asked for many at once.
 */
export async function changedRanges(
  a: readonly SegmentRef[],
  b: readonly SegmentRef[],
  load: (segment: SegmentRef) => Promise<readonly ChunkRef[]>,
): Promise<ChangedRange[]> {
  const changes: ChangedRange[] = [];
  for (const gap of gapsOf(a.map(toPiece), b.map(toPiece))) {
    const [ours, theirs] = [a.slice(gap.aFrom, gap.aTo), b.slice(gap.bFrom, gap.bTo)];
    const held = [...ours, ...theirs].reduce((sum, { chunks }) => sum + chunks, 0);
    if (ours.length === 0 || theirs.length === 0 || held > HELD_CHUNKS) changes.push(gap.range);
    else {
      const [left, right] = await Promise.all([ours, theirs].map((side) => loaded(side, load)));
      for (const { range } of gapsOf(left ?? [], right ?? []))
        changes.push(moved(range, gap.range));
    }
  }
  return changes;
}

type Piece = { name: string; length: number };
const toPiece = ({ sha256, size_bytes }: SegmentRef): Piece => ({
  name: sha256,
  length: size_bytes,
});

async function loaded(
  segments: readonly SegmentRef[],
  load: (segment: SegmentRef) => Promise<readonly ChunkRef[]>,
): Promise<Piece[]> {
  const lists = await Promise.all(segments.map((segment) => load(segment)));
  return lists.flat().map(({ sha256, length }) => ({ name: sha256, length }));
}

/** A run of pieces of each side that the other has not at this place. */
type PieceGap = { aFrom: number; aTo: number; bFrom: number; bTo: number; range: ChangedRange };

function gapsOf(a: readonly Piece[], b: readonly Piece[]): PieceGap[] {
  const nameOf = ({ name }: Piece): string => name;
  const matches = commonSubsequence(a.map(nameOf), b.map(nameOf));
  const [aOffsets, bOffsets] = [offsetsOf(a), offsetsOf(b)];
  const gaps: PieceGap[] = [];
  let [aFrom, bFrom] = [0, 0];
  const end: Match = { a: a.length, b: b.length };
  for (const { a: aTo, b: bTo } of [...matches, end]) {
    const range = {
      a: { from: aOffsets[aFrom] ?? 0, to: aOffsets[aTo] ?? 0 },
      b: { from: bOffsets[bFrom] ?? 0, to: bOffsets[bTo] ?? 0 },
    };
    if (aTo > aFrom || bTo > bFrom) gaps.push({ aFrom, aTo, bFrom, bTo, range });
    [aFrom, bFrom] = [aTo + 1, bTo + 1];
  }
  return gaps;
}

/** Where each piece begins, and where the last one ends. */
function offsetsOf(pieces: readonly Piece[]): number[] {
  const offsets = [0];
  let at = 0;
  for (const { length } of pieces) offsets.push((at += length));
  return offsets;
}

const moved = ({ a, b }: ChangedRange, by: ChangedRange): ChangedRange => ({
  a: { from: a.from + by.a.from, to: a.to + by.a.from },
  b: { from: b.from + by.b.from, to: b.to + by.b.from },
});
