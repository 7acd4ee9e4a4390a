import { damagedPage } from "./packed-bits.ts";

const SMALLEST_MATCH = 4;

/** A length's low four bits, and where they are all set the bytes that follow up to one below 255. */
function longer(bytes: Uint8Array, from: { at: number }, nibble: number): number {
  let length = nibble;
  if (nibble === 15)
    for (let next = 255; next === 255; length += next) {
      const byte = bytes[from.at++];
      if (byte === undefined) throw damagedPage("its LZ4 block ends in a length");
      next = byte;
    }
  return length;
}

/** Unpacks one block of the LZ4 block format, which must fill `out` exactly. */
export function lz4Block(bytes: Uint8Array, out: Uint8Array): void {
  const from = { at: 0 };
  let filled = 0;
  while (from.at < bytes.length) {
    const token = bytes[from.at++] ?? 0;
    const literals = longer(bytes, from, token >> 4);
    if (literals > bytes.length - from.at || literals > out.length - filled)
      throw damagedPage("its LZ4 block has literals beyond its end");
    out.set(bytes.subarray(from.at, (from.at += literals)), filled);
    filled += literals;
    if (from.at === bytes.length) break;
    const distance = (bytes[from.at] ?? 0) | ((bytes[from.at + 1] ?? 0) << 8);
    from.at += 2;
    const match = longer(bytes, from, token & 15) + SMALLEST_MATCH;
    if (distance === 0 || distance > filled || match > out.length - filled)
      throw damagedPage("its LZ4 block copies from beyond its ends");
    if (distance >= match) out.copyWithin(filled, filled - distance, filled - distance + match);
    // A match that overlaps itself repeats what it has just written.
    else for (let i = 0; i < match; i++) out[filled + i] = out[filled + i - distance] ?? 0;
    filled += match;
  }
  if (filled !== out.length)
    throw damagedPage(`its LZ4 block unpacks to ${filled} bytes in place of ${out.length}`);
}

/**
 * The older LZ4 codec: blocks with their two sizes before them, big-endian, as Hadoop has them; some
 * writers left the sizes out.
 */
export function lz4Framed(bytes: Uint8Array, out: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const blocks: { from: number; to: number; size: number }[] = [];
  let at = 0;
  let total = 0;
  while (at + 8 <= bytes.length) {
    const size = view.getUint32(at);
    const packed = view.getUint32(at + 4);
    at += 8;
    if (packed > bytes.length - at || packed === 0) break;
    blocks.push({ from: at, to: at + packed, size });
    at += packed;
    total += size;
  }
  if (at !== bytes.length || total !== out.length) {
    lz4Block(bytes, out);
    return;
  }
  let filled = 0;
  for (const { from, to, size } of blocks)
    lz4Block(bytes.subarray(from, to), out.subarray(filled, (filled += size)));
}
