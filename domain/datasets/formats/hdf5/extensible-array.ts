import type { Cursor } from "./cursor.ts";
import { isSet, type ElementAt } from "./fixed-array.ts";
import { damaged } from "./hdf5-fault.ts";
import type { Storage } from "./storage.ts";

type ExtensibleArray = {
  file: Storage;
  what: string;
  /** Bytes of an element. */
  size: number;
  /** Bytes of an element's number. */
  numberSize: number;
  /** Elements, data blocks and tables that the index block itself has room for. */
  direct: { elements: number; blocks: number; tables: number };
  leastElements: number;
  perPage: number;
  superBlocks: number;
  root: number;
};

/** The blocks that grow together: each pair of super blocks has twice the blocks, then twice the elements, of the pair before. */
type SuperBlock = {
  index: number;
  blocks: number;
  elements: number;
  firstElement: number;
  firstBlock: number;
};

/** The index of an array that can grow along one axis (section VII.D, "Extensible Array"). */
export async function openExtensibleArray(file: Storage, address: number): Promise<ElementAt> {
  const what = `the extensible array at ${address}`;
  const { offsetSize, lengthSize } = file;
  const length = 12 + 6 * lengthSize + offsetSize + 4;
  const head = (await file.readSummed(address, length, what)).signature("EAHD").skip(2);
  const size = head.uint(1);
  const mostBits = head.uint(1);
  const elements = head.uint(1);
  const least = head.uint(1);
  const leastPointers = head.uint(1);
  const pageBits = head.uint(1);
  const root = head.skip(6 * lengthSize).optional(offsetSize);
  const [leastBits, pointerBits] = [Math.log2(least), Math.log2(leastPointers)];
  if (
    !Number.isInteger(leastBits) ||
    !Number.isInteger(pointerBits) ||
    mostBits > 64 ||
    pageBits > 31
  )
    throw damaged(`${what} has blocks of ${least} elements, of 2^${mostBits} in all`);
  if (root === null) return async () => null;
  const superBlocks = 1 + mostBits - leastBits;
  const tables = superBlocks - 2 * pointerBits;
  if (tables < 0) throw damaged(`${what} has no room for its blocks`);
  const array: ExtensibleArray = {
    file,
    what,
    size,
    root,
    superBlocks,
    leastElements: least,
    perPage: 2 ** pageBits,
    numberSize: Math.ceil(mostBits / 8),
    direct: { elements, blocks: 2 * (leastPointers - 1), tables },
  };
  return (index) => elementAt(array, index);
}

async function elementAt(array: ExtensibleArray, index: number): Promise<Cursor | null> {
  const { file, what, size, direct, root } = array;
  const { offsetSize } = file;
  const start = 6 + offsetSize;
  const pointers = direct.blocks + direct.tables;
  const length = start + direct.elements * size + pointers * offsetSize + 4;
  const block = (await file.readSummed(root, length, what)).signature("EAIB").skip(start - 4);
  if (index < direct.elements) return block.skip(index * size).part(size);
  block.skip(direct.elements * size);
  const place = index - direct.elements;
  const above = superBlockOf(array, place);
  const inAbove = place - above.firstElement;
  const number = Math.floor(inAbove / above.elements);
  const within = inAbove - number * above.elements;
  const before = above.firstBlock + number;
  if (before < direct.blocks) {
    const address = block.skip(before * offsetSize).optional(offsetSize);
    return address === null ? null : inBlock(array, above, address, within);
  }
  // The super blocks whose blocks the index block names itself have no table.
  const table = above.index - (array.superBlocks - direct.tables);
  block.skip(direct.blocks * offsetSize + table * offsetSize);
  const address = block.optional(offsetSize);
  return address === null ? null : inTable(array, above, address, number, within);
}

function superBlockOf(
  { what, leastElements, superBlocks }: ExtensibleArray,
  place: number,
): SuperBlock {
  let [firstElement, firstBlock] = [0, 0];
  for (let index = 0; index < superBlocks; index++) {
    const blocks = 2 ** Math.floor(index / 2);
    const elements = leastElements * 2 ** Math.ceil(index / 2);
    if (place < firstElement + blocks * elements)
      return { index, blocks, elements, firstElement, firstBlock };
    firstElement += blocks * elements;
    firstBlock += blocks;
  }
  throw damaged(`${what} should have more chunks than it can hold`);
}

/** How many pages a block has, 0 where it is one whole. */
const pagesOf = ({ perPage }: ExtensibleArray, { elements }: SuperBlock): number =>
  elements > perPage ? elements / perPage : 0;

async function inTable(
  array: ExtensibleArray,
  above: SuperBlock,
  address: number,
  number: number,
  within: number,
): Promise<Cursor | null> {
  const { file, what, numberSize } = array;
  const { offsetSize } = file;
  const pages = pagesOf(array, above);
  const bitBytes = Math.ceil(pages / 8);
  const start = 6 + offsetSize + numberSize;
  const length = start + above.blocks * (bitBytes + offsetSize) + 4;
  const table = (await file.readSummed(address, length, what)).signature("EASB").skip(start - 4);
  const bits = table.take(above.blocks * bitBytes);
  const block = table.skip(number * offsetSize).optional(offsetSize);
  if (block === null) return null;
  // Each block has room for whole bytes, but the bits of all blocks lie side by side.
  const page = number * pages + Math.floor(within / array.perPage);
  return pages > 0 && !isSet(bits, page) ? null : inBlock(array, above, block, within);
}

async function inBlock(
  array: ExtensibleArray,
  above: SuperBlock,
  address: number,
  within: number,
): Promise<Cursor | null> {
  const { file, what, size, numberSize, perPage } = array;
  const start = 6 + file.offsetSize + numberSize;
  if (pagesOf(array, above) === 0) {
    const length = start + above.elements * size + 4;
    const block = (await file.readSummed(address, length, what)).signature("EADB");
    return block.skip(start - 4 + within * size).part(size);
  }
  (await file.readSummed(address, start + 4, what)).signature("EADB");
  const page = Math.floor(within / perPage);
  const from = address + start + 4 + page * (perPage * size + 4);
  const whole = await file.readSummed(from, perPage * size + 4, what);
  return whole.skip((within - page * perPage) * size).part(size);
}
