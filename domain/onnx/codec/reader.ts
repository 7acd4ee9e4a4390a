import { utf8Decode, utf8Encode } from "../../text/utf8.ts";
import { OnnxFault } from "../onnx-fault.ts";
import type { ReadLimits } from "./read-limits.ts";

/** https://protobuf.dev/programming-guides/encoding/ */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Reads one protobuf message, a field at a time; what it hands out are views of the bytes. */
export class Reader {
  readonly bytes: Uint8Array;
  /** A field that ends where it began would make a loop: `at` only grows. */
  at = 0;
  readonly #budget: { parts: number };
  readonly #depth: number;

  private constructor(bytes: Uint8Array, budget: { parts: number }, depth: number) {
    this.bytes = bytes;
    this.#budget = budget;
    this.#depth = depth;
  }

  static of(bytes: Uint8Array, limits: ReadLimits): Reader {
    return new Reader(bytes, { parts: limits.parts }, limits.depth);
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  child(bytes: Uint8Array): Reader {
    if (this.#depth <= 0)
      throw new OnnxFault("too_large", "the file nests messages deeper than any model does");
    return new Reader(bytes, this.#budget, this.#depth - 1);
  }

  /** Counts more parts of the file; throws when there are too many. */
  spend(parts = 1): void {
    this.#budget.parts -= parts;
    if (this.#budget.parts < 0)
      throw new OnnxFault("too_large", "the file has more nodes, names and attributes than fit");
  }

  tag(): { number: number; wire: number } {
    const tag = this.#unsigned();
    const number = Math.floor(tag / 8);
    if (number < 1 || number > 0x1fffffff) throw malformed(`no field has the number ${number}`);
    return { number, wire: tag % 8 };
  }

  /** An int32, int64 or enum. Beyond 2^53 it is rounded. */
  integer(): number {
    const { bytes } = this;
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 7; index += 1) {
      const byte = bytes[this.at + index];
      if (byte === undefined) throw malformed("it ends inside a number");
      value += (byte % 128) * scale;
      if (byte < 128) {
        this.at += index + 1;
        return value;
      }
      scale *= 128;
    }
    return Number(this.long());
  }

  float32(): number {
    return viewOf(this.take(4)).getFloat32(0, true);
  }

  /** The bytes of a length-delimited field. */
  block(): Uint8Array {
    return this.take(this.#unsigned());
  }

  text(): string {
    const bytes = this.block();
    const text = readText(bytes);
    if (text === undefined) throw malformed("a name or a text is not UTF-8");
    return text;
  }

  /** Passes over a field's content and returns it, the tag not included. */
  skip(wire: number): Uint8Array {
    const from = this.at;
    if (wire === WIRE.varint) this.integer();
    else if (wire === WIRE.bytes) this.block();
    else if (wire === WIRE.fixed64) this.take(8);
    else if (wire === WIRE.fixed32) this.take(4);
    else throw malformed(`wire type ${wire} is not one of protobuf's`);
    return this.bytes.subarray(from, this.at);
  }

  take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) throw malformed("a part claims more bytes than there are");
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  #unsigned(): number {
    const value = this.integer();
    if (value < 0 || !Number.isSafeInteger(value)) throw malformed("a length is out of range");
    return value;
  }

  /** An int64, to the last digit. */
  long(): bigint {
    let value = 0n;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.bytes[this.at + index];
      if (byte === undefined) throw malformed("it ends inside a number");
      value |= BigInt(byte % 128) << BigInt(7 * index);
      if (byte < 128) {
        this.at += index + 1;
        return BigInt.asIntN(64, value);
      }
    }
    throw malformed("a number has more than ten bytes");
  }
}

/** The text, or undefined where the bytes are no UTF-8. */
export function readText(bytes: Uint8Array): string | undefined {
  const text = utf8Decode(bytes);
  if (!text.includes("\ufffd")) return text;
  const again = utf8Encode(text);
  return again.length === bytes.length && again.every((byte, index) => byte === bytes[index])
    ? text
    : undefined;
}

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const malformed = (reason: string): OnnxFault =>
  new OnnxFault("malformed", `this is not an ONNX file: ${reason}`);
