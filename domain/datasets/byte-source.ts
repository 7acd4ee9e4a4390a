import { DatasetFault } from "./dataset-fault.ts";

/** A file that is read by ranges, wherever it lies. */
export type ByteSource = {
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset` on, which the caller may keep and does not change. Throws
   * a DatasetFault `file_invalid` where they would go beyond the end.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
};

/** Refuses a range that the file does not have. */
export function checkRange({ size }: { size: number }, offset: number, length: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= size))
    throw new DatasetFault(
      "file_invalid",
      `the file ends at byte ${size}, and should have ${length} bytes from ${offset} on: it is truncated or damaged`,
    );
}

export const sourceOf = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  async read(offset, length) {
    checkRange({ size: bytes.length }, offset, length);
    return bytes.subarray(offset, offset + length);
  },
});

/**
 * A file that is read from its beginning to its end as it arrives, once: each range begins where
 * the one before ended. A read waits for its bytes. Throws a RangeError for any other order.
 */
export function streamSource(stream: AsyncIterable<Uint8Array>, size: number): ByteSource {
  const chunks = stream[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  let at = 0;
  return {
    size,
    async read(offset, length) {
      checkRange({ size }, offset, length);
      if (offset !== at) throw new RangeError(`the stream is at ${at}, not at ${offset}`);
      const wanted = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        if (rest.length === 0) {
          const next = await chunks.next();
          if (next.done) checkRange({ size: at + filled }, offset, length);
          else rest = next.value;
          continue;
        }
        const taken = rest.subarray(0, length - filled);
        wanted.set(taken, filled);
        filled += taken.length;
        rest = rest.subarray(taken.length);
      }
      at += length;
      return wanted;
    },
  };
}
