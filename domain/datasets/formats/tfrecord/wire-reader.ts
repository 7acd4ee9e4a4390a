import { DatasetFault } from "../../dataset-fault.ts";

export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Goes through the fields of a protobuf message (https://protobuf.dev/programming-guides/encoding/). */
export class WireReader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  /** The number and wire type of the field whose value comes next. */
  field = 0;
  wire = 0;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** Reads the next field's number and wire type; false at the end. */
  next(): boolean {
    if (this.at >= this.end) return false;
    const tag = this.#size();
    this.field = Math.floor(tag / 8);
    this.wire = tag % 8;
    if (this.field === 0) throw malformed("a field has no number");
    return true;
  }

  /** The message or block of bytes that is the value. */
  inside(): WireReader {
    if (this.wire !== WIRE.bytes) throw malformed(`field ${this.field} has another wire type`);
    const length = this.#size();
    if (length > this.end - this.at)
      throw malformed(`field ${this.field} is longer than its message`);
    const from = this.at;
    this.at += length;
    return new WireReader(this.bytes, from, this.at);
  }

  get block(): Uint8Array {
    return this.bytes.subarray(this.at, this.end);
  }

  /** An int64, whose highest bits fall away as protobuf has it. */
  long(): bigint {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      low += (byte & 127) * 2 ** shift;
      if (byte < 128) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
    throw malformed("a number has more than ten bytes");
  }

  skip(): void {
    if (this.wire === WIRE.varint) this.long();
    else if (this.wire === WIRE.bytes) this.inside();
    else if (this.wire === WIRE.fixed64) this.#pass(8);
    else if (this.wire === WIRE.fixed32) this.#pass(4);
    else throw malformed(`wire type ${this.wire} is not read`);
  }

  /** A length or a tag: at most 32 bits. */
  #size(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 35; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw malformed("a length has more than five bytes");
  }

  #byte(): number {
    if (this.at >= this.end) throw malformed("a number is cut off");
    return this.bytes[this.at++] ?? 0;
  }

  #pass(length: number): void {
    if (length > this.end - this.at) throw malformed("a number is cut off");
    this.at += length;
  }
}

export const malformed = (what: string): DatasetFault =>
  new DatasetFault(
    "file_invalid",
    `it is no tf.train.Example, which is the one message that is read: ${what}`,
  );
