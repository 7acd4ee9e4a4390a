import { placesBetween, runsOf, type Box, type Run } from "./box.ts";
import { chunksOf, openChunkIndex, type ChunkIndex, type StoredChunk } from "./chunk-index.ts";
import { elementCount } from "../tensor-data.ts";
import { checkFilters, undoFilters, type Filter } from "./filters.ts";
import { damaged, tooLarge } from "./hdf5-fault.ts";
import type { Layout } from "./layout.ts";
import type { RecentlyUsed } from "./recently-used.ts";
import type { Storage } from "./storage.ts";

/** A chunk that went through filters is decoded as a whole, however little of it is wanted. */
const LARGEST_CHUNK = 32 * 2 ** 20;
/** Fewer bytes at a time are read together with what lies behind them. */
const WINDOW = 65_536;
/** Deflate's best is 1,032 to 1. */
const MOST_COMPRESSED = 1_100;
const SLACK = 2 ** 20;
const MOST_UNWRITTEN = 64 * 2 ** 20;
const MOST_ROWS_OF_NOTHING = 2 ** 20;
const SPARE_CHUNKS = 65_536;

export type ArrayDescription = {
  /** Tells the array from all others of its file. */
  id: number;
  path: string;
  shape: readonly number[];
  limits: readonly (number | null)[];
  elementSize: number;
  layout: Layout;
  filters: readonly Filter[];
  /** What elements are that were never written; zeros where it is empty. */
  fill: Uint8Array;
};

/** Decoded chunks of all arrays of a file. */
export type ChunkCache = RecentlyUsed<string, Uint8Array>;

/** The bytes of a box of an array's elements, row-major; the box must lie within the array. */
export type ReadBox = (box: Box) => Promise<Uint8Array>;

/** Refuses an array that the file cannot hold or that cannot be read, and answers how to read it. */
export function openStoredArray(
  file: Storage,
  array: ArrayDescription,
  cache: ChunkCache,
): ReadBox {
  checkSize(file, array);
  const { layout } = array;
  if (layout.kind !== "chunked") return (box) => readWhole(file, array, layout, box);
  checkFilters(array.filters, array.path);
  const chunkBytes = elementCount(layout.chunk) * layout.elementSize;
  if (layout.elementSize !== array.elementSize || layout.chunk.length !== array.shape.length)
    throw damaged(`the chunks of '${array.path}' do not fit its elements or its axes`);
  if (array.filters.length > 0 && chunkBytes > LARGEST_CHUNK)
    throw tooLarge(
      `the chunks of '${array.path}' have ${chunkBytes} bytes, more than the ${LARGEST_CHUNK} that a compressed one may; write it with smaller chunks`,
    );
  const filtered = array.filters.length > 0;
  let index: Promise<ChunkIndex> | undefined;
  return async (box) => {
    index ??= openChunkIndex(file, layout, { ...array, chunkBytes, filtered });
    return readChunks({ file, array, layout, chunkBytes, cache, index: await index }, box);
  };
}

function checkSize(file: Storage, { path, shape, elementSize, layout }: ArrayDescription): void {
  const bytes = elementCount(shape) * elementSize;
  const says = `'${path}' should have ${shape.join(" x ")} elements of ${elementSize} bytes`;
  const isWritten = layout.kind === "compact" || layout.address !== null;
  if (!isWritten && bytes > MOST_UNWRITTEN)
    throw tooLarge(`${says}, more than ${MOST_UNWRITTEN} bytes, none of which were written`);
  const held =
    layout.kind === "compact"
      ? layout.bytes.length
      : layout.kind === "contiguous"
        ? file.size - (layout.address ?? 0)
        : file.size * MOST_COMPRESSED + SLACK;
  if (bytes === 0 && (shape[0] ?? 0) > MOST_ROWS_OF_NOTHING)
    throw tooLarge(`${says}: rows of nothing, more than ${MOST_ROWS_OF_NOTHING}`);
  const chunks = layout.kind === "chunked" ? chunksOf(shape, layout.chunk) : 0;
  if (isWritten && chunks > file.size + SPARE_CHUNKS)
    throw tooLarge(`${says} in ${chunks} chunks, most of which cannot have been written`);
  if (isWritten && bytes > held) throw damaged(`${says}, of which it can hold ${held} bytes`);
}

/** A target filled with what elements are that were never written. */
function emptyTarget({ fill }: ArrayDescription, bytes: number): Uint8Array {
  const target = new Uint8Array(bytes);
  if (fill.some((byte) => byte !== 0))
    for (let at = 0; at + fill.length <= bytes; at += fill.length) target.set(fill, at);
  return target;
}

async function readWhole(
  file: Storage,
  array: ArrayDescription,
  layout: Exclude<Layout, { kind: "chunked" }>,
  { start, count }: Box,
): Promise<Uint8Array> {
  const { shape, elementSize } = array;
  const runs = runsOf(count, { shape, start }, { shape: count, start: count.map(() => 0) });
  const target = emptyTarget(array, elementCount(count) * elementSize);
  if (layout.kind === "compact") copy(layout.bytes, target, runs, elementSize);
  else if (layout.address !== null)
    await gather(
      file,
      layout.address,
      elementCount(shape) * elementSize,
      runs,
      elementSize,
      target,
    );
  return target;
}

function copy(source: Uint8Array, target: Uint8Array, runs: Iterable<Run>, size: number): void {
  for (const { from, to, length } of runs)
    target.set(source.subarray(from * size, (from + length) * size), to * size);
}

/** `copy` out of the `extent` bytes at an address, of which short runs are read together. */
async function gather(
  file: Storage,
  address: number,
  extent: number,
  runs: Iterable<Run>,
  size: number,
  target: Uint8Array,
): Promise<void> {
  let window: Uint8Array = new Uint8Array(0);
  let windowAt = 0;
  for (const { from, to, length } of runs) {
    const [first, end] = [from * size, (from + length) * size];
    if (first < windowAt || end > windowAt + window.length) {
      const bytes = Math.min(Math.max(end - first, WINDOW), extent - first);
      // One run alone takes what it needs.
      const wanted = end - first === target.length ? target.length : bytes;
      window = await file.data(address + first, wanted);
      windowAt = first;
    }
    target.set(window.subarray(first - windowAt, end - windowAt), to * size);
  }
}

type Chunks = {
  file: Storage;
  array: ArrayDescription;
  layout: Extract<Layout, { kind: "chunked" }>;
  chunkBytes: number;
  cache: ChunkCache;
  index: ChunkIndex;
};

async function readChunks(chunks: Chunks, { start, count }: Box): Promise<Uint8Array> {
  const { array, layout, index } = chunks;
  const size = layout.elementSize;
  const target = emptyTarget(array, elementCount(count) * size);
  if (target.length === 0 || layout.address === null) return target;
  const placeOf = (at: number, axis: number): number => Math.floor(at / (layout.chunk[axis] ?? 1));
  const first = start.map(placeOf);
  const last = start.map((from, axis) => placeOf(from + (count[axis] ?? 0) - 1, axis));
  for (const place of placesBetween(first, last)) {
    const stored = await index(place);
    if (stored === null) continue;
    const origin = place.map((at, axis) => at * (layout.chunk[axis] ?? 1));
    const from = start.map((at, axis) => Math.max(at, origin[axis] ?? 0));
    const part = from.map((at, axis) => {
      const end = (start[axis] ?? 0) + (count[axis] ?? 0);
      return Math.min(end, (origin[axis] ?? 0) + (layout.chunk[axis] ?? 0)) - at;
    });
    const runs = runsOf(
      part,
      { shape: layout.chunk, start: from.map((at, axis) => at - (origin[axis] ?? 0)) },
      { shape: count, start: from.map((at, axis) => at - (start[axis] ?? 0)) },
    );
    await copyChunk(chunks, stored, isEdge(array, layout.chunk, origin), runs, target);
  }
  return target;
}

const isEdge = (
  { shape }: ArrayDescription,
  chunk: readonly number[],
  origin: readonly number[],
): boolean => origin.some((at, axis) => at + (chunk[axis] ?? 0) > (shape[axis] ?? 0));

async function copyChunk(
  { file, array, layout, chunkBytes, cache }: Chunks,
  { address, size, mask }: StoredChunk,
  edge: boolean,
  runs: Iterable<Run>,
  target: Uint8Array,
): Promise<void> {
  if (array.filters.length === 0 || (edge && layout.edgesUnfiltered))
    return gather(file, address, chunkBytes, runs, layout.elementSize, target);
  const key = `${array.id}:${address}`;
  let bytes = cache.get(key);
  if (bytes === undefined) {
    // Deflate adds little to what it cannot make smaller.
    if (size > 2 * chunkBytes + WINDOW)
      throw damaged(`a chunk of '${array.path}' takes ${size} bytes for its ${chunkBytes}`);
    const stored = await file.data(address, size);
    bytes = await undoFilters(stored, array.filters, mask, chunkBytes, file.platform);
    cache.set(key, bytes, bytes.length);
  }
  copy(bytes, target, runs, layout.elementSize);
}
