import { type ByteSource, checkRange } from "../../byte-source.ts";

/** Short reads that lie near each other are served from one read of the file. */
export function blockSource(source: ByteSource, block: number): ByteSource {
  let held: Uint8Array = new Uint8Array(0);
  let at = 0;
  return {
    size: source.size,
    async read(offset, length) {
      checkRange(source, offset, length);
      if (length >= block) return source.read(offset, length);
      if (offset < at || offset + length > at + held.length) {
        held = await source.read(offset, Math.min(block, source.size - offset));
        at = offset;
      }
      return held.slice(offset - at, offset - at + length);
    },
  };
}
