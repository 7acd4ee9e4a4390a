import type { SchemaStep } from "./upgrade-schema.ts";

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

export const EFFECTS_STEP: SchemaStep = {
  id: "effects",
  sql: `
    CREATE TABLE effect (
      key TEXT PRIMARY KEY,
      revision INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      due_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
};

/** Keys that a flush delivers: one only, all but one, or all. */
export type Part = { only?: string; but?: string };

type EffectRow = { key: string; revision: number; attempts: number };

/**
 * What an actor still owes the world outside its storage. A key is added in the transaction that
 * causes it and removed once delivered, so a crash in between repeats the delivery: `deliver`
 * reads the present state and must do no harm when called again. It may be called for a key
 * whose cause has been overtaken.
 */
export class Effects {
  readonly #storage: DurableObjectStorage;
  readonly #deliver: (key: string) => Promise<void>;
  #flushing: Promise<void> = Promise.resolve();

  constructor(storage: DurableObjectStorage, deliver: (key: string) => Promise<void>) {
    this.#storage = storage;
    this.#deliver = deliver;
  }

  add(key: string, now: number): void {
    this.#storage.sql.exec(
      `INSERT INTO effect (key, revision, attempts, due_at) VALUES (?, 1, 0, ?)
       ON CONFLICT (key) DO UPDATE SET revision = revision + 1, attempts = 0, due_at = excluded.due_at`,
      key,
      now + FIRST_RETRY_MS,
    );
  }

  /**
   * Tries everything owed once, one at a time; what fails stays owed, with a later due time. `part`
   * is for what its caller does not wait for: all but that key, and later that key only.
   */
  flush(now: number, part: Part = {}): Promise<void> {
    this.#flushing = this.#flushing.catch(() => undefined).then(() => this.#deliverAll(now, part));
    return this.#flushing;
  }

  /** Whether the key is owed; one that is being delivered is. */
  owes(key: string): boolean {
    return this.#storage.sql.exec("SELECT 1 FROM effect WHERE key = ?", key).toArray().length > 0;
  }

  nextDue(): number | null {
    return this.#storage.sql
      .exec<{ at: number | null }>("SELECT MIN(due_at) AS at FROM effect")
      .one().at;
  }

  /** Until nothing is owed but what failed: delivering one effect may owe another, or one again. */
  async #deliverAll(now: number, part: Part): Promise<void> {
    const failed = new Set<string>();
    for (;;) {
      const owed = this.#firstBut(failed, part);
      if (!owed) return;
      const delivered = await this.#deliverOne(owed, now);
      if (!delivered) failed.add(`${owed.key}@${owed.revision}`);
    }
  }

  /**
   * Reads no further than it must: there may be thousands, and one of so many has not failed. To its
   * end, though, as no table can be dropped while a statement is under way.
   */
  #firstBut(failed: ReadonlySet<string>, { only, but }: Part): EffectRow | undefined {
    return this.#storage.sql
      .exec<EffectRow>(
        `SELECT key, revision, attempts FROM effect
         WHERE key = COALESCE(?, key) AND key IS NOT ? LIMIT ?`,
        only ?? null,
        but ?? null,
        failed.size + 1,
      )
      .toArray()
      .find(({ key, revision }) => !failed.has(`${key}@${revision}`));
  }

  async #deliverOne({ key, revision, attempts }: EffectRow, now: number): Promise<boolean> {
    const { sql } = this.#storage;
    try {
      await this.#deliver(key);
      sql.exec("DELETE FROM effect WHERE key = ? AND revision = ?", key, revision);
      return true;
    } catch (error) {
      console.error(
        JSON.stringify({ event: "effect_failed", key, attempts, error: String(error) }),
      );
      const due = now + Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempts);
      sql.exec("UPDATE effect SET attempts = attempts + 1, due_at = ? WHERE key = ?", due, key);
      return false;
    }
  }
}
