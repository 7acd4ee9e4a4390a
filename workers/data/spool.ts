import type { Extent } from "../../contract/dataset-record.ts";
import type { ByteSource } from "../../domain/datasets/byte-source.ts";
import { storedSource } from "./stored-source.ts";

const PART_BYTES = 8 * 1_048_576;
/** As many as R2 deletes in one call. */
const MOST_DELETED = 1_000;

/**
 * Bytes that are written once and then read by ranges, in objects under the prefix of an upload; what
 * a dead isolate leaves is swept with it.
 */
export class Spool {
  readonly #bucket: R2Bucket;
  readonly #key: string;
  readonly #extents: Extent[] = [];
  #part: Uint8Array | null = null;
  #filled = 0;

  constructor(bucket: R2Bucket, prefix: string) {
    this.#bucket = bucket;
    this.#key = `${prefix}spool-${crypto.randomUUID()}`;
  }

  /** The bytes may be used anew after it. */
  async add(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      const part = (this.#part ??= new Uint8Array(PART_BYTES));
      const taken = rest.subarray(0, PART_BYTES - this.#filled);
      part.set(taken, this.#filled);
      this.#filled += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#filled === PART_BYTES) await this.#flush();
    }
  }

  async finish(): Promise<ByteSource> {
    await this.#flush();
    this.#part = null;
    const size_bytes = this.#extents.reduce((sum, { length }) => sum + length, 0);
    return storedSource(this.#bucket, { size_bytes, extents: this.#extents });
  }

  async remove(): Promise<void> {
    const keys = this.#extents.map(({ key }) => key);
    for (let at = 0; at < keys.length; at += MOST_DELETED)
      await this.#bucket.delete(keys.slice(at, at + MOST_DELETED));
  }

  async #flush(): Promise<void> {
    if (this.#part === null || this.#filled === 0) return;
    const key = `${this.#key}-${this.#extents.length}`;
    // It is removed even where only its answer is lost.
    this.#extents.push({ key, offset: 0, length: this.#filled });
    await this.#bucket.put(key, this.#part.subarray(0, this.#filled));
    this.#filled = 0;
  }
}
