import { DatasetFault } from "../dataset-fault.ts";

/** What a client sends at once at most: bytes of chunks, and chunks. */
export const PACK_LIMITS = { bytes: 16 * 2 ** 20, chunks: 4_096 };
/** "LNTP" in ASCII. */
const MAGIC = [0x4c, 0x4e, 0x54, 0x50];
const HEAD_BYTES = 8;
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
 * The chunks of a body, as views of it. Throws a DatasetFault: `file_too_large` for one that says
 * it has more than `PACK_LIMITS`, `file_invalid` for one whose lengths do not add up.
 */
export function decodePack(frame: Uint8Array): Uint8Array[] {
  if (frame.length < HEAD_BYTES || MAGIC.some((byte, index) => frame[index] !== byte))
    throw invalid('it should begin with "LNTP" and the number of its chunks');
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const count = view.getUint32(4, true);
  const body = frame.length - HEAD_BYTES - 4 * count;
  if (count > PACK_LIMITS.chunks || body > PACK_LIMITS.bytes)
    throw new DatasetFault(
      "file_too_large",
      `a pack of ${count} chunks in ${frame.length} bytes: ${EXPECTED}`,
    );
  if (!isPack(count, body)) throw invalid(`it says ${count} chunks and has ${frame.length} bytes`);
  const chunks: Uint8Array[] = [];
  let at = HEAD_BYTES + 4 * count;
  for (let index = 0; index < count; index++) {
    const length = view.getUint32(HEAD_BYTES + 4 * index, true);
    if (length === 0) throw invalid(`chunk ${index} is empty`);
    if (length > frame.length - at)
      throw invalid(
        `chunk ${index} has ${length} bytes, and only ${frame.length - at} are left: the body is cut off or a length is wrong`,
      );
    chunks.push(frame.subarray(at, at + length));
    at += length;
  }
  if (at === frame.length) return chunks;
  throw invalid(`${frame.length - at} bytes are left behind the last of its ${count} chunks`);
}

const EXPECTED = `a pack has 1 to ${PACK_LIMITS.chunks} chunks, none of them empty, and ${PACK_LIMITS.bytes} bytes at most; send what is more in another`;
const isPack = (count: number, size: number): boolean =>
  count >= 1 && count <= PACK_LIMITS.chunks && size >= count && size <= PACK_LIMITS.bytes;
const invalid = (what: string): DatasetFault =>
  new DatasetFault("file_invalid", `the body is no pack of chunks: ${what}`);
