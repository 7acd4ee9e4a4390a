import type { ChunkRef, Recipe } from "../../domain/datasets/chunks/recipe.ts";
import {
  type Segment,
  type SegmentRef,
  unpackSegment,
} from "../../domain/datasets/chunks/segments.ts";
import type { Extent } from "../../contract/dataset-record.ts";

/** A value may have 2 MB. */
const ASKED_AT_ONCE = 20_000;

type SegmentRow = SegmentRef & { bytes: ArrayBuffer };
export type StoredSegment = SegmentRef & { recipe: Recipe };

const unpacked = ({ bytes, ...segment }: SegmentRow): StoredSegment => ({
  ...segment,
  recipe: unpackSegment(new Uint8Array(bytes), segment),
});

type Place = { sha256: string; key: string; start: number; length: number };

/**
 * Which chunks a dataset has, and where they lie. A segment counts the versions that it is part
 * of, a chunk the segments, a pack the bytes of chunks that any segment needs: so what becomes of
 * an object is known from what changed. A chunk that nothing needs can be needed again until its
 * pack goes.
 */
export class ChunkStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Positions of those that are not there. */
  missing(sha256s: readonly string[]): number[] {
    const found = this.lengths(sha256s);
    return [...sha256s.keys()].filter((at) => !found.has(sha256s[at] ?? ""));
  }

  /** How many of these are not there, or have another length there than is said. */
  unlike(recipe: Recipe): number {
    const found = this.lengths(recipe.map(({ sha256 }) => sha256));
    return recipe.filter(({ sha256, length }) => found.get(sha256) !== length).length;
  }

  /** Of those that are there, their bytes. */
  lengths(sha256s: readonly string[]): Map<string, number> {
    const found = new Map<string, number>();
    for (let at = 0; at < sha256s.length; at += ASKED_AT_ONCE) {
      const rows = this.#sql.exec<{ sha256: string; length: number }>(
        "SELECT sha256, length FROM chunk WHERE sha256 IN (SELECT value FROM json_each(?))",
        JSON.stringify(sha256s.slice(at, at + ASKED_AT_ONCE)),
      );
      for (const { sha256, length } of rows) found.set(sha256, length);
    }
    return found;
  }

  /** The bytes that no segment needed before these did. */
  addSegments(number: number, segments: readonly Segment[]): number {
    let added = 0;
    for (const [position, segment] of segments.entries()) {
      const { sha256, chunks, size_bytes, bytes } = segment;
      this.#sql.exec("INSERT INTO version_segment VALUES (?, ?, ?)", number, position, sha256);
      const { versions } = this.#sql
        .exec<{ versions: number }>(
          `INSERT INTO segment VALUES (?, ?, ?, ?, 1)
           ON CONFLICT DO UPDATE SET versions = versions + 1 RETURNING versions`,
          sha256,
          chunks,
          size_bytes,
          bytes,
        )
        .one();
      if (versions === 1) added += this.#need(unpackSegment(bytes, segment), 1).bytes;
    }
    return added;
  }

  /** Forgets the version's segments, and answers with the chunks and bytes that nothing needs any more. */
  removeSegments(number: number): { chunks: number; bytes: number } {
    const freed = { chunks: 0, bytes: 0 };
    for (const sha256 of this.#segmentNames(number)) {
      const left = this.#sql
        .exec<SegmentRow & { versions: number }>(
          "UPDATE segment SET versions = versions - 1 WHERE sha256 = ? RETURNING *",
          sha256,
        )
        .one();
      if (left.versions > 0) continue;
      const gone = this.#need(unpacked(left).recipe, -1);
      freed.chunks += gone.chunks;
      freed.bytes += gone.bytes;
      this.#sql.exec("DELETE FROM segment WHERE sha256 = ?", sha256);
    }
    this.#sql.exec("DELETE FROM version_segment WHERE number = ?", number);
    return freed;
  }

  /** Counts one segment more or less for each; tells of those for which it is the first or was the last. */
  #need(recipe: Recipe, by: 1 | -1): { chunks: number; bytes: number } {
    const turned = { chunks: 0, bytes: 0 };
    for (const { sha256 } of recipe) {
      const chunk = this.#sql
        .exec<{ pack: number; segments: number; length: number }>(
          "UPDATE chunk SET segments = segments + ? WHERE sha256 = ? RETURNING pack, segments, length",
          by,
          sha256,
        )
        .one();
      if (chunk.segments !== (by === 1 ? 1 : 0)) continue;
      turned.chunks += 1;
      turned.bytes += chunk.length;
      this.#sql.exec(
        "UPDATE pack SET live_bytes = live_bytes + ? WHERE id = ?",
        by * chunk.length,
        chunk.pack,
      );
    }
    return turned;
  }

  segmentsOf(number: number): StoredSegment[] {
    return this.#sql
      .exec<SegmentRow>(
        `SELECT segment.sha256, chunks, size_bytes, bytes FROM version_segment
         JOIN segment ON segment.sha256 = version_segment.sha256
         WHERE number = ? ORDER BY position`,
        number,
      )
      .toArray()
      .map(unpacked);
  }

  /** Where the chunks of a recipe lie, neighbours in one object joined. */
  extents(recipe: readonly ChunkRef[]): Extent[] {
    const extents: Extent[] = [];
    for (const { key, start, length } of this.#places(recipe)) {
      const last = extents.at(-1);
      if (last && last.key === key && last.offset + last.length === start) last.length += length;
      else extents.push({ key, offset: start, length });
    }
    return extents;
  }

  *#places(recipe: readonly ChunkRef[]): Generator<Place> {
    for (const { sha256 } of recipe)
      yield this.#sql
        .exec<Place>(
          `SELECT chunk.sha256, pack.key, chunk.start, chunk.length FROM chunk
           JOIN pack ON pack.id = chunk.pack WHERE chunk.sha256 = ?`,
          sha256,
        )
        .one();
  }

  #segmentNames(number: number): string[] {
    return this.#sql
      .exec<{ sha256: string }>(
        "SELECT sha256 FROM version_segment WHERE number = ? ORDER BY position",
        number,
      )
      .toArray()
      .map(({ sha256 }) => sha256);
  }
}
