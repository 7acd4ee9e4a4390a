import { encodePack, PACK_LIMITS } from "../../contract/dataset-file.ts";
import type { ByteFile } from "./byte-file.ts";
import type { Chunk } from "./hash-chunks.ts";

/** Chunks that come again further on in a file are sent once, as far back as this many. */
const MOST_REMEMBERED = 500_000;

/** Collects chunks until they fill a pack. */
export class PackQueue {
  #waiting: Chunk[] = [];
  #bytes = 0;
  #known = new Set<string>();

  /** False for a chunk that was added before. */
  add(chunk: Chunk): boolean {
    if (this.#known.has(chunk.sha256)) return false;
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear();
    this.#known.add(chunk.sha256);
    this.#waiting.push(chunk);
    this.#bytes += chunk.length;
    return true;
  }

  /** The next full pack; with `all` also one that is not full. */
  take({ all }: { all: boolean }): Chunk[] | undefined {
    const isFull = this.#bytes > PACK_LIMITS.bytes || this.#waiting.length > PACK_LIMITS.chunks;
    if (!isFull && (!all || this.#waiting.length === 0)) return undefined;
    let bytes = 0;
    const end = this.#waiting.findIndex(
      ({ length }, index) => index === PACK_LIMITS.chunks || (bytes += length) > PACK_LIMITS.bytes,
    );
    const pack = this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
    this.#bytes -= sizeOf(pack);
    return pack;
  }
}

export const sizeOf = (chunks: readonly Chunk[]): number =>
  chunks.reduce((sum, { length }) => sum + length, 0);

/** The frame in which these chunks travel; what lies side by side in the file is read at once. */
export async function readPack(file: ByteFile, pack: Chunk[]): Promise<Uint8Array<ArrayBuffer>> {
  const bytes: Uint8Array[] = [];
  for (const run of runsOf(pack)) {
    const from = run[0]?.offset ?? 0;
    const read = await file.slice(from, from + sizeOf(run));
    for (const { offset, length } of run)
      bytes.push(read.subarray(offset - from, offset - from + length));
  }
  return encodePack(bytes);
}

function runsOf(pack: Chunk[]): Chunk[][] {
  const runs: Chunk[][] = [];
  let end = -1;
  for (const chunk of pack) {
    if (chunk.offset === end) runs.at(-1)?.push(chunk);
    else runs.push([chunk]);
    end = chunk.offset + chunk.length;
  }
  return runs;
}
