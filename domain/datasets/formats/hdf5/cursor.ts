import { damaged } from "./hdf5-fault.ts";

/** Reads little-endian metadata from its beginning to its end; what would go beyond it is a fault. */
export class Cursor {
  readonly bytes: Uint8Array;
  /** What is read, for people. */
  readonly what: string;
  at = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.bytes = bytes;
    this.what = what;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  take(length: number): Uint8Array {
    if (length > this.left)
      throw damaged(`${this.what} has ${this.bytes.length} bytes, and should have more`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** A cursor over the next bytes alone. */
  part(length: number): Cursor {
    return new Cursor(this.take(length), this.what);
  }

  skip(length: number): this {
    this.take(length);
    return this;
  }

  /** Moves on to the next multiple of `unit` from the beginning, or to the end where that comes first. */
  align(unit: number): void {
    this.at = Math.min(Math.ceil(this.at / unit) * unit, this.bytes.length);
  }

  /** An unsigned number of up to 8 bytes, or null where all its bits are set ("undefined", "unlimited") or it is 2^53 or more. */
  optional(size: number): number | null {
    const bytes = this.take(size);
    let value = 0;
    for (let at = size - 1; at >= 0; at--) value = value * 256 + (bytes[at] ?? 0);
    return Number.isSafeInteger(value) && value !== 2 ** (8 * size) - 1 ? value : null;
  }

  uint(size: number): number {
    const at = this.at;
    const bytes = this.take(size);
    let value = 0;
    for (let index = size - 1; index >= 0; index--) value = value * 256 + (bytes[index] ?? 0);
    if (!Number.isSafeInteger(value))
      throw damaged(`byte ${at} of ${this.what} is far too large a number`);
    return value;
  }

  /** Refuses anything but these ASCII letters. */
  signature(letters: string): this {
    for (let at = 0; at < letters.length; at++)
      if (this.uint(1) !== letters.charCodeAt(at))
        throw damaged(`${this.what} does not begin with '${letters}'`);
    return this;
  }

  /** The bytes up to the next zero, which is skipped. */
  untilZero(): Uint8Array {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) throw damaged(`a name in ${this.what} has no end`);
    const bytes = this.take(end - this.at);
    this.at += 1;
    return bytes;
  }
}
