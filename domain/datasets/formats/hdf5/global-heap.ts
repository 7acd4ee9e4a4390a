import { Cursor } from "./cursor.ts";
import { damaged } from "./hdf5-fault.ts";
import { recentlyUsed } from "./recently-used.ts";
import type { Storage } from "./storage.ts";

/** Collections up to this size are kept whole. */
const LARGEST_KEPT = 2 ** 20;
const KEPT = 4 * 2 ** 20;
/** An index has 16 bits. */
const MOST_OBJECTS = 65_536;

/** The bytes of texts and sequences, which lie apart from the elements that name them (section III.E). */
export type GlobalHeap = {
  /** What an element of 4 bytes of count, an address and an index names: its count, and at least `size` bytes for each. */
  read(element: Uint8Array, size: number): Promise<{ count: number; bytes: Uint8Array }>;
};

type Collection = {
  places: ReadonlyMap<number, { at: number; size: number }>;
  /** Null where it is too large to be kept. */
  bytes: Uint8Array | null;
};

export function globalHeap(file: Storage): GlobalHeap {
  const kept = recentlyUsed<number, Collection>(KEPT);
  const collectionAt = async (address: number): Promise<Collection> => {
    const found = kept.get(address);
    if (found !== undefined) return found;
    const collection = await readCollection(file, address);
    kept.set(address, collection, (collection.bytes?.length ?? 0) + 64 * collection.places.size);
    return collection;
  };
  return {
    async read(element, size) {
      const cursor = new Cursor(element, "an element of a heap");
      const count = cursor.uint(4);
      const address = cursor.optional(file.offsetSize);
      if (count === 0 || address === null || address === 0) return { count: 0, bytes: NONE };
      const { places, bytes } = await collectionAt(address);
      const index = cursor.uint(4);
      const place = places.get(index);
      if (place === undefined)
        throw damaged(`the heap at ${address} has no object ${index}, which an element names`);
      const length = count * size;
      if (length > place.size)
        throw damaged(`an element should have ${length} bytes, and its heap has ${place.size}`);
      return {
        count,
        bytes:
          bytes === null
            ? await file.data(address + place.at, length)
            : bytes.subarray(place.at, place.at + length),
      };
    },
  };
}

const NONE = new Uint8Array(0);

async function readCollection(file: Storage, address: number): Promise<Collection> {
  const what = `the heap at ${address}`;
  const frame = 8 + file.lengthSize;
  const size = (await file.read(address, frame, what))
    .signature("GCOL")
    .skip(4)
    .uint(file.lengthSize);
  if (size < frame || address + size > file.size)
    throw damaged(`${what} should have ${size} bytes`);
  const bytes = size > LARGEST_KEPT ? null : await file.data(address, size);
  const places = new Map<number, { at: number; size: number }>();
  const unit = 8 + file.lengthSize;
  let at = frame;
  for (let left = MOST_OBJECTS; left > 0 && at + unit <= size; left--) {
    const head: Cursor =
      bytes === null
        ? await file.read(address + at, unit, what)
        : new Cursor(bytes.subarray(at, at + unit), what);
    const index = head.uint(2);
    const length = head.skip(6).uint(file.lengthSize);
    // The free space is the last there is.
    if (index === 0) break;
    if (at + unit + length > size) throw damaged(`an object of ${what} leaves it`);
    places.set(index, { at: at + unit, size: length });
    at += unit + Math.ceil(length / 8) * 8;
  }
  return { places, bytes };
}
