const WINDOW_MS = 1_000;
/** Seconds in a row over the rate, so that one burst does not spread an experiment for good. */
const HOT_WINDOWS = 5;

/** How fast outcomes come in, while this life of the actor lasts. */
export class IngestRate {
  #window = 0;
  #counted = 0;
  #hot = 0;

  /** Whether the rate, in outcomes per second, has been passed for several seconds in a row. */
  count(outcomes: number, now: number, most: number): boolean {
    const window = Math.floor(now / WINDOW_MS);
    if (window !== this.#window) {
      const consecutive = window === this.#window + 1;
      this.#hot = consecutive && this.#counted > most ? this.#hot + 1 : 0;
      this.#window = window;
      this.#counted = 0;
    }
    this.#counted += outcomes;
    return this.#hot >= HOT_WINDOWS;
  }
}
