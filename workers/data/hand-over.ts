/** Hands values from one who makes them to one who reads them, each taken before the next is made. */
export class HandOver<T> implements AsyncIterable<T> {
  #offered: { value: T; taken: () => void } | undefined;
  #awaited: PromiseWithResolvers<IteratorResult<T>> | undefined;
  #over: { reason: unknown } | "ended" | undefined;
  #left = false;

  /** Resolves when the value was taken, or its reader has gone. */
  give(value: T): Promise<void> {
    if (this.#left) return Promise.resolve();
    if (this.#awaited) {
      this.#awaited.resolve({ value, done: false });
      this.#awaited = undefined;
      return Promise.resolve();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#offered = { value, taken: resolve };
    return promise;
  }

  /** Nothing comes after what was given. */
  end(): void {
    this.#over ??= "ended";
    this.#awaited?.resolve({ value: undefined, done: true });
  }

  /** What was given comes to nothing: the reader's next value is this error. */
  fail(reason: unknown): void {
    this.#over = { reason };
    this.#awaited?.reject(reason);
    this.#offered?.taken();
    this.#offered = undefined;
  }

  /** The reader takes nothing more. */
  leave(): void {
    this.#left = true;
    this.#offered?.taken();
    this.#offered = undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return {
      next: () => {
        const offered = this.#offered;
        if (offered) {
          this.#offered = undefined;
          offered.taken();
          return Promise.resolve({ value: offered.value, done: false });
        }
        if (this.#over === "ended") return Promise.resolve({ value: undefined, done: true });
        if (this.#over) return Promise.reject(this.#over.reason);
        this.#awaited = Promise.withResolvers<IteratorResult<T>>();
        return this.#awaited.promise;
      },
      return: () => {
        this.leave();
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }
}
