type Releasable = { release?: () => void | Promise<void> };

/** More than this many are let go of as soon as none is in use. */
const MOST = 16;

/**
 * What is made once for a model and serves many explanations: open gradient graphs, tables of
 * trees, plans of coalitions. Nothing is released while an explanation is under way.
 */
export class Kept {
  readonly #made = new Map<string, Promise<Releasable>>();
  #uses = 0;

  /** What `make` makes, once a key; a failure is not kept. */
  once<T extends object>(key: string, make: () => Promise<T> | T): Promise<T> {
    const found = this.#made.get(key) as Promise<T> | undefined;
    if (found !== undefined) return found;
    const made = Promise.resolve().then(make);
    this.#made.set(key, made);
    made.catch(() => this.#made.delete(key));
    return made;
  }

  /** Keeps all of it while `work` goes on. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#uses += 1;
    try {
      return await work();
    } finally {
      this.#uses -= 1;
      if (this.#uses === 0 && this.#made.size > MOST) await this.release();
    }
  }

  async release(): Promise<void> {
    const all = [...this.#made.values()];
    this.#made.clear();
    for (const one of await Promise.allSettled(all))
      if (one.status === "fulfilled") await one.value.release?.();
  }
}
