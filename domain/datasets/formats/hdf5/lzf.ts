import { damaged } from "./hdf5-fault.ts";

/** Copies of fewer bytes than this are not made; a length counts from it. */
const SHORTEST_COPY = 2;

/**
 * Unpacks what LibLZF packed (filter 32000, which h5py brings): at most `most` bytes. A byte below
 * 32 says how many literals follow, less one; any other has a length in three bits (7 is continued in
 * the next byte) and, with the byte behind, how far back to copy from, less one.
 */
export function unpackLzf(bytes: Uint8Array, most: number): Uint8Array {
  const whole = new Uint8Array(most);
  let filled = 0;
  for (let at = 0; at < bytes.length;) {
    const control = bytes[at++] ?? 0;
    if (control < 32) {
      const count = control + 1;
      if (count > bytes.length - at || count > most - filled)
        throw damaged("a chunk's LZF data have literals beyond their end");
      whole.set(bytes.subarray(at, (at += count)), filled);
      filled += count;
      continue;
    }
    const length = control >> 5;
    const count = length + SHORTEST_COPY + (length === 7 ? (bytes[at++] ?? 0) : 0);
    const distance = (((control & 31) << 8) | (bytes[at++] ?? 0)) + 1;
    if (at > bytes.length || distance > filled || count > most - filled)
      throw damaged("a chunk's LZF data copy from beyond their ends");
    // What overlaps itself repeats what it has just written.
    for (let i = 0; i < count; i++) whole[filled + i] = whole[filled + i - distance] ?? 0;
    filled += count;
  }
  return whole.subarray(0, filled);
}
