import { utf8Decode, utf8Encode } from "../../text/utf8.ts";
import { OnnxFault } from "../onnx-fault.ts";
import type { ReadLimits } from "./read-limits.ts";

/** https://protobuf.dev/programming-guides/encoding/ */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Characters up to which putting them together one by one is faster than making a view. */
const SHORT = 16;
/** Arguments that a function is sure to take. */
const LONG = 4096;

/** Goes through a file from its start, in and out of the messages in it; what it hands out are views. */
export class Reader {
  readonly bytes: Uint8Array;
  /** Only grows, so that nothing is read twice. */
  at = 0;
  /** Where the message ends that is being read. */
  #end: number;
  #parts: number;
  #depth: number;

  private constructor(bytes: Uint8Array, limits: ReadLimits) {
    this.bytes = bytes;
    this.#end = bytes.length;
    this.#parts = limits.parts;
    this.#depth = limits.depth;
  }

  static of(bytes: Uint8Array, limits: ReadLimits): Reader {
    return new Reader(bytes, limits);
  }

  get isAtEnd(): boolean {
    return this.at >= this.#end;
  }

  /** Reads a length and then, up to there, a message. */
  inside<T>(read: (reader: Reader) => T): T {
    if (this.#depth <= 0)
      throw new OnnxFault("too_large", "the file nests messages deeper than any model does");
    const outer = this.#end;
    this.#end = this.#endOfBlock();
    this.#depth -= 1;
    const value = read(this);
    this.#depth += 1;
    this.#end = outer;
    return value;
  }

  /** Counts more parts of the file; throws when there are too many. */
  spend(parts = 1): void {
    this.#parts -= parts;
    if (this.#parts < 0)
      throw new OnnxFault("too_large", "the file has more nodes, names and attributes than fit");
  }

  /** A field's number times 8, plus its wire type. */
  tag(): number {
    const tag = this.#unsigned();
    if (tag < 8 || tag >= 2 ** 32)
      throw malformed(`no field has the number ${Math.floor(tag / 8)}`);
    return tag;
  }

  /** An int32, int64 or enum. Beyond 2^53 it is rounded. */
  integer(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 7; index += 1) {
      const byte = this.#byte(this.at + index);
      value += (byte % 128) * scale;
      if (byte < 128) {
        this.at += index + 1;
        return value;
      }
      scale *= 128;
    }
    return Number(this.long());
  }

  /** An int64, to the last digit. */
  long(): bigint {
    let value = 0n;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.#byte(this.at + index);
      value |= BigInt(byte % 128) << BigInt(7 * index);
      if (byte < 128) {
        this.at += index + 1;
        return BigInt.asIntN(64, value);
      }
    }
    throw malformed("a number has more than ten bytes");
  }

  float32(): number {
    return viewOf(this.#take(4)).getFloat32(0, true);
  }

  /** The bytes of a length-delimited field. */
  block(): Uint8Array {
    const end = this.#endOfBlock();
    const from = this.at;
    this.at = end;
    return this.bytes.subarray(from, end);
  }

  text(): string {
    const end = this.#endOfBlock();
    const text = this.#ascii(end) ?? readText(this.bytes.subarray(this.at, end));
    if (text === undefined) throw malformed("a name or a text is not UTF-8");
    this.at = end;
    return text;
  }

  /** Passes over a field's content and returns it, the tag not included. */
  skip(wire: number): Uint8Array {
    const from = this.at;
    if (wire === WIRE.varint) this.integer();
    else if (wire === WIRE.bytes) this.at = this.#endOfBlock();
    else if (wire === WIRE.fixed64) this.#take(8);
    else if (wire === WIRE.fixed32) this.#take(4);
    else throw malformed(`wire type ${wire} is not one of protobuf's`);
    return this.since(from);
  }

  /** What was read from a position on. */
  since(from: number): Uint8Array {
    return this.bytes.subarray(from, this.at);
  }

  /** What nearly all names are; undefined for a text that is longer or has other characters. */
  #ascii(end: number): string | undefined {
    const { bytes, at } = this;
    if (end - at > LONG) return undefined;
    for (let index = at; index < end; index += 1) if ((bytes[index] ?? 0) >= 128) return undefined;
    if (end - at > SHORT) return Reflect.apply(String.fromCharCode, null, bytes.subarray(at, end));
    let text = "";
    for (let index = at; index < end; index += 1) text += String.fromCharCode(bytes[index] ?? 0);
    return text;
  }

  #byte(at: number): number {
    if (at >= this.#end) throw malformed("it ends inside a number");
    return this.bytes[at] ?? 0;
  }

  #take(length: number): Uint8Array {
    const from = this.at;
    this.at = this.#checked(from + length);
    return this.bytes.subarray(from, this.at);
  }

  #endOfBlock(): number {
    const length = this.#unsigned();
    return this.#checked(this.at + length);
  }

  #checked(end: number): number {
    if (end > this.#end) throw malformed("a part claims more bytes than there are");
    return end;
  }

  #unsigned(): number {
    const value = this.integer();
    if (value < 0 || !Number.isSafeInteger(value)) throw malformed("a length is out of range");
    return value;
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
