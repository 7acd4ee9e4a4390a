import { findRecord, openBTree2 } from "./b-tree-2.ts";
import { findInTree1 } from "./b-tree-1.ts";
import { Cursor } from "./cursor.ts";
import { elementCount } from "../tensor-data.ts";
import { openExtensibleArray } from "./extensible-array.ts";
import { openFixedArray } from "./fixed-array.ts";
import { damaged } from "./hdf5-fault.ts";
import type { Layout } from "./layout.ts";
import type { Storage } from "./storage.ts";

/** Where a chunk lies; a set bit of `mask` is a filter that it did not go through. */
export type StoredChunk = { address: number; size: number; mask: number };

/** Finds a chunk by its place in chunks along each axis; null where it was never written. */
export type ChunkIndex = (place: readonly number[]) => Promise<StoredChunk | null>;

type Chunked = Extract<Layout, { kind: "chunked" }>;

/** An array as its index sees it. */
export type Grid = {
  shape: readonly number[];
  limits: readonly (number | null)[];
  /** Bytes of a chunk that went through no filter. */
  chunkBytes: number;
  filtered: boolean;
};

/** Opens the index of an array's chunks (section VII of the specification, and III.A for the trees). */
export async function openChunkIndex(
  file: Storage,
  { address, chunk, index }: Chunked,
  grid: Grid,
): Promise<ChunkIndex> {
  if (address === null) return async () => null;
  switch (index.kind) {
    case "tree1":
      return (place) => findInTree1(file, address, chunk, place);
    case "single": {
      const only = { address, size: index.size ?? grid.chunkBytes, mask: index.mask };
      return async () => only;
    }
    case "implicit": {
      const counts = chunkCounts(grid, chunk);
      const { chunkBytes: size } = grid;
      return async (place) => ({ address: address + linear(place, counts) * size, size, mask: 0 });
    }
    case "fixed": {
      const counts = chunkCounts(grid, chunk);
      const element = await openFixedArray(file, address);
      return async (place) => readElement(file, await element(linear(place, counts)), grid);
    }
    case "extensible":
      return openExtensible(file, address, chunk, grid);
    case "tree2":
      return openTree(file, address, grid);
  }
}

/** How many chunks lie along each axis once the array has grown as far as it may. */
const chunkCounts = ({ shape, limits }: Grid, chunk: readonly number[]): number[] =>
  chunk.map((size, axis) => Math.ceil((limits[axis] ?? shape[axis] ?? 0) / size));

/** The number of a chunk, the last axis counting fastest. */
const linear = (place: readonly number[], counts: readonly number[]): number =>
  place.reduce((number, at, axis) => number * (counts[axis] ?? 1) + at, 0);

/** The axis without a limit counts slowest, whichever it is. */
async function openExtensible(
  file: Storage,
  address: number,
  chunk: readonly number[],
  grid: Grid,
): Promise<ChunkIndex> {
  const free = Math.max(0, grid.limits.indexOf(null));
  const turned = <T>(list: readonly T[]): T[] => [
    ...list.slice(free, free + 1),
    ...list.slice(0, free),
    ...list.slice(free + 1),
  ];
  const counts = turned(chunkCounts(grid, chunk));
  const element = await openExtensibleArray(file, address);
  return async (place) => readElement(file, await element(linear(turned(place), counts)), grid);
}

/** An element of an array of chunks: an address and, of filtered ones, a size and a mask. */
function readElement(
  { offsetSize }: Storage,
  element: Cursor | null,
  { chunkBytes, filtered }: Grid,
): StoredChunk | null {
  const address = element?.optional(offsetSize) ?? null;
  if (element === null || address === null) return null;
  if (!filtered) return { address, size: chunkBytes, mask: 0 };
  return { address, size: element.uint(element.left - 4), mask: element.uint(4) };
}

async function openTree(file: Storage, address: number, grid: Grid): Promise<ChunkIndex> {
  const tree = await openBTree2(file, address);
  const rank = grid.shape.length;
  const plain = file.offsetSize + 8 * rank;
  const sizeWidth = grid.filtered ? tree.recordSize - plain - 4 : 0;
  if (tree.type !== (grid.filtered ? 11 : 10) || sizeWidth < 0 || sizeWidth > 8)
    throw damaged(`an index of chunks is of the type ${tree.type}`);
  const from = tree.recordSize - 8 * rank;
  return async (place) => {
    const record = await findRecord(tree, (candidate) => {
      const at = new Cursor(candidate, "a chunk's record").skip(from);
      for (const wanted of place) {
        const order = wanted - at.uint(8);
        if (order !== 0) return order;
      }
      return 0;
    });
    const element = record && new Cursor(record.subarray(0, from), "a chunk's record");
    return readElement(file, element, grid);
  };
}

/** How many chunks an array takes. */
export const chunksOf = (shape: readonly number[], chunk: readonly number[]): number =>
  elementCount(chunk.map((size, axis) => Math.ceil((shape[axis] ?? 0) / size)));
