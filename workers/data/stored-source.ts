import type { Extent, StoredFile } from "../../contract/dataset-record.ts";
import { type ByteSource, checkRange } from "../../domain/datasets/byte-source.ts";
import { DatasetFault } from "../../domain/datasets/dataset-fault.ts";

/** What is fetched at a time: small reads near each other become one. */
const BLOCK_BYTES = 1_048_576;
const BLOCKS_KEPT = 12;

/** A file that lies in parts of R2 objects, read by ranges. */
export function storedSource(
  bucket: R2Bucket,
  { size_bytes: size, extents }: Pick<StoredFile, "size_bytes" | "extents">,
): ByteSource {
  const starts = startsOf(extents);
  const blocks = new Map<number, Promise<Uint8Array>>();
  const block = (index: number): Promise<Uint8Array> => {
    const known = blocks.get(index);
    if (known) blocks.delete(index);
    const from = index * BLOCK_BYTES;
    const found =
      known ??
      fetched(index, () =>
        readExtents(bucket, extents, starts, from, Math.min(size, from + BLOCK_BYTES)),
      );
    blocks.set(index, found);
    // What failed is asked for anew.
    if (!known) found.catch(() => blocks.delete(index));
    const oldest = blocks.keys().next().value;
    if (blocks.size > BLOCKS_KEPT && oldest !== undefined) blocks.delete(oldest);
    return found;
  };
  return {
    size,
    async read(offset, length) {
      checkRange({ size }, offset, length);
      if (length === 0) return new Uint8Array(0);
      const end = offset + length;
      if (length > BLOCK_BYTES * BLOCKS_KEPT)
        return readExtents(bucket, extents, starts, offset, end);
      const first = Math.floor(offset / BLOCK_BYTES);
      const last = Math.floor((end - 1) / BLOCK_BYTES);
      const wanted = new Uint8Array(length);
      for (let index = first; index <= last; index += 1) {
        const start = index * BLOCK_BYTES;
        // While this one is looked at, the next one comes.
        const next = (index + 1) * BLOCK_BYTES < size ? block(index + 1) : null;
        next?.catch(() => undefined);
        const bytes = await block(index);
        const from = Math.max(offset, start);
        wanted.set(
          bytes.subarray(from - start, Math.min(end, start + bytes.length) - start),
          from - offset,
        );
      }
      return wanted;
    },
  };
}

/**
 * Where one thread runs everything and R2 is in the same process, as on a laptop, what never waits
 * for anything outside keeps clocks and sockets of all Workers waiting until it ends.
 */
const BLOCKS_IN_A_ROW = 4;
async function fetched(index: number, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
  if (index % BLOCKS_IN_A_ROW === BLOCKS_IN_A_ROW - 1) await scheduler.wait(1);
  return read();
}

/** Where each extent begins in the file. */
function startsOf(extents: readonly Extent[]): number[] {
  let at = 0;
  return extents.map(({ length }) => {
    at += length;
    return at - length;
  });
}

/** The bytes of the file from `from` to before `to`, in pieces of at most a block. */
export async function* piecesOf(
  source: ByteSource,
  from = 0,
  to = source.size,
): AsyncIterable<Uint8Array> {
  for (let at = from; at < to;) {
    const length = Math.min(BLOCK_BYTES - (at % BLOCK_BYTES), to - at);
    yield await source.read(at, length);
    at += length;
  }
}

async function readExtents(
  bucket: R2Bucket,
  extents: readonly Extent[],
  starts: readonly number[],
  from: number,
  to: number,
): Promise<Uint8Array> {
  const wanted = new Uint8Array(to - from);
  const reads: Promise<void>[] = [];
  for (let at = indexOf(starts, from); at < extents.length; at += 1) {
    const [extent, start = 0] = [extents[at], starts[at]];
    if (!extent || start >= to) break;
    const first = Math.max(from, start);
    const length = Math.min(to, start + extent.length) - first;
    const range = { offset: extent.offset + first - start, length };
    reads.push(
      readObject(bucket, extent.key, range).then((bytes) => wanted.set(bytes, first - from)),
    );
    // Six requests of a Worker are under way at once; more would wait in memory.
    if (reads.length % 6 === 0) await Promise.all(reads);
  }
  await Promise.all(reads);
  return wanted;
}

async function readObject(
  bucket: R2Bucket,
  key: string,
  range: { offset: number; length: number },
): Promise<Uint8Array> {
  const object = await bucket.get(key, { range });
  const bytes = object && new Uint8Array(await object.arrayBuffer());
  if (bytes?.length === range.length) return bytes;
  throw new DatasetFault(
    "data_missing",
    `the object ${key} ${object ? "is shorter than it was" : "is not there"}: the dataset's storage is damaged`,
  );
}

/** The last extent that begins at or before `from`. */
function indexOf(starts: readonly number[], from: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= from) low = middle;
    else high = middle - 1;
  }
  return low;
}
