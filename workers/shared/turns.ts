/** How long one turn is waited for: no request may rely on another one staying alive. */
export type Patience = { ms: number; wait(ms: number): Promise<void> };

export type Turn = { begun: Promise<void>; end: () => void };

/** Lets one request at a time through, in their order, and only so many wait. */
export class Turns {
  readonly #most: number;
  readonly #patience: Patience;
  /** When each was taken; one whose request died without an end is forgotten after a while. */
  readonly #taken = new Map<symbol, number>();
  #last: Promise<void> = Promise.resolve();

  constructor(mostWaiting: number, patience: Patience) {
    this.#most = mostWaiting;
    this.#patience = patience;
  }

  /** Those that wait, and the one whose turn it is. */
  get taken(): number {
    return this.#taken.size;
  }

  /** Null where too many wait. */
  take(): Turn | null {
    const now = Date.now();
    for (const [turn, at] of this.#taken)
      if (now - at > this.#patience.ms * (this.#most + 1)) this.#taken.delete(turn);
    if (this.#taken.size > this.#most) return null;
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    const begun =
      this.#taken.size === 0
        ? Promise.resolve()
        : Promise.race([before, this.#patience.wait(this.#patience.ms)]);
    const own = Symbol("turn");
    this.#taken.set(own, now);
    const end = () => {
      this.#taken.delete(own);
      resolve();
    };
    return { begun, end };
  }
}
