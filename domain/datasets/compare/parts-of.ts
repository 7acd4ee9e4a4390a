import { checkRange, type ByteSource } from "../byte-source.ts";
import type { ByteRange } from "../chunks/changed-ranges.ts";

/** The first `head` bytes of a file and, right behind, some ranges of it, as a file. */
export function partsOf(
  source: ByteSource,
  head: number,
  ranges: readonly ByteRange[],
): ByteSource {
  const parts = [{ from: 0, to: head }, ...ranges].filter(({ from, to }) => to > from);
  const size = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  return {
    size,
    async read(offset, length) {
      checkRange({ size }, offset, length);
      const bytes = new Uint8Array(length);
      const reads: Promise<void>[] = [];
      let at = 0;
      for (const { from, to } of parts) {
        const first = Math.max(at, offset);
        const end = Math.min(at + to - from, offset + length);
        if (end > first) {
          const read = source.read(from + first - at, end - first);
          reads.push(read.then((part) => bytes.set(part, first - offset)));
        }
        at += to - from;
      }
      await Promise.all(reads);
      return bytes;
    },
  };
}
