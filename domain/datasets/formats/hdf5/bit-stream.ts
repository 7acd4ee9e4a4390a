import { damaged } from "./hdf5-fault.ts";

/** Bits of a chunk one after another, those of greater weight first. */
export class BitStream {
  readonly #bytes: Uint8Array;
  #bit = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Throws where fewer bits than these are left. */
  require(bits: number): void {
    if (bits > this.#bytes.length * 8 - this.#bit)
      throw damaged(`a chunk of packed numbers has ${this.#bytes.length} bytes, too few for them`);
  }

  /** Up to eight bits. */
  take(count: number): number {
    const at = this.#bit >> 3;
    const pair = ((this.#bytes[at] ?? 0) << 8) | (this.#bytes[at + 1] ?? 0);
    const value = (pair >> (16 - (this.#bit & 7) - count)) & ((1 << count) - 1);
    this.#bit += count;
    return value;
  }

  /**
   * Puts the next `precision` bits at bit `offset` of the `size` bytes of `target` from `at` on,
   * whose other bits are left.
   */
  place(
    target: Uint8Array,
    at: number,
    size: number,
    { offset, precision, bigEndian }: { offset: number; precision: number; bigEndian: boolean },
  ): void {
    const end = offset + precision;
    const first = Math.floor(offset / 8);
    for (let byte = Math.ceil(end / 8) - 1; byte >= first; byte--) {
      const low = Math.max(offset, byte * 8);
      const high = Math.min(end, byte * 8 + 8);
      const index = at + (bigEndian ? size - 1 - byte : byte);
      target[index] = (target[index] ?? 0) | (this.take(high - low) << (low - byte * 8));
    }
  }
}
