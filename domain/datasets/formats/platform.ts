import type { Reader, Writer } from "../table.ts";

/** Bytes in, bytes out, as they come; rejects where they are not what they should be. */
export type Inflate = (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/**
 * All bytes of what was compressed as one piece, in bounded memory; throws where they are not what
 * they should be, and before it has made more than `most`.
 */
export type Unpack = (bytes: Uint8Array, most: number) => Uint8Array;

/** What the formats need of the runtime that they run in. */
export type Platform = {
  /** The text of bytes that are UTF-8, a byte order mark kept; throws a TypeError where they are not. */
  decodeUtf8(bytes: Uint8Array): string;
  /** RFC 1951, as in zip archives. */
  inflateRaw: Inflate;
  /** RFC 1950, as in MAT files. */
  inflateZlib: Inflate;
  /** RFC 1950, as in HDF5 files. */
  unzlib: Unpack;
  /** RFC 1952, as in Parquet files. */
  ungzip: Unpack;
  /** RFC 7932, as in Parquet files. */
  unbrotli: Unpack;
  /** RFC 8878, as in Parquet and HDF5 files. */
  unzstd: Unpack;
};

export type ReaderFactory = (platform: Platform) => Reader;
export type WriterFactory = (platform: Platform) => Writer;
