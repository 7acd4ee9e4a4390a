const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
const lane = (word: number): number => Math.imul(rotate(Math.imul(word, C1), 15), C2);

/**
 * MurmurHash3_x86_32 of bytes. UTF-16 code units are hashed as the JavaScript package imurmurhash
 * does: the length is in code units, the high byte of one overlaps the next, and the rest after
 * the last whole word is left out where it has its sign bit set.
 */
export function murmur3X86Hash32(units: Uint8Array | Uint16Array, seed: number): number {
  const unit = (index: number): number => units[index] ?? 0;
  const whole = units.length & ~3;
  let hash = seed;
  for (let at = 0; at < whole; at += 4) {
    const last = unit(at + 3);
    const word = unit(at) ^ (unit(at + 1) << 8) ^ (unit(at + 2) << 16) ^ (last << 24) ^ (last >> 8);
    hash = (Math.imul(rotate(hash ^ lane(word), 13), 5) + 0xe6546b64) | 0;
  }
  const rest = unit(whole) ^ (unit(whole + 1) << 8) ^ (unit(whole + 2) << 16);
  if (rest > 0) hash ^= lane(rest);
  hash ^= units.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
