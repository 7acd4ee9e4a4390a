/** "linn" in ASCII. */
const SEED = 0x6c696e6e;
const WEYL_STEP = 0x9e3779b9;

/**
 * The 32-bit numbers that a gear hash adds for each byte: the finaliser of MurmurHash3 (Appleby)
 * over a Weyl sequence (Marsaglia 2003) with the step 2^32 divided by the golden ratio. Where
 * stored files were cut follows from them, so that they never change.
 */
export const GEAR_TABLE: Int32Array = Int32Array.from({ length: 256 }, (_, byte) =>
  scrambled(SEED + Math.imul(byte + 1, WEYL_STEP)),
);

function scrambled(value: number): number {
  let bits = value ^ (value >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
