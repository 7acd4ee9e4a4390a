import { damaged } from "./hdf5-fault.ts";

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/** Jenkins' lookup3 ("hashlittle", 2006) with the initial value 0, as metadata is summed. */
export function lookup3(bytes: Uint8Array): number {
  let a = (0xdeadbeef + bytes.length) | 0;
  let b = a;
  let c = a;
  const word = (at: number): number =>
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24);
  let at = 0;
  for (; bytes.length - at > 12; at += 12) {
    a = (a + word(at)) | 0;
    b = (b + word(at + 4)) | 0;
    c = (c + word(at + 8)) | 0;
    a = ((a - c) ^ rotate(c, 4)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotate(a, 6)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotate(b, 8)) | 0;
    b = (b + a) | 0;
    a = ((a - c) ^ rotate(c, 16)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rotate(a, 19)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rotate(b, 4)) | 0;
    b = (b + a) | 0;
  }
  if (at === bytes.length) return c >>> 0;
  a = (a + word(at)) | 0;
  b = (b + word(at + 4)) | 0;
  c = (c + word(at + 8)) | 0;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  c = ((c ^ b) - rotate(b, 24)) | 0;
  return c >>> 0;
}

/** Refuses bytes whose last four are not the sum of all others. */
export function verifyChecksum(bytes: Uint8Array, what: string): void {
  const end = bytes.length - 4;
  if (end < 0) throw damaged(`${what} is too short for its checksum`);
  const stored = new DataView(bytes.buffer, bytes.byteOffset + end, 4).getUint32(0, true);
  if (stored !== lookup3(bytes.subarray(0, end)))
    throw damaged(`${what} does not match its checksum`);
}

/** Modulo 65,535, of which the end-around carry leaves 65,535 rather than 0. */
const folded = (sum: number): number => (sum === 0 ? 0 : ((sum - 1) % 65_535) + 1);

/** Fletcher's checksum over 16-bit words, as HDF5's filter has it: the first byte of a word is its high one. */
export function fletcher32(bytes: Uint8Array): number {
  let low = 0;
  let high = 0;
  const even = bytes.length & ~1;
  for (let at = 0; at < even;) {
    // So many words keep both sums below 2^53 and few enough folds.
    const end = Math.min(even, at + 720);
    for (; at < end; at += 2) {
      low += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
      high += low;
    }
    low = folded(low);
    high = folded(high);
  }
  if (even < bytes.length) {
    low = folded(low + ((bytes[even] ?? 0) << 8));
    high = folded(high + low);
  }
  return high * 65_536 + low;
}
