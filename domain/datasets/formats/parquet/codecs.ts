import { snappyUncompress } from "hyparquet";
import { DatasetFault } from "../../dataset-fault.ts";
import type { Platform } from "../platform.ts";
import { damagedPage } from "./packed-bits.ts";
import { lz4Block, lz4Framed } from "./lz4.ts";

/** CompressionCodec of parquet.thrift, by number. */
const CODECS = ["none", "snappy", "gzip", "LZO", "Brotli", "LZ4", "Zstandard", "LZ4_RAW"];
const READ = new Set([0, 1, 2, 4, 5, 6, 7]);

/** Throws a DatasetFault `file_unsupported` for a codec that is not read. */
export function checkCodec(codec: number, column: string): void {
  if (!READ.has(codec))
    throw new DatasetFault(
      "file_unsupported",
      `the column ${column} is compressed with ${CODECS[codec] ?? `the codec ${codec}`}, which is not read; write it with snappy, gzip, zstd, brotli or lz4`,
      { field: column },
    );
}

function unpack(codec: number, bytes: Uint8Array, size: number, platform: Platform): Uint8Array {
  if (codec === 2) return wholly(platform.ungzip(bytes, size), size);
  if (codec === 4) return wholly(platform.unbrotli(bytes, size), size);
  if (codec === 6) return wholly(platform.unzstd(bytes, size), size);
  const out = new Uint8Array(size);
  if (codec === 1) snappyUncompress(bytes, out);
  else if (codec === 5) lz4Framed(bytes, out);
  else lz4Block(bytes, out);
  return out;
}

function wholly(unpacked: Uint8Array, size: number): Uint8Array {
  if (unpacked.length === size) return unpacked;
  throw damagedPage(`it unpacks to ${unpacked.length} bytes in place of ${size}`);
}

/** What a page was before it was compressed: exactly `size` bytes. Throws a DatasetFault. */
export function decompress(
  codec: number,
  bytes: Uint8Array,
  size: number,
  platform: Platform,
): Uint8Array {
  if (codec === 0) {
    if (bytes.length !== size)
      throw damagedPage(`it has ${bytes.length} bytes in place of ${size}`);
    return bytes;
  }
  try {
    return unpack(codec, bytes, size, platform);
  } catch (error) {
    if (error instanceof DatasetFault) throw error;
    throw damagedPage(`its ${CODECS[codec]} data do not unpack (${String(error)})`);
  }
}
