import { findRecord, openBTree2, type BTree2 } from "./b-tree-2.ts";
import { Cursor } from "./cursor.ts";
import { bytesFor } from "./datatype.ts";
import { damaged, unsupported } from "./hdf5-fault.ts";
import type { Storage } from "./storage.ts";

/** Where many links or attributes of one object lie (section III.G). */
type FractalHeap = {
  file: Storage;
  idLength: number;
  summed: boolean;
  hugeTree: number | null;
  width: number;
  startSize: number;
  mostDirect: number;
  /** Bytes of a place in the heap, and of an object's length. */
  placeSize: number;
  lengthSize: number;
  root: number | null;
  /** Of the root, 0 where it is a block of objects. */
  rootRows: number;
};

/** Reads an object of the heap by its id. */
export type HeapObjects = { idLength: number; read(id: Uint8Array): Promise<Uint8Array> };

export async function openFractalHeap(file: Storage, address: number): Promise<HeapObjects> {
  const what = `the fractal heap at ${address}`;
  const { offsetSize: wide, lengthSize: long } = file;
  const head = (await file.readSummed(address, 26 + 3 * wide + 12 * long, what)).signature("FRHP");
  head.skip(1);
  const [idLength, filterLength, flags, mostManaged] = [2, 2, 1, 4].map((size) => head.uint(size));
  if (filterLength !== 0)
    throw unsupported("a compressed heap of links or attributes", "write the file without it");
  head.skip(long);
  const hugeTree = head.optional(wide);
  head.skip(long + wide + 8 * long);
  const [width, startSize, mostDirect] = [head.uint(2), head.uint(long), head.uint(long)];
  const mostBits = head.uint(2);
  head.skip(2);
  const root = head.optional(wide);
  const rootRows = head.uint(2);
  if (width === 0 || startSize === 0 || mostDirect < startSize || mostBits > 64)
    throw damaged(`${what} has blocks of ${startSize} to ${mostDirect} bytes`);
  const placeSize = Math.ceil(mostBits / 8);
  const lengthSize = Math.min(bytesFor(mostDirect), bytesFor(mostManaged ?? 0));
  const heap: FractalHeap = {
    file,
    idLength: idLength ?? 0,
    summed: ((flags ?? 0) & 2) !== 0,
    hugeTree,
    width,
    startSize,
    mostDirect,
    placeSize,
    lengthSize,
    root,
    rootRows,
  };
  let tree: Promise<BTree2> | undefined;
  return {
    idLength: heap.idLength,
    read(id) {
      const cursor = new Cursor(id, "a heap id");
      const kind = (cursor.uint(1) >> 4) & 3;
      if (kind === 0) return readManaged(heap, cursor.uint(placeSize), cursor.uint(lengthSize));
      if (kind === 1) {
        const openTree = (): Promise<BTree2> => (tree ??= openHugeTree(heap));
        return readHuge(heap, cursor, openTree);
      }
      return Promise.resolve(readTiny(heap, id));
    },
  };
}

async function readManaged(heap: FractalHeap, place: number, length: number): Promise<Uint8Array> {
  const block = await blockAt(heap, place);
  if (place - block.place + length > block.size)
    throw damaged("an object of a heap leaves its block");
  const what = "an object of a fractal heap";
  return (await heap.file.read(block.address + place - block.place, length, what)).bytes;
}

type Block = { address: number; place: number; size: number };

/** The block of objects that holds a place, from the root down through the blocks of blocks. */
async function blockAt(heap: FractalHeap, place: number): Promise<Block> {
  if (heap.root === null) throw damaged("a heap without blocks should hold an object");
  if (heap.rootRows === 0) return { address: heap.root, place: 0, size: heap.startSize };
  let table = { address: heap.root, place: 0, rows: heap.rootRows };
  for (;;) {
    const slot = slotOf(heap, place - table.place);
    if (slot.row >= table.rows) throw damaged("an object of a heap lies beyond its blocks");
    const address = await childAddress(heap, table, slot.index);
    const from = table.place + slot.place;
    if (slot.size <= heap.mostDirect) return { address, place: from, size: slot.size };
    // A table of a size has as many rows as fill it: 2^(rows - 1) times its first row.
    const rows = Math.log2(slot.size / heap.startSize / heap.width) + 1;
    if (!(rows >= 1)) throw damaged("a heap's tables do not nest");
    table = { address, place: from, rows };
  }
}

/** Which child holds a place: the first two rows have blocks of the first size, each further row twice the one before. */
function slotOf(
  { width, startSize }: FractalHeap,
  place: number,
): { row: number; index: number; place: number; size: number } {
  let row = 0;
  let size = startSize;
  let from = 0;
  while (place >= from + size * width) {
    from += size * width;
    if (row > 0) size *= 2;
    row++;
  }
  const column = Math.floor((place - from) / size);
  return { row, index: row * width + column, place: from + column * size, size };
}

async function childAddress(
  { file, placeSize, width }: FractalHeap,
  table: { address: number; rows: number },
  index: number,
): Promise<number> {
  const what = `the heap block at ${table.address}`;
  const head = 5 + file.offsetSize + placeSize;
  const length = head + table.rows * width * file.offsetSize + 4;
  const cursor = (await file.readSummed(table.address, length, what)).signature("FHIB");
  cursor.at = head + index * file.offsetSize;
  const address = cursor.optional(file.offsetSize);
  if (address === null) throw damaged(`${what} lacks the block of one of its objects`);
  return address;
}

async function openHugeTree({ file, hugeTree }: FractalHeap): Promise<BTree2> {
  if (hugeTree === null) throw damaged("a heap lacks its list of large objects");
  return openBTree2(file, hugeTree);
}

async function readHuge(
  { file, idLength }: FractalHeap,
  id: Cursor,
  openTree: () => Promise<BTree2>,
): Promise<Uint8Array> {
  const what = "a large object of a heap";
  const { offsetSize, lengthSize } = file;
  let at = id;
  if (idLength - 1 < offsetSize + lengthSize) {
    const wanted = id.uint(Math.min(lengthSize, idLength - 1));
    const numberOf = (record: Uint8Array): number =>
      new Cursor(record, what).skip(offsetSize + lengthSize).uint(lengthSize);
    const tree = await openTree();
    if (tree.type !== 1) throw damaged("a heap's list of large objects is of another kind");
    const record = await findRecord(tree, (candidate) => wanted - numberOf(candidate));
    if (record === null) throw damaged(`${what} is not in its list`);
    at = new Cursor(record, what);
  }
  const address = at.uint(offsetSize);
  return (await file.read(address, at.uint(lengthSize), what)).bytes;
}

/** Small objects lie in their ids; ids of 18 bytes and more have 12 bits for the length. */
function readTiny({ idLength }: FractalHeap, id: Uint8Array): Uint8Array {
  const [first = 0, second = 0] = id;
  const long = idLength > 17;
  const length = (long ? ((first & 15) << 8) | second : first & 15) + 1;
  const from = long ? 2 : 1;
  if (from + length > id.length) throw damaged("a small object is larger than its heap id");
  return id.subarray(from, from + length);
}
