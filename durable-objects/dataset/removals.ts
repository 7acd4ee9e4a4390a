import type { CollectedRecord, DatasetRefusal } from "../../contract/dataset-record.ts";
import type { Effects } from "../shared/effects.ts";
import type { ClaimStore } from "./claim-store.ts";
import type { ChunkStore } from "./chunk-store.ts";
import type { Compaction } from "./compaction.ts";
import type { DatasetStore, VersionOutline } from "./dataset-store.ts";

/** Versions, and what uses each of them, that a refusal names. */
const MOST_NAMED = { versions: 1_000, users: 20 };

type Parts = {
  store: DatasetStore;
  claims: ClaimStore;
  chunks: ChunkStore;
  compaction: Compaction;
  effects: Effects;
};

/** Takes versions away, and with them what nothing else needs. */
export class Removals {
  readonly #storage: DurableObjectStorage;
  readonly #parts: Parts;

  constructor(storage: DurableObjectStorage, parts: Parts) {
    this.#storage = storage;
    this.#parts = parts;
  }

  /** Why not all of these may go at once: something else uses one, or it is pinned. */
  refusal(versions: readonly VersionOutline[]): DatasetRefusal | null {
    const used_by = versions
      .map(({ version_id, version_number, pinned }) => ({
        version_id,
        used_by: this.#parts.claims.usedByOthers(version_number).slice(0, MOST_NAMED.users),
        pinned,
      }))
      .filter(({ used_by: users, pinned }) => users.length > 0 || pinned)
      .slice(0, MOST_NAMED.versions);
    return used_by.length > 0 ? { code: "dataset_in_use", used_by } : null;
  }

  /** What goes with these versions; `note` is called for each. */
  remove(
    versions: readonly VersionOutline[],
    isDryRun: boolean,
    note: (version: VersionOutline, now: number) => void,
  ): CollectedRecord {
    const now = Date.now();
    const tried = new Error("a dry run");
    const freed = { chunks: 0, bytes: 0 };
    try {
      this.#storage.transactionSync(() => {
        for (const version of versions) {
          const { chunks, bytes } = this.forget(version, now);
          freed.chunks += chunks;
          freed.bytes += bytes;
          note(version, now);
        }
        // What would become of the rows is known from trying it.
        if (isDryRun) throw tried;
        this.#parts.compaction.tidy(now);
      });
    } catch (error) {
      if (error !== tried) throw error;
    }
    return removed(versions, freed);
  }

  forget(record: VersionOutline, now: number): { chunks: number; bytes: number } {
    const { version_id, version_number, parent_version_ids } = record;
    const { store, chunks, effects } = this.#parts;
    const freed = chunks.removeSegments(version_number);
    store.removeVersion(version_number, now);
    effects.add(`version:${version_number}`, now);
    effects.add("dataset", now);
    for (const parent of parent_version_ids) effects.add(`claim:${parent}:${version_id}`, now);
    return freed;
  }
}

export const removed = (
  versions: readonly VersionOutline[],
  freed: { chunks: number; bytes: number },
): CollectedRecord => ({
  versions: versions.map(({ version_id, version_number, size_bytes }) => ({
    version_id,
    version_number,
    size_bytes,
  })),
  kept: [],
  ...freed,
});
