import { Cursor } from "./cursor.ts";
import { damaged, unsupported } from "./hdf5-fault.ts";

/** How the chunks of an array are found. */
export type ChunkIndexKind =
  | { kind: "tree1" }
  /** `size` and `mask` where the only chunk is filtered. */
  | { kind: "single"; size: number | null; mask: number }
  | { kind: "implicit" }
  | { kind: "fixed" }
  | { kind: "extensible" }
  | { kind: "tree2" };

/** Where the elements of an array lie; a null address where nothing was written yet. */
export type Layout =
  | { kind: "compact"; bytes: Uint8Array }
  | { kind: "contiguous"; address: number | null; size: number | null }
  | {
      kind: "chunked";
      address: number | null;
      /** Elements along each axis. */
      chunk: number[];
      elementSize: number;
      index: ChunkIndexKind;
      /** Chunks that reach over the end of the array are stored without filters. */
      edgesUnfiltered: boolean;
    };

/** Reads a layout message (section IV.A.2.i). */
export function readLayout(
  bytes: Uint8Array,
  sizes: { offsetSize: number; lengthSize: number },
  path: string,
): Layout {
  const cursor = new Cursor(bytes, `the layout of '${path}'`);
  const version = cursor.uint(1);
  if (version === 1 || version === 2) return readFirst(cursor, sizes.offsetSize);
  if (version > 5 || version === 0) throw damaged(`${cursor.what} has the version ${version}`);
  const kind = cursor.uint(1);
  if (kind === 0) return { kind: "compact", bytes: cursor.take(cursor.uint(2)) };
  if (kind === 1) {
    const address = cursor.optional(sizes.offsetSize);
    return { kind: "contiguous", address, size: cursor.uint(sizes.lengthSize) };
  }
  if (kind === 3)
    throw unsupported(
      `'${path}', which is virtual (pieced together from other arrays),`,
      "copy it into an array of its own",
    );
  if (kind !== 2) throw damaged(`${cursor.what} is of the class ${kind}`);
  return version === 3 ? readChunkedOld(cursor, sizes.offsetSize) : readChunked(cursor, sizes);
}

function readFirst(cursor: Cursor, offsetSize: number): Layout {
  const rank = cursor.uint(1);
  const kind = cursor.uint(1);
  cursor.skip(5);
  const address = kind === 0 ? null : cursor.optional(offsetSize);
  const sizes = Array.from({ length: rank }, () => cursor.uint(4));
  if (kind === 0) return { kind: "compact", bytes: cursor.take(cursor.uint(4)) };
  if (kind === 1) return { kind: "contiguous", address, size: null };
  if (kind !== 2) throw damaged(`${cursor.what} is of the class ${kind}`);
  return chunked(cursor, sizes, address, { kind: "tree1" });
}

function readChunkedOld(cursor: Cursor, offsetSize: number): Layout {
  const rank = cursor.uint(1);
  const address = cursor.optional(offsetSize);
  const sizes = Array.from({ length: rank }, () => cursor.uint(4));
  return chunked(cursor, sizes, address, { kind: "tree1" });
}

function readChunked(
  cursor: Cursor,
  { offsetSize, lengthSize }: { offsetSize: number; lengthSize: number },
): Layout {
  const flags = cursor.uint(1);
  const rank = cursor.uint(1);
  const width = cursor.uint(1);
  if (width < 1 || width > 8) throw damaged(`${cursor.what} has numbers of ${width} bytes`);
  const sizes = Array.from({ length: rank }, () => cursor.uint(width));
  const index = readIndex(cursor, (flags & 2) !== 0, lengthSize);
  const address = cursor.optional(offsetSize);
  return chunked(cursor, sizes, address, index, (flags & 1) !== 0);
}

function readIndex(cursor: Cursor, filtered: boolean, lengthSize: number): ChunkIndexKind {
  const kind = cursor.uint(1);
  if (kind === 1) {
    if (!filtered) return { kind: "single", size: null, mask: 0 };
    return { kind: "single", size: cursor.uint(lengthSize), mask: cursor.uint(4) };
  }
  const [name, parameters] = INDEXES[kind] ?? [];
  if (name === undefined) throw damaged(`${cursor.what} has a chunk index of the type ${kind}`);
  // The indexes tell their parameters themselves.
  cursor.skip(parameters ?? 0);
  return { kind: name };
}

const INDEXES: Record<number, ["implicit" | "fixed" | "extensible" | "tree2", number]> = {
  2: ["implicit", 0],
  3: ["fixed", 1],
  4: ["extensible", 5],
  5: ["tree2", 6],
};

/** The sizes end with that of an element. */
function chunked(
  { what }: Cursor,
  sizes: number[],
  address: number | null,
  index: ChunkIndexKind,
  edgesUnfiltered = false,
): Layout {
  const chunk = sizes.slice(0, -1);
  const elementSize = sizes.at(-1) ?? 0;
  if (
    chunk.length === 0 ||
    sizes.includes(0) ||
    !Number.isSafeInteger(sizes.reduce((a, b) => a * b, 1))
  )
    throw damaged(`${what} has chunks of ${sizes.join(" x ")}`);
  return { kind: "chunked", address, chunk, elementSize, index, edgesUnfiltered };
}
