import { chunksOf, parquetBoundaries } from "../../contract/dataset-file.ts";
import type { ByteFile } from "./byte-file.ts";
import { hex } from "./hex.ts";

/** A chunk by the SHA-256 of its bytes, and where in the file it begins. */
export type Chunk = { sha256: string; length: number; offset: number };

const PIECE_BYTES = 4 * 2 ** 20;
/** Some 5 MB; WebCrypto works on several of them at a time. */
const HASHED_AT_ONCE = 64;
const PARQUET = [0x50, 0x41, 0x52, 0x31];

/**
 * The chunks of a file in order, some at a time. They end where the platform would cut the file
 * itself: at the pages of a Parquet file, else where the content says.
 */
export async function* hashChunks(file: ByteFile): AsyncGenerator<Chunk[], void, undefined> {
  const cuts = chunksOf(piecesOf(file), { boundaries: await boundariesOf(file) });
  let hashing: Promise<Chunk>[] = [];
  let offset = 0;
  for await (const bytes of cuts) {
    hashing.push(hashed(bytes, offset));
    offset += bytes.length;
    if (hashing.length < HASHED_AT_ONCE) continue;
    yield await Promise.all(hashing);
    hashing = [];
  }
  if (hashing.length > 0) yield await Promise.all(hashing);
}

async function* piecesOf(file: ByteFile): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < file.size; from += PIECE_BYTES)
    yield await file.slice(from, Math.min(file.size, from + PIECE_BYTES));
}

async function boundariesOf(file: ByteFile): Promise<number[]> {
  const { size } = file;
  const begin = await file.slice(0, Math.min(size, PARQUET.length));
  if (PARQUET.some((byte, at) => begin[at] !== byte)) return [];
  return parquetBoundaries({ size, read: (from, length) => file.slice(from, from + length) });
}

async function hashed(bytes: Uint8Array, offset: number): Promise<Chunk> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return { sha256: hex(new Uint8Array(digest)), length: bytes.length, offset };
}
