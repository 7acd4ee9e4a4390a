import { openBTree2, recordsOf } from "./b-tree-2.ts";
import { Cursor } from "./cursor.ts";
import { openFractalHeap } from "./fractal-heap.ts";
import { damaged, tooLarge } from "./hdf5-fault.ts";
import { MOST_LINKS, type Link, type LinkTarget } from "./link.ts";
import { MESSAGE, type Message } from "./object-header.ts";
import type { Storage } from "./storage.ts";
import { readSymbolTable } from "./symbol-table.ts";

/** The members of a group, in the order of their creation where the file keeps it, else by name; null where an object is no group. */
export async function readLinks(
  file: Storage,
  messages: readonly Message[],
): Promise<Link[] | null> {
  const old = messages.find(({ type }) => type === MESSAGE.symbolTable);
  if (old !== undefined) return readSymbolTable(file, old.bytes);
  const info = messages.find(({ type }) => type === MESSAGE.linkInfo);
  if (info === undefined) return null;
  const links: OrderedLink[] = [];
  for (const { type, bytes } of messages)
    if (type === MESSAGE.link) links.push(readLink(file, bytes));
  for await (const bytes of denseMessages(file, info.bytes, 8, 5)) {
    if (links.length >= MOST_LINKS) throw tooLarge(`a group has more than ${MOST_LINKS} members`);
    links.push(readLink(file, bytes));
  }
  return links.sort(byOrder).map(({ name, target }) => ({ name, target }));
}

type OrderedLink = Link & { order: number | null };

const byOrder = (a: OrderedLink, b: OrderedLink): number =>
  a.order !== null && b.order !== null
    ? a.order - b.order
    : a.name < b.name
      ? -1
      : Number(a.name > b.name);

/**
 * The messages that an info message (of links or attributes) keeps in a heap, in the order of the
 * index by name. `orderSize` is how wide its highest order of creation is, `recordType` the index's.
 */
export async function* denseMessages(
  file: Storage,
  info: Uint8Array,
  orderSize: number,
  recordType: 5 | 8,
): AsyncGenerator<Uint8Array> {
  const cursor = new Cursor(info, "an info message").skip(1);
  const ordered = (cursor.uint(1) & 1) !== 0;
  if (ordered) cursor.skip(orderSize);
  const heapAddress = cursor.optional(file.offsetSize);
  const treeAddress = cursor.optional(file.offsetSize);
  if (heapAddress === null || treeAddress === null) return;
  const heap = await openFractalHeap(file, heapAddress);
  const tree = await openBTree2(file, treeAddress);
  if (tree.type !== recordType) throw damaged(`an index by name is of the type ${tree.type}`);
  // An index of links has the hash of a name before the id, one of attributes has it behind.
  const before = recordType === 5 ? 4 : 0;
  for await (const record of recordsOf(tree))
    yield heap.read(record.skip(before).take(heap.idLength));
}

/** Reads a link message (section IV.A.2.g). */
function readLink(file: Storage, bytes: Uint8Array): OrderedLink {
  const cursor = new Cursor(bytes, "a link");
  const version = cursor.uint(1);
  if (version !== 1) throw damaged(`a link has the version ${version}`);
  const flags = cursor.uint(1);
  const kind = (flags & 8) === 0 ? 0 : cursor.uint(1);
  const order = (flags & 4) === 0 ? null : cursor.uint(8);
  if ((flags & 16) !== 0) cursor.skip(1);
  const name = file.decodeUtf8(cursor.take(cursor.uint(2 ** (flags & 3))), "the name of a link");
  return { name, order, target: readTarget(file, kind, cursor) };
}

function readTarget(file: Storage, kind: number, cursor: Cursor): LinkTarget {
  if (kind === 0) return { kind: "object", address: cursor.uint(file.offsetSize) };
  const value = new Cursor(cursor.take(cursor.uint(2)), "the value of a link");
  const text = (bytes: Uint8Array): string => file.decodeUtf8(bytes, "the target of a link");
  if (kind === 1) return { kind: "soft", path: text(value.bytes) };
  if (kind === 64) {
    const outside = text(value.skip(1).untilZero());
    return { kind: "external", file: outside, path: text(value.untilZero()) };
  }
  throw damaged(`a link is of the kind ${kind}`);
}
