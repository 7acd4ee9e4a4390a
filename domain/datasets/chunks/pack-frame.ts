import { DatasetFault } from "../dataset-fault.ts";

/** What a client sends at once at most: bytes of chunks, and chunks. */
export const PACK_LIMITS = { bytes: 16 * 2 ** 20, chunks: 4_096 };
/** "LNTP" in ASCII. */
const MAGIC = [0x4c, 0x4e, 0x54, 0x50];
/** The magic and the number of chunks. */
export const HEAD_BYTES = 8;
/** The longest body that can be a frame. */
export const FRAME_BYTES = HEAD_BYTES + 4 * PACK_LIMITS.chunks + PACK_LIMITS.bytes;

/**
 * The body in which chunks are sent: "LNTP", their number, the length of each, then their bytes one
 * behind the other. Numbers are little-endian, of 32 bits. Throws a DatasetFault `option_invalid`
 * for no chunk, an empty one, or more than `PACK_LIMITS`.
 */
export function encodePack(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = chunks.reduce((sum, { length }) => sum + length, 0);
  if (!isPack(chunks.length, size) || chunks.some(({ length }) => length === 0))
    throw new DatasetFault(
      "option_invalid",
      `${chunks.length} chunks of ${size} bytes cannot be sent at once: ${EXPECTED}`,
    );
  let at = HEAD_BYTES + 4 * chunks.length;
  const frame = new Uint8Array(at + size);
  const view = new DataView(frame.buffer);
  frame.set(MAGIC);
  view.setUint32(4, chunks.length, true);
  for (const [index, chunk] of chunks.entries()) {
    view.setUint32(HEAD_BYTES + 4 * index, chunk.length, true);
    frame.set(chunk, at);
    at += chunk.length;
  }
  return frame;
}

/**
 * How many bytes of a frame of `size` come before its chunks, by its first `HEAD_BYTES`. Throws a
 * DatasetFault: `file_too_large` for one that says it has more than `PACK_LIMITS`, `file_invalid`
 * for what is no frame.
 */
export function bytesBeforeChunks(head: Uint8Array, size: number): number {
  if (head.length < HEAD_BYTES || MAGIC.some((byte, index) => head[index] !== byte))
    throw invalid('it should begin with "LNTP" and the number of its chunks');
  const count = viewOf(head).getUint32(4, true);
  const before = HEAD_BYTES + 4 * count;
  if (count > PACK_LIMITS.chunks || size - before > PACK_LIMITS.bytes)
    throw new DatasetFault(
      "file_too_large",
      `a pack of ${count} chunks in ${size} bytes: ${EXPECTED}`,
    );
  if (!isPack(count, size - before)) throw invalid(`it says ${count} chunks and has ${size} bytes`);
  return before;
}

/** The lengths of a frame's chunks, by all before them; `file_invalid` where they do not add up to `size`. */
export function chunkLengths(before: Uint8Array, size: number): number[] {
  const view = viewOf(before);
  const lengths: number[] = [];
  let left = size - before.length;
  for (let at = HEAD_BYTES; at < before.length; at += 4) {
    const length = view.getUint32(at, true);
    const index = lengths.length;
    if (length === 0) throw invalid(`chunk ${index} is empty`);
    if (length > left)
      throw invalid(
        `chunk ${index} has ${length} bytes, and only ${left} are left: the body is cut off or a length is wrong`,
      );
    lengths.push(length);
    left -= length;
  }
  if (left === 0) return lengths;
  throw invalid(`${left} bytes are left behind the last of its ${lengths.length} chunks`);
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** The chunks of a frame, as views of it. Throws as `bytesBeforeChunks` and `chunkLengths` do. */
export function decodePack(frame: Uint8Array): Uint8Array[] {
  const before = bytesBeforeChunks(frame.subarray(0, HEAD_BYTES), frame.length);
  let at = before;
  return chunkLengths(frame.subarray(0, before), frame.length).map((length) => {
    at += length;
    return frame.subarray(at - length, at);
  });
}

const EXPECTED = `a pack has 1 to ${PACK_LIMITS.chunks} chunks, none of them empty, and ${PACK_LIMITS.bytes} bytes at most; send what is more in another`;
const isPack = (count: number, size: number): boolean =>
  count >= 1 && count <= PACK_LIMITS.chunks && size >= count && size <= PACK_LIMITS.bytes;
const invalid = (what: string): DatasetFault =>
  new DatasetFault("file_invalid", `the body is no pack of chunks: ${what}`);
