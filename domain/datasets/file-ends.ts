import { type ByteSource, checkRange } from "./byte-source.ts";
import { DatasetFault } from "./dataset-fault.ts";

/**
 * What is sent of a file to have it checked before the rest: readers of text guess from as much of
 * its beginning, and most others find their tables in as much of its end.
 */
export const END_BYTES = 2 ** 20;
/** Both ends together. */
export const ENDS_BYTES = 2 * END_BYTES;

/** Nobody's fault: what was to be read is not among the bytes that are here. */
export class NotAtHand extends Error {
  override readonly name = "NotAtHand";
}

/** `hasMissed` once something was to be read that is not here: what comes of it says nothing of the file. */
export type FileEnds = ByteSource & { readonly hasMissed: boolean };

/**
 * A file of `size` bytes of which only the ends are here: the first `head` of these bytes are its
 * first, the others its last. A read of anything else throws `NotAtHand`. Throws a DatasetFault
 * `option_invalid` where that many bytes cannot be the ends of this file.
 */
export function endsOf(bytes: Uint8Array, head: number, size: number): FileEnds {
  if (head > bytes.length)
    throw new DatasetFault(
      "option_invalid",
      `the first ${head} bytes of the file should be here, and ${bytes.length} bytes are`,
      { field: "head" },
    );
  if (bytes.length > size)
    throw new DatasetFault(
      "option_invalid",
      `the file has ${size} bytes, and ${bytes.length} are here: send its ends, which do not overlap`,
      { field: "size_bytes" },
    );
  /** How many bytes lie between the ends. */
  const gap = size - bytes.length;
  let hasMissed = false;
  return {
    size,
    get hasMissed() {
      return hasMissed;
    },
    async read(offset, length) {
      checkRange({ size }, offset, length);
      const end = offset + length;
      if (gap === 0 || end <= head) return bytes.subarray(offset, end);
      if (offset >= head + gap) return bytes.subarray(offset - gap, end - gap);
      hasMissed = true;
      throw new NotAtHand(`bytes ${offset} to ${end} of ${size} are not here`);
    },
  };
}
