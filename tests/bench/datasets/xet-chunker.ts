import { seededRandom } from "../../../domain/statistics/random.ts";

/** As Xet of Hugging Face has them: a window of 64 bytes, no normalisation. */
const [MINIMUM, AVERAGE, MAXIMUM] = [8_192, 65_536, 131_072];
const WINDOW = 64;
const random = seededRandom("a 64-bit gear table");
const [HIGH, LOW] = [0, 1].map(() =>
  Uint32Array.from({ length: 256 }, () => random.integer(2 ** 32)),
) as [Uint32Array, Uint32Array];

/**
 * The offsets at which chunks end when they are cut the way Xet cuts them: a 64-bit gear hash that
 * begins anew at each cut, 65 bytes before the minimum, and cuts where its top 16 bits are zero. The
 * table is another, so that cuts lie elsewhere; how many there are and what edits share is the same.
 */
export function xetCuts(bytes: Uint8Array): number[] {
  const cuts: number[] = [];
  for (let start = 0; start < bytes.length; start = cuts.at(-1) ?? bytes.length)
    cuts.push(nextCut(bytes, start));
  return cuts;
}

function nextCut(bytes: Uint8Array, start: number): number {
  const end = Math.min(bytes.length, start + MAXIMUM);
  const testedFrom = start + MINIMUM;
  let [high, low] = [0, 0];
  for (let at = start + MINIMUM - WINDOW - 1; at < end; at++) {
    const byte = bytes[at] ?? 0;
    const sum = ((low << 1) >>> 0) + (LOW[byte] ?? 0);
    high = ((high << 1) + (low >>> 31) + (HIGH[byte] ?? 0) + (sum > 0xffffffff ? 1 : 0)) | 0;
    low = sum >>> 0;
    if (at + 1 >= testedFrom && high >>> (32 - Math.log2(AVERAGE)) === 0) return at + 1;
  }
  return end;
}
