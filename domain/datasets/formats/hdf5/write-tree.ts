import { Structure, UNDEFINED } from "./structure.ts";

/** Children of a node where a file does not say otherwise: twice its K of 32. */
const MOST_CHILDREN = 64;

/** The chunks of an array: rows of all its other axes, one after another. */
export type WrittenChunks = {
  addresses: readonly number[];
  chunkRows: number;
  chunkBytes: number;
  rank: number;
};

/** A first-version B-tree (section III.A.1) of chunks, to be put at `start`: its bytes and where its root is. */
export function chunkTree(
  { addresses, chunkRows, chunkBytes, rank }: WrittenChunks,
  start: number,
): { bytes: Uint8Array; root: number } {
  const bytes = new Structure();
  const key = (chunk: number): void => {
    bytes
      .uint(chunkBytes, 4)
      .uint(0, 4)
      .uint(chunk * chunkRows, 8)
      .zeros(8 * rank);
  };
  // A node takes all its room, whatever it holds.
  const nodeSize = 24 + MOST_CHILDREN * 8 + (MOST_CHILDREN + 1) * (16 + 8 * rank);
  let level = addresses.map((address, first) => ({ address, first }));
  for (let height = 0; height === 0 || level.length > 1; height++) {
    const above: typeof level = [];
    for (let from = 0; from < level.length; from += MOST_CHILDREN) {
      const children = level.slice(from, from + MOST_CHILDREN);
      const at = start + bytes.length;
      above.push({ address: at, first: children[0]?.first ?? 0 });
      bytes.text("TREE").raw(1, height).uint(children.length, 2);
      bytes.address(from === 0 ? UNDEFINED : at - nodeSize);
      bytes.address(from + MOST_CHILDREN < level.length ? at + nodeSize : UNDEFINED);
      for (const child of children) {
        key(child.first);
        bytes.address(child.address);
      }
      key(level[from + MOST_CHILDREN]?.first ?? addresses.length);
      bytes.zeros(at + nodeSize - start - bytes.length);
    }
    level = above;
  }
  return { bytes: bytes.finish(), root: level[0]?.address ?? UNDEFINED };
}
