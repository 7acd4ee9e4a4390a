import { utf8Encode } from "../../../text/utf8.ts";
import { lookup3 } from "./checksums.ts";

/** An address that is none. */
export const UNDEFINED = -1;

/** Writes little-endian metadata, one value after another. */
export class Structure {
  #bytes = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A number of so many bytes; UNDEFINED sets all their bits. */
  uint(value: number, size: number): this {
    const at = this.#grow(size);
    let rest = value;
    for (let index = 0; index < size; index++) {
      this.#bytes[at + index] = value === UNDEFINED ? 255 : rest % 256;
      rest = Math.floor(rest / 256);
    }
    return this;
  }

  /** Numbers of a byte each. */
  raw(...values: number[]): this {
    return this.bytes(values);
  }

  bytes(values: ArrayLike<number>): this {
    const at = this.#grow(values.length);
    this.#bytes.set(values, at);
    return this;
  }

  address(value: number): this {
    return this.uint(value, 8);
  }

  text(text: string): this {
    return this.bytes(utf8Encode(text));
  }

  /** A name with its zero, then zeros up to a multiple of eight. */
  paddedName(name: string): this {
    const encoded = utf8Encode(name);
    return this.bytes(encoded).zeros(8 - (encoded.length % 8));
  }

  zeros(count: number): this {
    this.#grow(count);
    return this;
  }

  /** What was written, and the checksum of all of it. */
  summed(): Uint8Array {
    this.uint(lookup3(this.#bytes.subarray(0, this.#length)), 4);
    return this.finish();
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(size: number): number {
    const at = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return at;
  }
}

export const joinBytes = (parts: readonly Uint8Array[]): Uint8Array => {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
};
