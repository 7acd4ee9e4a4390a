import { ok, type Result } from "../../domain/result.ts";

type Entry<Session> = {
  session: Session;
  costBytes: number;
  uses: number;
  /** Out of the cache; the last user releases it. */
  retired: boolean;
};

/** What one request brings along: no request may rely on another one staying alive. */
export type RequestLife = {
  /** Keeps the request's context alive until the promise settles (`waitUntil`). */
  keepAlive(promise: Promise<unknown>): void;
  /** Resolves when a load by another request has taken so long that it must be dead. */
  patience(): Promise<void>;
  /** Told of every session that had to go for this request's one. */
  evicted(key: string, costBytes: number): void;
};

export type SessionCacheOptions<Session> = {
  budgetBytes: number;
  release(session: Session): void;
  /** What a session turns out to cost beyond what was said before it was loaded. */
  extraBytes?(session: Session): number;
};

/**
 * Open sessions by content hash, within a byte budget, the least recently used going first. A key
 * is loaded once however many ask for it at the same time; a load that fails is not remembered; a
 * session is never released while it is in use. The budget is exceeded only while everything in the
 * cache is in use.
 */
export class SessionCache<Session, Failure> {
  readonly #options: SessionCacheOptions<Session>;
  /** Least recently used first: a `Map` keeps insertion order, and every use inserts again. */
  readonly #entries = new Map<string, Entry<Session>>();
  readonly #loads = new Map<string, Promise<Result<Entry<Session>, Failure>>>();
  #heldBytes = 0;
  #loadingBytes = 0;

  constructor(options: SessionCacheOptions<Session>) {
    this.#options = options;
  }

  get sessions(): number {
    return this.#entries.size;
  }

  get sessionBytes(): number {
    return this.#heldBytes;
  }

  /** Runs `work` with the key's session, loading it first when it is not there. */
  async use<Answer>(
    key: string,
    costBytes: number,
    load: () => Promise<Result<Session, Failure>>,
    life: RequestLife,
    work: (session: Session) => Answer | Promise<Answer>,
  ): Promise<Result<Answer, Failure>> {
    const warm = this.#touch(key);
    const found = warm === undefined ? await this.#obtain(key, costBytes, load, life) : ok(warm);
    if (!found.ok) return found;
    const entry = found.value;
    entry.uses += 1;
    try {
      return ok(await work(entry.session));
    } finally {
      entry.uses -= 1;
      if (entry.retired && entry.uses === 0) this.#options.release(entry.session);
      this.#keepToBudget(life);
    }
  }

  /** Drops a session that has become useless. Not reported as an eviction. */
  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#retire(key, entry);
  }

  /** Forgets every session. */
  clear(): void {
    for (const key of this.#entries.keys()) this.forget(key);
  }

  /** A retired entry must not be handed out, and between a load's end and here one can retire. */
  async #obtain(
    key: string,
    costBytes: number,
    load: () => Promise<Result<Session, Failure>>,
    life: RequestLife,
  ): Promise<Result<Entry<Session>, Failure>> {
    for (;;) {
      const entry = this.#touch(key);
      if (entry !== undefined) return ok(entry);
      const shared = this.#loads.get(key);
      const outcome = await (shared === undefined
        ? this.#startLoad(key, costBytes, load, life)
        : outlive(shared, life));
      if (outcome === undefined) {
        if (this.#loads.get(key) === shared) this.#loads.delete(key);
      } else if (!outcome.ok || !outcome.value.retired) return outcome;
    }
  }

  #startLoad(
    key: string,
    costBytes: number,
    load: () => Promise<Result<Session, Failure>>,
    life: RequestLife,
  ): Promise<Result<Entry<Session>, Failure>> {
    const loading = this.#load(key, costBytes, load, life).finally(() => {
      if (this.#loads.get(key) === loading) this.#loads.delete(key);
    });
    this.#loads.set(key, loading);
    life.keepAlive(loading.catch(() => undefined));
    return loading;
  }

  async #load(
    key: string,
    costBytes: number,
    load: () => Promise<Result<Session, Failure>>,
    life: RequestLife,
  ): Promise<Result<Entry<Session>, Failure>> {
    this.#loadingBytes += costBytes;
    this.#keepToBudget(life);
    try {
      const loaded = await load();
      if (!loaded.ok) return loaded;
      const other = this.#touch(key);
      if (other !== undefined) {
        // A load that was given up for dead came back after its replacement.
        this.#options.release(loaded.value);
        return ok(other);
      }
      const extra = this.#options.extraBytes?.(loaded.value) ?? 0;
      const entry = {
        session: loaded.value,
        costBytes: costBytes + extra,
        uses: 0,
        retired: false,
      };
      this.#entries.set(key, entry);
      this.#heldBytes += entry.costBytes;
      return ok(entry);
    } finally {
      this.#loadingBytes -= costBytes;
    }
  }

  #touch(key: string): Entry<Session> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  #keepToBudget(life: RequestLife): void {
    const isWithin = () => this.#heldBytes + this.#loadingBytes <= this.#options.budgetBytes;
    if (isWithin()) return;
    for (const [key, entry] of this.#entries) {
      if (entry.uses > 0) continue;
      this.#retire(key, entry);
      life.evicted(key, entry.costBytes);
      if (isWithin()) return;
    }
  }

  #retire(key: string, entry: Entry<Session>): void {
    this.#entries.delete(key);
    this.#heldBytes -= entry.costBytes;
    entry.retired = true;
    if (entry.uses === 0) this.#options.release(entry.session);
  }
}

/** Another request's load, or undefined when it threw or outlasted this request's patience. */
async function outlive<T>(shared: Promise<T>, life: RequestLife): Promise<T | undefined> {
  const unlessItThrows = shared.catch(() => undefined);
  return Promise.race([unlessItThrows, life.patience().then(() => undefined)]);
}
