/** A cyclic redundancy check of 32 bits, least significant bit first, with complement before and after. */
export type Crc = (bytes: Uint8Array, previous?: number) => number;

/** Of a polynomial with its bits reversed. `previous` is the check of the bytes before. */
function crcOf(polynomial: number): Crc {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1;
    return rest;
  });
  return (bytes, previous = 0) => {
    let rest = ~previous;
    for (let at = 0; at < bytes.length; at++)
      rest = (rest >>> 8) ^ (table[(rest ^ (bytes[at] ?? 0)) & 255] ?? 0);
    return ~rest >>> 0;
  };
}

/** As in zip archives (ISO 3309). */
export const crc32 = crcOf(0xedb88320);
/** Castagnoli's polynomial (RFC 3720, appendix B.4). */
export const crc32c = crcOf(0x82f63b78);
