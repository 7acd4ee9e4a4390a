import { packPrefix } from "../../contract/dataset-record.ts";
import type { PackPart, Repacked } from "../../contract/dataset-work.ts";
import type { Result } from "../../domain/result.ts";
import type { Effects } from "../shared/effects.ts";
import type { DatasetStore } from "./dataset-store.ts";
import { COMPACTED, type PackStore } from "./pack-store.ts";
import type { UploadStore } from "./upload-store.ts";

/** What is copied at once, and so lies in a new pack. */
const MOST_COPIED = { packs: 64, chunks: 4_096, bytes: 8 * 2 ** 20 };
/** Versions that are deleted one after the other are one reason to copy. */
const GATHER_MS = 60_000;
/** How long who has learnt where chunks lie may read them there. */
export const READERS_MS = 3_600_000;
/** When a copy is tried again that came to nothing, and one of a damaged object. */
const RETRY_MS = 300_000;
const DAMAGED_MS = 86_400_000;

type Parts = { store: DatasetStore; packs: PackStore; uploads: UploadStore; effects: Effects };
type Part = PackPart & { id: number };
type Copy = { key: string; parts: Part[] };

/** Gives back the space of chunks that nothing needs: with their pack, or by copying what else is in it. */
export class Compaction {
  readonly #env: Env;
  readonly #storage: DurableObjectStorage;
  readonly #parts: Parts;

  constructor(env: Env, storage: DurableObjectStorage, parts: Parts) {
    this.#env = env;
    this.#storage = storage;
    this.#parts = parts;
  }

  /** Of the transaction that took versions or uploads away: forgets packs that nothing needs, and notes those to be copied from. */
  tidy(now: number): void {
    const { packs, effects } = this.#parts;
    const dead = packs.dead();
    const held = dead.length > 0 ? this.#held() : null;
    const gone = dead.filter(({ id }) => !held?.has(id));
    for (const pack of gone) packs.forget(pack, now);
    if (gone.length > 0) {
      effects.add("objects", now);
      effects.add("dataset", now);
    }
    packs.noteSparse(now + GATHER_MS);
  }

  nextDue(): number | null {
    return this.#parts.packs.nextDue();
  }

  /** Takes up what is due: objects that nobody reads any more, and one copy. */
  async work(now: number): Promise<void> {
    const { packs, effects } = this.#parts;
    this.#storage.transactionSync(() => {
      if (packs.release(now)) effects.add("objects", now);
    });
    const copy = this.#storage.transactionSync(() => this.#next(now));
    if (!copy) return;
    const copied = await this.#carryOut(copy);
    if (copied) this.#storage.transactionSync(() => this.#take(copy, copied, Date.now()));
  }

  /** What to copy next. From here on its object is dead, unless the copy is taken in time. */
  #next(now: number): Copy | null {
    const { store, packs } = this.#parts;
    const parts = this.#due(now);
    const dataset_id = store.state()?.definition.dataset_id;
    if (parts.length === 0 || dataset_id === undefined) return null;
    const key = `${packPrefix(dataset_id, COMPACTED)}${crypto.randomUUID()}`;
    packs.expect(key, now + READERS_MS);
    for (const { id } of parts) packs.rewriteAt(id, now + RETRY_MS);
    return { key, parts };
  }

  #due(now: number): Part[] {
    const { packs } = this.#parts;
    const due = packs.due(now, MOST_COPIED.packs);
    const held = due.length > 0 ? this.#held() : null;
    const parts: Part[] = [];
    const room = { ...MOST_COPIED };
    for (const { id, key, live_bytes, sparse } of due) {
      if (!sparse || held?.has(id)) {
        // What changes that notes it again.
        packs.rewriteAt(id, null);
        continue;
      }
      const chunks = packs.liveChunks(id);
      room.bytes -= live_bytes;
      room.chunks -= chunks.length;
      if (parts.length > 0 && (room.bytes < 0 || room.chunks < 0)) break;
      parts.push({ id, key, chunks });
    }
    return parts;
  }

  /** Null where it came to nothing, for a reason that may pass. */
  async #carryOut({ key, parts }: Copy): Promise<Repacked | null> {
    try {
      const done = (await this.#env.DATA.repack(
        key,
        parts.map(({ id: _id, ...part }) => part),
      )) as Result<Repacked, unknown>;
      if (done.ok) return done.value;
      this.#report("dataset_compaction_failed", JSON.stringify(done.error));
    } catch (error) {
      this.#report("dataset_compaction_failed", String(error));
    }
    return null;
  }

  /** Chunks that are still needed, and still lie where they were copied from, now lie in the copy. */
  #take({ key, parts }: Copy, { pack, damaged }: Repacked, now: number): void {
    const { packs, effects } = this.#parts;
    const from = new Map<string, number>();
    for (const part of parts) {
      const what = damaged.find((each) => each.key === part.key)?.what;
      if (what === undefined) for (const { sha256 } of part.chunks) from.set(sha256, part.id);
      // One that was removed meanwhile is missing, and not damaged.
      else if (packs.rewriteAt(part.id, now + DAMAGED_MS))
        this.#report("dataset_pack_damaged", what, part.key);
    }
    const isInTime = packs.take(key);
    if (!pack) return;
    if (isInTime) packs.move(pack, from, now + READERS_MS);
    else packs.bury(key);
    effects.add(isInTime ? "dataset" : "objects", now);
    this.tidy(now);
  }

  /**
   * Packs with a chunk that no version needs, and that a file that is coming in was told it need
   * not send. What it sent itself lies in its own packs, which stay anyway.
   */
  #held(): ReadonlySet<number> {
    const held = new Set<number>();
    for (const recipe of this.#parts.uploads.reliedOn())
      for (const id of this.#parts.packs.ofUnneeded(recipe.map(({ sha256 }) => sha256)))
        held.add(id);
    return held;
  }

  #report(event: string, error: string, key?: string): void {
    const dataset_id = this.#parts.store.state()?.definition.dataset_id;
    console.error(JSON.stringify({ event, dataset_id, ...(key && { key }), error }));
  }
}
