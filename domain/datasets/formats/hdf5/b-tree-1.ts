import type { StoredChunk } from "./chunk-index.ts";
import { damaged } from "./hdf5-fault.ts";
import type { Storage } from "./storage.ts";

const DEEPEST = 32;

/** Finds a chunk in a first-version B-tree (section III.A.1), whose keys are the chunks' first elements. */
export async function findInTree1(
  file: Storage,
  root: number,
  chunk: readonly number[],
  place: readonly number[],
): Promise<StoredChunk | null> {
  const { offsetSize } = file;
  const frame = 8 + 2 * offsetSize;
  const keySize = 8 + 8 * (chunk.length + 1);
  const pair = keySize + offsetSize;
  let address = root;
  let depth: number | null = null;
  for (;;) {
    const what = `the B-tree node at ${address}`;
    const head = (await file.read(address, frame, what)).signature("TREE");
    const [kind, level, used] = [head.uint(1), head.uint(1), head.uint(2)];
    if (kind !== 1 || level > DEEPEST || (depth !== null && level !== depth - 1))
      throw damaged(`${what} is of another kind or level than its tree`);
    depth = level;
    const entries = await file.read(address + frame, used * pair, what);
    const compare = (entry: number): number => {
      entries.at = entry * pair + 8;
      for (const [axis, wanted] of place.entries()) {
        const order = wanted * (chunk[axis] ?? 1) - entries.uint(8);
        if (order !== 0) return order;
      }
      return 0;
    };
    // The last entry whose key is not beyond the chunk.
    let [low, high] = [0, used];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(middle) < 0) high = middle;
      else low = middle + 1;
    }
    const entry = low - 1;
    if (entry < 0) return null;
    const found = compare(entry) === 0;
    entries.at = entry * pair;
    const [size, mask] = [entries.uint(4), entries.uint(4)];
    entries.at = entry * pair + keySize;
    address = entries.uint(offsetSize);
    if (level === 0) return found ? { address, size, mask } : null;
  }
}
