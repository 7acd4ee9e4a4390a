/** Chunks that may wait for a reader before it counts as gone. */
const CHUNKS_WAITING = 64;

type Open = { controller: ReadableStreamDefaultController<Uint8Array>; opened_at: number };

/**
 * Byte streams that are written to together. A reader that went away is noticed at the next
 * write, and one that stopped reading once too much waits for it.
 */
export class OpenStreams {
  readonly #encoder = new TextEncoder();
  readonly #open = new Set<Open>();
  readonly #onLast: () => void;

  /** `onLast` is called when the last stream has ended. */
  constructor(onLast: () => void) {
    this.#onLast = onLast;
  }

  get size(): number {
    return this.#open.size;
  }

  /** A stream that begins with `text`. */
  add(text: string, now: number): ReadableStream<Uint8Array> {
    let stream: Open | undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          stream = { controller, opened_at: now };
          this.#open.add(stream);
          controller.enqueue(this.#encoder.encode(text));
        },
        cancel: () => {
          if (stream) this.#remove(stream);
        },
      },
      { highWaterMark: CHUNKS_WAITING },
    );
  }

  write(text: string): void {
    const bytes = this.#encoder.encode(text);
    for (const stream of this.#open) {
      const { controller } = stream;
      try {
        if ((controller.desiredSize ?? 0) <= 0) throw new Error("the reader does not keep up");
        // A chunk that was enqueued belongs to its stream, so each gets its own.
        controller.enqueue(bytes.slice());
      } catch (error) {
        controller.error(error);
        this.#remove(stream);
      }
    }
  }

  endThoseBefore(opened: number): void {
    for (const stream of this.#open) {
      if (stream.opened_at >= opened) continue;
      stream.controller.close();
      this.#remove(stream);
    }
  }

  #remove(stream: Open): void {
    if (this.#open.delete(stream) && this.#open.size === 0) this.#onLast();
  }
}
