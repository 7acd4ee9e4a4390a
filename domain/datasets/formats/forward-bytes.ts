import type { ByteSource } from "../byte-source.ts";
import { BLOCK_BYTES } from "./limits.ts";

/** A window that had to be kept grows faster, so that a long cell is not copied for each block of it. */
const growth = (kept: number): number => Math.min(Math.max(BLOCK_BYTES, kept), 8 * BLOCK_BYTES);

/**
 * A file read from its beginning to its end, each byte once, through a window: what was read and
 * not yet passed. A reader works in `bytes` from `at` on, sets `at` behind what it is done with,
 * and asks for `more` where the window ends too early.
 */
export class ForwardBytes {
  bytes: Uint8Array;
  at = 0;
  readonly #source: ByteSource;
  /** How many bytes of the file lie before the end of the window. */
  #read: number;

  /** `head` is what was read of the file's beginning already. */
  constructor(source: ByteSource, head: Uint8Array = new Uint8Array(0)) {
    this.#source = source;
    this.bytes = head;
    this.#read = head.length;
  }

  /** Whether the window reaches the end of the file. */
  get isComplete(): boolean {
    return this.#read === this.#source.size;
  }

  /** Where in the file `at` is. */
  get position(): number {
    return this.#read - this.bytes.length + this.at;
  }

  /** How many bytes of the file are still to be passed. */
  get left(): number {
    return this.#source.size - this.position;
  }

  /**
   * Drops what was passed, `at` being 0 then, and adds the next block; false at the end of the
   * file.
   */
  async more(): Promise<boolean> {
    const rest = this.bytes.subarray(this.at);
    const length = Math.min(this.#source.size - this.#read, growth(rest.length));
    if (length === 0) return false;
    const block = await this.#source.read(this.#read, length);
    this.#read += length;
    this.at = 0;
    if (rest.length === 0) this.bytes = block;
    else {
      this.bytes = new Uint8Array(rest.length + length);
      this.bytes.set(rest);
      this.bytes.set(block, rest.length);
    }
    return true;
  }

  /** Makes the window hold `length` bytes from `at` on; false where the file ends before. */
  async hold(length: number): Promise<boolean> {
    if (length > this.left) return false;
    while (this.bytes.length - this.at < length) await this.more();
    return true;
  }

  /** The next `length` bytes, passed. The caller has asked whether they are `left`. */
  async take(length: number): Promise<Uint8Array> {
    await this.hold(length);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** Passes over bytes, of which no more than a block is in memory; false where the file ends before. */
  async skip(length: number): Promise<boolean> {
    if (length > this.left) return false;
    let rest = length;
    for (;;) {
      const here = Math.min(rest, this.bytes.length - this.at);
      this.at += here;
      rest -= here;
      if (rest === 0) return true;
      await this.more();
    }
  }
}
