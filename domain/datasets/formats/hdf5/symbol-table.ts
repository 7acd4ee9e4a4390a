import { Cursor } from "./cursor.ts";
import { damaged, tooLarge } from "./hdf5-fault.ts";
import { MOST_LINKS, type Link, type LinkTarget } from "./link.ts";
import type { Storage } from "./storage.ts";

const SOFT = 2;

/** The members of a group of the first kind, by name (sections III.A.1, III.B to III.D and IV.A.2.r). */
export async function readSymbolTable(file: Storage, message: Uint8Array): Promise<Link[]> {
  const cursor = new Cursor(message, "a symbol table");
  const tree = cursor.uint(file.offsetSize);
  const names = await openNames(file, cursor.uint(file.offsetSize));
  const links: Link[] = [];
  const seen = new Set<number>();
  for (const level = [{ address: tree, depth: null as number | null }]; level.length > 0;) {
    const node = level.pop();
    if (node === undefined) break;
    if (seen.has(node.address)) throw damaged(`a group has the node at ${node.address} twice`);
    seen.add(node.address);
    if (node.depth === -1) links.push(...(await readSymbols(file, node.address, names)));
    else level.push(...(await readChildren(file, node)).toReversed());
    if (links.length > MOST_LINKS) throw tooLarge(`a group has more than ${MOST_LINKS} members`);
  }
  return links;
}

type Node = { address: number; depth: number | null };

async function readChildren(file: Storage, { address, depth }: Node): Promise<Node[]> {
  const what = `the B-tree node at ${address}`;
  const frame = 4 + 1 + 1 + 2 + 2 * file.offsetSize;
  const head = (await file.read(address, frame, what)).signature("TREE");
  const kind = head.uint(1);
  const level = head.uint(1);
  const used = head.uint(2);
  if (kind !== 0 || (depth !== null && level !== depth))
    throw damaged(`${what} is of another kind or level than its tree`);
  const pair = file.lengthSize + file.offsetSize;
  const entries = await file.read(address + frame, used * pair, what);
  return Array.from({ length: used }, () => ({
    address: entries.skip(file.lengthSize).uint(file.offsetSize),
    depth: level - 1,
  }));
}

async function readSymbols(file: Storage, address: number, names: Names): Promise<Link[]> {
  const what = `the symbols at ${address}`;
  const head = (await file.read(address, 8, what)).signature("SNOD").skip(2);
  const used = head.uint(2);
  const size = 2 * file.offsetSize + 24;
  const entries = await file.read(address + 8, used * size, what);
  return Array.from({ length: used }, () => {
    const entry = new Cursor(entries.take(size), what);
    const name = names(entry.uint(file.offsetSize));
    const object = entry.optional(file.offsetSize);
    return { name, target: readTarget(object, entry, names) };
  });
}

function readTarget(object: number | null, entry: Cursor, names: Names): LinkTarget {
  if (entry.uint(4) === SOFT) return { kind: "soft", path: names(entry.skip(4).uint(4)) };
  if (object === null) throw damaged("a symbol has no object");
  return { kind: "object", address: object };
}

/** The text at a place of a group's local heap. */
type Names = (place: number) => string;

async function openNames(file: Storage, address: number): Promise<Names> {
  const what = `the local heap at ${address}`;
  const head = await file.read(address, 8 + 2 * file.lengthSize + file.offsetSize, what);
  const size = head.signature("HEAP").skip(4).uint(file.lengthSize);
  const { bytes } = await file.read(head.skip(file.lengthSize).uint(file.offsetSize), size, what);
  return (place) => {
    const cursor = new Cursor(bytes, what).skip(place);
    return file.decodeUtf8(cursor.untilZero(), "the name of a member");
  };
}
