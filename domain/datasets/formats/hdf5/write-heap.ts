import { joinBytes } from "./structure.ts";

/** A collection is closed when it is as large; the format's least is 4,096 bytes. */
const COLLECTION = 65_536;
const LEAST = 4096;
const MOST_OBJECTS = 60_000;
const FRAME = 16;

/** Writes texts and sequences into collections (section III.E), the first of which lies at `start`. */
export class HeapWriter {
  #address: number;
  #objects: Uint8Array[] = [];
  #size = FRAME;
  #closed: Uint8Array[] = [];

  constructor(start: number) {
    this.#address = start;
  }

  /** Puts `bytes`, of so many elements, into the heap and what names them into 16 bytes of `target`. */
  add(bytes: Uint8Array, count: number, target: Uint8Array, at: number): void {
    // What is all zeros is an empty text or sequence.
    if (count === 0) return;
    if (this.#size + FRAME + bytes.length > COLLECTION || this.#objects.length >= MOST_OBJECTS)
      this.#close();
    this.#objects.push(bytes);
    this.#size += FRAME + Math.ceil(bytes.length / 8) * 8;
    const name = new DataView(target.buffer, target.byteOffset + at, 16);
    name.setUint32(0, count, true);
    name.setBigUint64(4, BigInt(this.#address), true);
    name.setUint32(12, this.#objects.length, true);
  }

  /** The bytes of the collections that are full, or of all where `all` says so, since it was last asked. */
  take(all: boolean): Uint8Array {
    if (all) this.#close();
    const bytes = joinBytes(this.#closed);
    this.#closed = [];
    return bytes;
  }

  /** Moves on where something else was written behind the collections. */
  skip(bytes: number): void {
    this.#address += bytes;
  }

  #close(): void {
    if (this.#objects.length === 0) return;
    const used = this.#size;
    // Free space has a header of its own, for which there must be room.
    const size = used >= LEAST ? used : Math.max(LEAST, used + FRAME);
    const collection = new Uint8Array(size);
    const view = new DataView(collection.buffer);
    collection.set([0x47, 0x43, 0x4f, 0x4c, 1]);
    view.setBigUint64(8, BigInt(size), true);
    let at = FRAME;
    for (const [index, bytes] of this.#objects.entries()) {
      view.setUint16(at, index + 1, true);
      view.setUint16(at + 2, 1, true);
      view.setBigUint64(at + 8, BigInt(bytes.length), true);
      collection.set(bytes, at + FRAME);
      at += FRAME + Math.ceil(bytes.length / 8) * 8;
    }
    if (size > used) view.setBigUint64(at + 8, BigInt(size - used), true);
    this.#closed.push(collection);
    this.#address += size;
    this.#objects = [];
    this.#size = FRAME;
  }
}
