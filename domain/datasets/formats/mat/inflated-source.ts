import { type ByteSource, checkRange } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import type { Platform } from "../platform.ts";

const BLOCK = 256 * 2 ** 10;
/** Deflate unpacks a byte to 1,032 at most. */
const MOST_RATIO = 1032;

async function* blocksOf(source: ByteSource, offset: number, length: number) {
  for (let at = 0; at < length; at += BLOCK)
    yield await source.read(offset + at, Math.min(BLOCK, length - at));
}

const damaged = (why: string): DatasetFault =>
  new DatasetFault("file_invalid", `the file's compressed data are damaged: ${why}`);

/**
 * What a part of a file unpacks to (zlib, RFC 1950), read forwards with no more than a block in
 * memory; a read that goes back unpacks it from the beginning again. `size` is how much of it there
 * is to read.
 */
export function inflatedSource(
  source: ByteSource,
  offset: number,
  length: number,
  size: number,
  platform: Platform,
): ByteSource {
  if (size > length * MOST_RATIO) throw damaged(`${length} bytes cannot unpack to ${size}`);
  let chunks: AsyncIterator<Uint8Array> | null = null;
  let rest: Uint8Array = new Uint8Array(0);
  let at = 0;

  const next = async (): Promise<void> => {
    chunks ??= platform.inflateZlib(blocksOf(source, offset, length))[Symbol.asyncIterator]();
    let taken: IteratorResult<Uint8Array, unknown>;
    try {
      taken = await chunks.next();
    } catch (error) {
      if (error instanceof DatasetFault) throw error;
      throw damaged(String(error));
    }
    if (taken.done === true) throw damaged("they end too early");
    rest = taken.value;
  };

  return {
    size,
    async read(from, wanted) {
      if (from < at) {
        await chunks?.return?.();
        chunks = null;
        rest = new Uint8Array(0);
        at = 0;
      }
      checkRange({ size }, from, wanted);
      while (at < from) {
        if (rest.length === 0) await next();
        const passed = Math.min(from - at, rest.length);
        rest = rest.subarray(passed);
        at += passed;
      }
      const parts: Uint8Array[] = [];
      for (let left = wanted; left > 0;) {
        if (rest.length === 0) await next();
        const part = rest.subarray(0, left);
        parts.push(part);
        rest = rest.subarray(part.length);
        at += part.length;
        left -= part.length;
      }
      return joined(parts, wanted);
    },
  };
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
