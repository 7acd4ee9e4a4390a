import { utf8Encode } from "../../text/utf8.ts";
import { viewOf } from "./reader.ts";

const FIRST_CAPACITY = 4096;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/**
 * Writes protobuf from its end to its start, so that the length of a message is known when it is
 * due. Fields therefore go in by descending number, and lists from their last element.
 */
export class Writer {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #at = FIRST_CAPACITY;

  /** How much has been written; the difference of two lengths is what lies between. */
  get length(): number {
    return this.#bytes.length - this.#at;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(this.#at);
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#at -= bytes.length;
    this.#bytes.set(bytes, this.#at);
  }

  text(text: string): void {
    this.#room(text.length);
    const from = this.#at - text.length;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code >= 128) {
        this.raw(utf8Encode(text));
        return;
      }
      this.#bytes[from + index] = code;
    }
    this.#at = from;
  }

  float32(value: number): void {
    this.#room(4);
    this.#at -= 4;
    viewOf(this.#bytes).setFloat32(this.#at, value, true);
  }

  /** A whole number as an int64; beyond its range it is clamped. */
  integer(value: number): void {
    if (value < 0 || value > Number.MAX_SAFE_INTEGER) {
      this.raw(longVarint(value));
      return;
    }
    let size = 1;
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size += 1;
    this.#room(size);
    this.#at -= size;
    let rest = value;
    for (let index = 0; index < size; index += 1) {
      this.#bytes[this.#at + index] = (rest % 128) + (index < size - 1 ? 128 : 0);
      rest = Math.floor(rest / 128);
    }
  }

  /** To be called after a field's content. */
  tag(number: number, wire: number): void {
    this.integer(number * 8 + wire);
  }

  #room(size: number): void {
    if (this.#at >= size) return;
    const used = this.length;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, used + size));
    grown.set(this.#bytes.subarray(this.#at), grown.length - used);
    this.#bytes = grown;
    this.#at = grown.length - used;
  }
}

function longVarint(value: number): Uint8Array {
  const clamped = BigInt(value);
  let rest = BigInt.asUintN(
    64,
    clamped > INT64_MAX ? INT64_MAX : clamped < INT64_MIN ? INT64_MIN : clamped,
  );
  const bytes: number[] = [];
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest % 128n) + 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
