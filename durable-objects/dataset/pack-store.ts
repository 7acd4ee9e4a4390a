import type { Pack } from "../../contract/dataset-record.ts";
import type { PlacedChunk } from "../../contract/dataset-work.ts";

/** Whose upload takes nothing more: what lies in it and nothing needs may go. */
const IS_ENDED = "upload_id NOT IN (SELECT id FROM upload WHERE status IN ('open', 'checking'))";
/** Less than half of it is needed: what is freed is more than what is copied. */
const IS_SPARSE = "live_bytes > 0 AND 2 * live_bytes < size_bytes";
/** What stands for the upload of a pack that was made of others. */
export const COMPACTED = "compacted";

type DeadPack = { id: number; key: string; read_until: number };
export type DuePack = { id: number; key: string; live_bytes: number; sparse: number };

/**
 * The R2 objects in which a dataset's chunks lie; every method is synchronous. A pack counts the
 * bytes of its chunks that any segment needs. A dead object is one that no pack tells of: it is
 * removed at once, or from `due_at` on, when nobody can be reading it any more.
 */
export class PackStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** A chunk that is there already stays where it is. */
  add(uploadId: string, pack: Pack): void {
    const id = this.#insert(uploadId, pack);
    if (id === undefined) return;
    let start = 0;
    for (const { sha256, length } of pack.chunks) {
      this.#sql.exec(
        "INSERT INTO chunk VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
        sha256,
        id,
        start,
        length,
      );
      start += length;
    }
  }

  /**
   * Has chunks lie in a pack that they were copied to: those that are still needed, and still lie
   * where they were copied from. Who has learnt before where they lay may read there until `until`.
   */
  move(pack: Pack, from: ReadonlyMap<string, number>, until: number): void {
    const id = this.#insert(COMPACTED, pack);
    if (id === undefined) return;
    let start = 0;
    for (const { sha256, length } of pack.chunks) {
      this.#sql.exec(
        "UPDATE chunk SET pack = ?, start = ? WHERE sha256 = ? AND pack = ? AND segments > 0",
        id,
        start,
        sha256,
        from.get(sha256),
      );
      start += length;
    }
    const left = new Set(from.values());
    for (const each of left)
      this.#sql.exec("UPDATE pack SET read_until = ?, rewrite_at = NULL WHERE id = ?", until, each);
    for (const each of [id, ...left])
      this.#sql.exec(
        `UPDATE pack SET live_bytes =
           (SELECT COALESCE(SUM(length), 0) FROM chunk WHERE chunk.pack = pack.id AND segments > 0)
         WHERE id = ?`,
        each,
      );
  }

  #insert(uploadId: string, { key, size_bytes }: Pack): number | undefined {
    return this.#sql
      .exec<{ id: number }>(
        `INSERT INTO pack (key, upload_id, size_bytes, live_bytes) VALUES (?, ?, ?, 0)
         ON CONFLICT DO NOTHING RETURNING id`,
        key,
        uploadId,
        size_bytes,
      )
      .toArray()[0]?.id;
  }

  /** Those that nothing needs. */
  dead(): DeadPack[] {
    return this.#sql
      .exec<DeadPack>(`SELECT id, key, read_until FROM pack WHERE live_bytes = 0 AND ${IS_ENDED}`)
      .toArray();
  }

  /** In which packs any of these chunks lie that no version needs. */
  ofUnneeded(sha256s: readonly string[]): number[] {
    return this.#sql
      .exec<{ pack: number }>(
        `SELECT DISTINCT pack FROM chunk
         WHERE segments = 0 AND sha256 IN (SELECT value FROM json_each(?))`,
        JSON.stringify(sha256s),
      )
      .toArray()
      .map(({ pack }) => pack);
  }

  /** Forgets a pack with all its chunks; its object is dead. */
  forget({ id, key, read_until }: DeadPack, now: number): void {
    this.#sql.exec("DELETE FROM chunk WHERE pack = ?", id);
    this.#sql.exec("DELETE FROM pack WHERE id = ?", id);
    this.#sql.exec(
      "INSERT INTO dead_object VALUES (?, ?) ON CONFLICT DO NOTHING",
      key,
      read_until > now ? read_until : null,
    );
  }

  /** Notes from when on the packs are to be made anew of which less than half is needed. */
  noteSparse(at: number): void {
    this.#sql.exec(
      `UPDATE pack SET rewrite_at = ? WHERE rewrite_at IS NULL AND ${IS_SPARSE} AND ${IS_ENDED}`,
      at,
    );
  }

  /** Those to be made anew, oldest first. */
  due(now: number, limit: number): DuePack[] {
    return this.#sql
      .exec<DuePack>(
        `SELECT id, key, live_bytes, ${IS_SPARSE} AND ${IS_ENDED} AS sparse
         FROM pack WHERE rewrite_at <= ? ORDER BY id LIMIT ?`,
        now,
        limit,
      )
      .toArray();
  }

  /** False where there is no such pack any more. */
  rewriteAt(id: number, at: number | null): boolean {
    const changed = this.#sql.exec(
      "UPDATE pack SET rewrite_at = ? WHERE id = ? RETURNING id",
      at,
      id,
    );
    return changed.toArray().length > 0;
  }

  /** The chunks of a pack that a version needs, in their order there. */
  liveChunks(id: number): PlacedChunk[] {
    return this.#sql
      .exec<PlacedChunk>(
        "SELECT sha256, start, length FROM chunk WHERE pack = ? AND segments > 0 ORDER BY start",
        id,
      )
      .toArray();
  }

  /** Objects that are to be removed now. */
  deadObjects(limit: number): string[] {
    return this.#sql
      .exec<{ key: string }>("SELECT key FROM dead_object WHERE due_at IS NULL LIMIT ?", limit)
      .toArray()
      .map(({ key }) => key);
  }

  forgetObjects(keys: readonly string[]): void {
    this.#sql.exec(
      "DELETE FROM dead_object WHERE key IN (SELECT value FROM json_each(?))",
      JSON.stringify(keys),
    );
  }

  /** An object that no pack tells of yet. Unless it is taken before, it is dead. */
  expect(key: string, until: number): void {
    this.#sql.exec("INSERT INTO dead_object VALUES (?, ?)", key, until);
  }

  /** False where the expected object is dead by now. */
  take(key: string): boolean {
    const taken = this.#sql.exec(
      "DELETE FROM dead_object WHERE key = ? AND due_at IS NOT NULL RETURNING key",
      key,
    );
    return taken.toArray().length > 0;
  }

  bury(key: string): void {
    this.#sql.exec("INSERT INTO dead_object VALUES (?, NULL) ON CONFLICT DO NOTHING", key);
  }

  /** Whether there are objects whose time has come: they are to be removed now. */
  release(now: number): boolean {
    const released = this.#sql.exec(
      "UPDATE dead_object SET due_at = NULL WHERE due_at <= ? RETURNING key",
      now,
    );
    return released.toArray().length > 0;
  }

  /** When the next pack is to be made anew, or the next object to be removed. */
  nextDue(): number | null {
    return this.#sql
      .exec<{ at: number | null }>(
        `SELECT MIN(at) AS at FROM (
           SELECT MIN(rewrite_at) AS at FROM pack WHERE rewrite_at IS NOT NULL
           UNION ALL SELECT MIN(due_at) FROM dead_object WHERE due_at IS NOT NULL)`,
      )
      .one().at;
  }

  /** The objects of an upload that are not to be swept: its packs, and what somebody may still read. */
  keysOf(uploadId: string, prefix: string): string[] {
    return this.#sql
      .exec<{ key: string }>(
        `SELECT key FROM pack WHERE upload_id = ?1
         UNION SELECT key FROM dead_object WHERE substr(key, 1, length(?2)) = ?2`,
        uploadId,
        prefix,
      )
      .toArray()
      .map(({ key }) => key);
  }

  storedBytes(): number {
    return this.#sql
      .exec<{ bytes: number }>("SELECT COALESCE(SUM(size_bytes), 0) AS bytes FROM pack")
      .one().bytes;
  }
}
