import { DatasetFault } from "../dataset-fault.ts";
import type { ChunkRef } from "./recipe.ts";

/** SHA-256 of bytes, in lower-case hex. */
export type Sha256 = (bytes: Uint8Array) => Promise<string>;

/** A run of chunks of a file, named by the SHA-256 of its bytes as `packSegment` writes them. */
export type SegmentRef = { sha256: string; chunks: number; size_bytes: number };
export type Segment = SegmentRef & { bytes: Uint8Array };

/** In chunks. The expected length is that of random hashes. */
export const SEGMENT_CHUNKS = { minimum: 32, expected: 128, maximum: 1_024 };
/** The hash of a chunk and its length. */
const ENTRY_BYTES = 36;
/** Of 2^32: how many values of a hash's first four bytes end a segment that has the minimum. */
const ENDING = Math.round(2 ** 32 / (SEGMENT_CHUNKS.expected - SEGMENT_CHUNKS.minimum + 1));

/**
 * The chunks of a file in runs whose ends the hashes of the chunks decide, so that a change of a
 * few chunks leaves all other segments as they were, and their bytes are stored once.
 */
export function* cutSegments(recipe: Iterable<ChunkRef>): Iterable<ChunkRef[]> {
  let run: ChunkRef[] = [];
  for (const chunk of recipe) {
    run.push(chunk);
    const isEnding = Number.parseInt(chunk.sha256.slice(0, 8), 16) < ENDING;
    const hasMinimum = run.length >= SEGMENT_CHUNKS.minimum;
    if (run.length < SEGMENT_CHUNKS.maximum && !(isEnding && hasMinimum)) continue;
    yield run;
    run = [];
  }
  if (run.length > 0) yield run;
}

/** The segments of a file with their names and bytes, in order; none for an empty file. */
export async function segmentsOf(recipe: Iterable<ChunkRef>, sha256: Sha256): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const chunks of cutSegments(recipe)) segments.push(await segmentOf(chunks, sha256));
  return segments;
}

async function segmentOf(chunks: readonly ChunkRef[], sha256: Sha256): Promise<Segment> {
  const bytes = packSegment(chunks);
  const size = chunks.reduce((sum, { length }) => sum + length, 0);
  return { sha256: await sha256(bytes), chunks: chunks.length, size_bytes: size, bytes };
}

/**
 * 36 bytes for each chunk, in order: its SHA-256, then its length as a little-endian 32-bit number.
 * Throws a RangeError for a hash that is not one and for a length outside 1 to 2^32 - 1.
 */
export function packSegment(chunks: readonly ChunkRef[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.length * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, { sha256, length }] of chunks.entries()) {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new RangeError(`no SHA-256 in hex: "${sha256}"`);
    if (!Number.isInteger(length) || length < 1 || length >= 2 ** 32)
      throw new RangeError(`a chunk has 1 to 2^32 - 1 bytes, not ${length}`);
    const at = index * ENTRY_BYTES;
    for (let byte = 0; byte < 32; byte++)
      bytes[at + byte] = Number.parseInt(sha256.slice(2 * byte, 2 * byte + 2), 16);
    view.setUint32(at + 32, length, true);
  }
  return bytes;
}

/**
 * What `packSegment` packed. Throws a DatasetFault `data_missing` for bytes that are not what the
 * segment says of itself; whether their hash is its name is for the caller to check.
 */
export function unpackSegment(bytes: Uint8Array, { sha256, chunks, size_bytes }: SegmentRef) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: ChunkRef[] = [];
  let size = 0;
  for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    const length = view.getUint32(at + 32, true);
    found.push({ sha256: hexOf(bytes.subarray(at, at + 32)), length });
    size += length;
  }
  if (bytes.length === chunks * ENTRY_BYTES && size === size_bytes) return found;
  throw new DatasetFault(
    "data_missing",
    `segment ${sha256} has ${chunks} chunks of ${size_bytes} bytes in all, and what is stored of it is ${bytes.length} bytes that say ${found.length} chunks of ${size}: it is damaged`,
  );
}

const DIGITS = "0123456789abcdef";
/** At once: a text that grows by parts keeps all of them in memory. */
const hexOf = (bytes: Uint8Array): string => {
  const units: number[] = [];
  for (const byte of bytes) units.push(DIGITS.charCodeAt(byte >> 4), DIGITS.charCodeAt(byte & 15));
  return String.fromCharCode(...units);
};
