import type { Extent, StoredFile } from "../../contract/dataset-record.ts";
import { type ByteSource, checkRange } from "../../domain/datasets/byte-source.ts";
import { DatasetFault } from "../../domain/datasets/dataset-fault.ts";

/** A read that follows on none: small ones near each other become one request. */
const FIRST_BYTES = 131_072;
/** What goes on where a run ended is fetched in runs twice as long, up to this. */
const LONGEST_RUN = 1_048_576;
const KEPT_BYTES = 6 * LONGEST_RUN;

/** Bytes of the file that were, or are being, fetched at once. */
type Run = { from: number; to: number; bytes: Promise<Uint8Array<ArrayBuffer>> };

/** A file that lies in parts of R2 objects, read by ranges. */
export function storedSource(bucket: R2Bucket, file: StoredBytes): ByteSource {
  const { size_bytes: size } = file;
  const fetch = fetcherOf(bucket, file);
  /** Those used last come last. */
  const runs = new Set<Run>();
  let kept = 0;
  let lastEnd = -1;

  const forget = (run: Run): void => {
    if (!runs.delete(run)) return;
    kept -= run.to - run.from;
    // Who waits for it has asked before, and so copies it first.
    run.bytes.then(free, () => undefined);
  };
  const begin = (from: number, length: number): Run => {
    const to = Math.min(size, from + length);
    const run = { from, to, bytes: fetch(from, to) };
    runs.add(run);
    kept += to - from;
    // What failed is asked for anew.
    run.bytes.catch(() => forget(run));
    for (const oldest of runs) {
      if (kept <= KEPT_BYTES || oldest === run) break;
      forget(oldest);
    }
    return run;
  };
  const find = (is: (run: Run) => boolean): Run | undefined => {
    for (const run of runs) if (is(run)) return run;
    return undefined;
  };
  const knownAt = (at: number): Run | undefined => find(({ from, to }) => from <= at && at < to);
  /** The run that has the byte `at`. */
  const runAt = (at: number, end: number): Run => {
    const known = knownAt(at);
    if (known) {
      runs.delete(known);
      runs.add(known);
      return known;
    }
    const before = find(({ to }) => to === at);
    if (before) return begin(at, Math.min(LONGEST_RUN, 2 * (before.to - before.from)));
    const from = at - (at % FIRST_BYTES);
    const needed = Math.ceil((end - from) / FIRST_BYTES) * FIRST_BYTES;
    return begin(from, Math.min(LONGEST_RUN, needed));
  };
  return {
    size,
    async read(offset, length) {
      checkRange({ size }, offset, length);
      const isNext = offset === lastEnd;
      lastEnd = offset + length;
      // Who reads much here and there, as from columns side by side, keeps what it needs itself.
      const isApart = !isNext && length >= FIRST_BYTES && !knownAt(offset);
      if (isApart || length > KEPT_BYTES) return fetch(offset, lastEnd);
      const wanted = new Uint8Array(length);
      for (let filled = 0; filled < length;) {
        const run = runAt(offset + filled, offset + length);
        // While a long run is looked at, the one behind it comes.
        if (run.to - run.from === LONGEST_RUN && run.to < size) runAt(run.to, size);
        const at = offset + filled - run.from;
        const part = (await run.bytes).subarray(at, at + length - filled);
        wanted.set(part, filled);
        filled += part.length;
      }
      return wanted;
    },
  };
}

/** Gives the memory back at once: a collector that counts objects lets much of it gather. */
export const free = ({ buffer }: Uint8Array<ArrayBuffer>): void => void buffer.transfer(0);

export type StoredBytes = Pick<StoredFile, "size_bytes" | "extents">;

/** The bytes of the file from `from` to before `to`, in pieces of at most a run. */
export async function* piecesOf(
  source: ByteSource,
  from = 0,
  to = source.size,
): AsyncIterable<Uint8Array> {
  for (let at = from; at < to;) {
    const length = Math.min(LONGEST_RUN - (at % LONGEST_RUN), to - at);
    yield await source.read(at, length);
    at += length;
  }
}

/**
 * Where one thread runs everything and R2 is in the same process, as on a laptop, what never waits
 * for anything outside keeps clocks and sockets of all Workers waiting until it ends.
 */
const BYTES_IN_A_ROW = 4 * LONGEST_RUN;

function fetcherOf(
  bucket: R2Bucket,
  { extents }: StoredBytes,
): (from: number, to: number) => Promise<Uint8Array<ArrayBuffer>> {
  const starts = startsOf(extents);
  let inARow = 0;
  return async (from, to) => {
    inARow += to - from;
    if (inARow >= BYTES_IN_A_ROW) {
      inARow = 0;
      await scheduler.wait(1);
    }
    return readParts(bucket, [...partsOf(extents, starts, from, to)], to - from);
  };
}

type Part = { key: string; offset: number; length: number };

async function readParts(
  bucket: R2Bucket,
  parts: readonly Part[],
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const [first] = parts;
  if (first && parts.length === 1) return readObject(bucket, first);
  const bytes = new Uint8Array(length);
  const reads: Promise<void>[] = [];
  let at = 0;
  for (const part of parts) {
    const to = at;
    reads.push(
      readObject(bucket, part).then((read) => {
        bytes.set(read, to);
        free(read);
      }),
    );
    at += part.length;
    // Six requests of a Worker are under way at once; more would wait in memory.
    if (reads.length % 6 === 0) await Promise.all(reads);
  }
  await Promise.all(reads);
  return bytes;
}

/** What R2 says of a range that begins behind an object's end. */
const BEYOND_END = /\(10039\)/;

export async function readObject(
  bucket: R2Bucket,
  { key, offset, length }: Part,
): Promise<Uint8Array<ArrayBuffer>> {
  const object = await bucket.get(key, { range: { offset, length } }).catch((error: unknown) => {
    throw BEYOND_END.test(String(error)) ? dataMissing(key, "is shorter than it was") : error;
  });
  const bytes = object && new Uint8Array(await object.arrayBuffer());
  if (bytes?.length === length) return bytes;
  throw dataMissing(key, object ? "is shorter than it was" : "is not there");
}

export const dataMissing = (key: string, what: string): DatasetFault =>
  new DatasetFault(
    "data_missing",
    `the object ${key} ${what}: ask again; if it stays so, the dataset's storage is damaged`,
  );

/** Where each extent begins in the file. */
export function startsOf(extents: readonly Extent[]): number[] {
  let at = 0;
  return extents.map(({ length }) => {
    at += length;
    return at - length;
  });
}

/** The parts of objects that hold the bytes of the file from `from` to before `to`, in order. */
export function* partsOf(
  extents: readonly Extent[],
  starts: readonly number[],
  from: number,
  to: number,
): Generator<Part> {
  for (let at = indexOf(starts, from); at < extents.length; at += 1) {
    const [extent, start = 0] = [extents[at], starts[at]];
    if (!extent || start >= to) return;
    const first = Math.max(from, start);
    const length = Math.min(to, start + extent.length) - first;
    if (length > 0) yield { key: extent.key, offset: extent.offset + first - start, length };
  }
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
