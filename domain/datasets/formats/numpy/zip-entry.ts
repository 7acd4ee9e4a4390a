import { type ByteSource, streamSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import { crc32 } from "../crc.ts";
import type { Inflate } from "../platform.ts";
import { entryStart, type ZipEntry } from "./zip-directory.ts";

const PACKED_BLOCK = 64 * 1024;

/** The content of an entry; a deflated one is read forward, once, and must be closed. */
export type OpenEntry = { source: ByteSource; isForward: boolean; close(): Promise<void> };

export async function openEntry(
  source: ByteSource,
  entry: ZipEntry,
  inflateRaw: Inflate,
): Promise<OpenEntry> {
  const start = await entryStart(source, entry);
  if (!entry.isDeflated)
    return { source: partOf(source, start, entry.size), isForward: false, close: async () => {} };
  const content = inflated(source, start, entry, inflateRaw);
  return {
    source: streamSource(content, entry.size),
    isForward: true,
    close: async () => {
      await content.return(undefined);
    },
  };
}

const partOf = (source: ByteSource, start: number, size: number): ByteSource => ({
  size,
  read(offset, length) {
    if (offset + length > size)
      throw new DatasetFault("file_invalid", "an entry of the archive ends early");
    return source.read(start + offset, length);
  },
});

/** Throws a DatasetFault where the content is not as long as the directory says, or fails its check. */
async function* inflated(
  source: ByteSource,
  start: number,
  entry: ZipEntry,
  inflateRaw: Inflate,
): AsyncGenerator<Uint8Array> {
  const failures: unknown[] = [];
  const packed = packedBlocks(source, start, entry.packedSize, failures);
  let delivered = 0;
  let crc = 0;
  try {
    for await (const bytes of inflateRaw(packed)) {
      delivered += bytes.length;
      crc = crc32(bytes, crc);
      if (delivered > entry.size) throw damaged(entry, "is longer than the directory says");
      if (delivered === entry.size && crc !== entry.crc) throw damaged(entry, "fails its check");
      yield bytes;
    }
  } catch (error) {
    if (failures.length > 0) throw failures[0];
    if (error instanceof DatasetFault) throw error;
    throw damaged(entry, "cannot be decompressed");
  }
}

/** What reading fails with is kept: it is no fault of the compression. */
async function* packedBlocks(
  source: ByteSource,
  start: number,
  size: number,
  failures: unknown[],
): AsyncGenerator<Uint8Array> {
  try {
    for (let at = 0; at < size; at += PACKED_BLOCK)
      yield await source.read(start + at, Math.min(PACKED_BLOCK, size - at));
  } catch (error) {
    failures.push(error);
    throw error;
  }
}

const damaged = ({ name }: ZipEntry, what: string): DatasetFault =>
  new DatasetFault("file_invalid", `the entry '${name}' of the archive ${what}: it is damaged`);
