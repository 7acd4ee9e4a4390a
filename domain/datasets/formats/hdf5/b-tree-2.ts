import { bytesFor } from "./datatype.ts";
import { Cursor } from "./cursor.ts";
import { damaged } from "./hdf5-fault.ts";
import type { Storage } from "./storage.ts";

/** Signature, version, type and checksum of a node. */
const NODE_FRAME = 4 + 1 + 1 + 4;
const DEEPEST = 16;

/** A second-version B-tree (section III.A.2). */
export type BTree2 = {
  file: Storage;
  type: number;
  nodeSize: number;
  recordSize: number;
  records: number;
  root: Child | null;
  /** By depth, 0 a leaf: bytes of a child's count of records, and of the count of all below it. */
  countSizes: { own: number; all: number }[];
};

type Child = { address: number; records: number; depth: number };

/** A node's records and, unless it is a leaf, its children: one more than it has records. */
type Node = { records: Uint8Array[]; children: Child[] };

export async function openBTree2(file: Storage, address: number): Promise<BTree2> {
  const what = `the B-tree at ${address}`;
  const length = 4 + 1 + 1 + 4 + 2 + 2 + 1 + 1 + file.offsetSize + 2 + file.lengthSize + 4;
  const head = (await file.readSummed(address, length, what)).signature("BTHD").skip(1);
  const type = head.uint(1);
  const [nodeSize, recordSize, depth] = [head.uint(4), head.uint(2), head.uint(2)];
  const rootAddress = head.skip(2).optional(file.offsetSize);
  const rootRecords = head.uint(2);
  const records = head.uint(file.lengthSize);
  if (
    recordSize === 0 ||
    nodeSize < NODE_FRAME + recordSize ||
    nodeSize > file.size ||
    depth > DEEPEST
  )
    throw damaged(`${what} has nodes of ${nodeSize} bytes and ${depth} levels`);
  const root = rootAddress === null ? null : { address: rootAddress, records: rootRecords, depth };
  const countSizes = countSizesOf(file, nodeSize, recordSize, depth);
  return { file, type, nodeSize, recordSize, records, root, countSizes };
}

/** How wide counts are follows from how many records a node can hold. */
function countSizesOf(
  file: Storage,
  nodeSize: number,
  recordSize: number,
  depth: number,
): BTree2["countSizes"] {
  const leafMost = Math.floor((nodeSize - NODE_FRAME) / recordSize);
  const own = bytesFor(leafMost);
  const sizes = [{ own, all: 0 }];
  let most = leafMost;
  for (let level = 1; level <= depth; level++) {
    const pointer = file.offsetSize + own + (sizes[level - 1]?.all ?? 0);
    const nodeMost = Math.max(
      0,
      Math.floor((nodeSize - NODE_FRAME - pointer) / (recordSize + pointer)),
    );
    most = Math.min((nodeMost + 1) * most + nodeMost, 2 ** 63);
    sizes.push({ own, all: bytesFor(most) });
  }
  return sizes;
}

async function readNode(tree: BTree2, { address, records, depth }: Child): Promise<Node> {
  const { file, recordSize } = tree;
  const below = depth === 0 ? null : tree.countSizes[depth - 1];
  const pointer =
    below === null || below === undefined ? 0 : file.offsetSize + below.own + below.all;
  const children = depth === 0 ? 0 : records + 1;
  const length = NODE_FRAME + records * recordSize + children * pointer;
  const what = `the B-tree node at ${address}`;
  if (length > tree.nodeSize) throw damaged(`${what} should hold ${records} records`);
  const node = (await file.readSummed(address, length, what)).signature(
    depth === 0 ? "BTLF" : "BTIN",
  );
  if (node.skip(1).uint(1) !== tree.type) throw damaged(`${what} is of another tree`);
  return {
    records: Array.from({ length: records }, () => node.take(recordSize)),
    children: Array.from({ length: children }, () => {
      const child = { address: node.uint(file.offsetSize), records: node.uint(below?.own ?? 0) };
      node.skip(below?.all ?? 0);
      return { ...child, depth: depth - 1 };
    }),
  };
}

/** All records in order. */
export async function* recordsOf(tree: BTree2): AsyncGenerator<Cursor> {
  const seen = new Set<number>();
  async function* under(child: Child): AsyncGenerator<Cursor> {
    if (seen.has(child.address)) throw damaged(`a B-tree has the node at ${child.address} twice`);
    seen.add(child.address);
    const { records, children } = await readNode(tree, child);
    for (let index = 0; index <= records.length; index++) {
      const next = children[index];
      if (next !== undefined) yield* under(next);
      const record = records[index];
      if (record !== undefined) yield new Cursor(record, "a B-tree's record");
    }
  }
  if (tree.root !== null) yield* under(tree.root);
}

/** The record for which `compare` answers 0; it answers below 0 where what is sought lies before a record. */
export async function findRecord(
  tree: BTree2,
  compare: (record: Uint8Array) => number,
): Promise<Uint8Array | null> {
  let next: Child | undefined = tree.root ?? undefined;
  while (next !== undefined) {
    const { records, children }: Node = await readNode(tree, next);
    let [low, high] = [0, records.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const record = records[middle];
      const order = record === undefined ? 0 : compare(record);
      if (record !== undefined && order === 0) return record;
      if (order < 0) high = middle;
      else low = middle + 1;
    }
    next = children[low];
  }
  return null;
}
