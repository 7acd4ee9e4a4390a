import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import type { TextDecoding } from "../text/decoder.ts";

const END_OF_DIRECTORY = 0x06054b50;
const END_OF_DIRECTORY_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
const IN_THE_64_BIT_FIELD = 0xffffffff;
const LARGEST_DIRECTORY = 4 * 1024 * 1024;
/** Deflate makes at most 1032 bytes of one (zlib's technical notes, "Maximum Compression Factor"). */
const MOST_INFLATED = 1032;

export type ZipEntry = {
  name: string;
  isDeflated: boolean;
  crc: number;
  /** As it lies in the archive, and as it was. */
  packedSize: number;
  size: number;
  /** Where its local header lies. */
  offset: number;
};

/**
 * The entries of a zip archive by its central directory, 64-bit ones too (PKWARE's APPNOTE.TXT
 * 6.3.10, section 4.3). Throws a DatasetFault for encryption, for other methods than stored and
 * deflate, and for sizes that cannot be.
 */
export async function readZipDirectory(
  source: ByteSource,
  decoding: TextDecoding,
): Promise<ZipEntry[]> {
  const { entries, size, offset } = await findDirectory(source);
  if (size > LARGEST_DIRECTORY)
    throw new DatasetFault(
      "file_too_large",
      `a directory of ${size} bytes is too large for an archive of arrays`,
    );
  if (offset + size > source.size) throw damaged("its directory lies outside of the file");
  const bytes = await source.read(offset, size);
  const view = viewOf(bytes);
  const found: ZipEntry[] = [];
  for (let at = 0, index = 0; index < entries; index++) {
    if (at + 46 > size || view.getUint32(at, true) !== DIRECTORY_ENTRY)
      throw damaged("its directory ends early");
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const end = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (end > size) throw damaged("its directory ends early");
    found.push(entryAt(bytes, view, at, nameLength, extraLength, decoding, source));
    at = end;
  }
  return found;
}

function entryAt(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  nameLength: number,
  extraLength: number,
  decoding: TextDecoding,
  source: ByteSource,
): ZipEntry {
  const name = decoding.text(bytes, at + 46, at + 46 + nameLength, 0);
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  if ((flags & 1) !== 0)
    throw new DatasetFault("file_unsupported", `the entry '${name}' of the archive is encrypted`);
  if (method !== 0 && method !== 8)
    throw new DatasetFault(
      "file_unsupported",
      `the entry '${name}' is compressed by method ${method}; stored and deflate (numpy.savez_compressed) are read`,
    );
  const wide = wideSizes(view, at + 46 + nameLength, extraLength);
  const sized = (field: number): number => {
    const value = view.getUint32(at + field, true);
    return value === IN_THE_64_BIT_FIELD ? wide() : value;
  };
  // The 64-bit field has those that are needed, in this order.
  const size = sized(24);
  const packedSize = sized(20);
  const offset = sized(42);
  const isDeflated = method === 8;
  const isPossible = isDeflated ? size <= packedSize * MOST_INFLATED : size === packedSize;
  if (!isPossible || packedSize > source.size || offset > source.size)
    throw damaged(`the sizes of the entry '${name}' cannot be`);
  return { name, isDeflated, crc: view.getUint32(at + 16, true), packedSize, size, offset };
}

/** Gives out the 64-bit numbers of the extra field for them, one after the other. */
function wideSizes(view: DataView, start: number, length: number): () => number {
  let at = start;
  let left = 0;
  const end = start + length;
  for (let field = start; field + 4 <= end; field += 4 + view.getUint16(field + 2, true))
    if (view.getUint16(field, true) === 1) {
      at = field + 4;
      left = Math.min(view.getUint16(field + 2, true), end - at);
      break;
    }
  return () => {
    if (left < 8) throw damaged("a 64-bit size is missing");
    left -= 8;
    at += 8;
    return Number(view.getBigUint64(at - 8, true));
  };
}

async function findDirectory(
  source: ByteSource,
): Promise<{ entries: number; size: number; offset: number }> {
  const length = Math.min(source.size, 22 + 65_535);
  const tail = await source.read(source.size - length, length);
  const view = viewOf(tail);
  let at = length - 22;
  while (at >= 0 && view.getUint32(at, true) !== END_OF_DIRECTORY) at--;
  if (at < 0) throw damaged("its end is missing: it is truncated");
  const entries = view.getUint16(at + 10, true);
  const size = view.getUint32(at + 12, true);
  const offset = view.getUint32(at + 16, true);
  const isWide = at >= 20 && view.getUint32(at - 20, true) === LOCATOR_64;
  if (!isWide) return { entries, size, offset };
  const wideAt = Number(view.getBigUint64(at - 12, true));
  if (wideAt > source.size - 56) throw damaged("its 64-bit end lies outside of the file");
  const wide = viewOf(await source.read(wideAt, 56));
  if (wide.getUint32(0, true) !== END_OF_DIRECTORY_64) throw damaged("its 64-bit end is missing");
  return {
    entries: Number(wide.getBigUint64(32, true)),
    size: Number(wide.getBigUint64(40, true)),
    offset: Number(wide.getBigUint64(48, true)),
  };
}

/** Where the bytes of an entry begin, behind its local header. */
export async function entryStart(source: ByteSource, entry: ZipEntry): Promise<number> {
  const header = viewOf(await source.read(entry.offset, 30));
  if (header.getUint32(0, true) !== LOCAL_ENTRY)
    throw damaged(`the entry '${entry.name}' is not where its directory says`);
  const start = entry.offset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  if (start + entry.packedSize > source.size)
    throw damaged(`the entry '${entry.name}' goes beyond the end of the file`);
  return start;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

const damaged = (what: string): DatasetFault =>
  new DatasetFault("file_invalid", `the archive is damaged: ${what}`);
