import { DatasetFault } from "../../domain/datasets/dataset-fault.ts";

const FIRST_BYTES = 1_048_576;

/**
 * A body in one buffer, which moves as it grows: what it was before is no garbage. Throws a
 * DatasetFault `file_too_large` above `most` bytes.
 */
export async function bytesOf(
  body: ReadableStream<Uint8Array>,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  let bytes = new Uint8Array(FIRST_BYTES);
  let length = 0;
  for await (const piece of body) {
    const end = length + piece.length;
    if (end > most)
      throw new DatasetFault("file_too_large", `the body may have ${most} bytes, and has more`);
    if (end > bytes.length) {
      const room = Math.min(most, Math.max(end, 2 * bytes.length));
      bytes = new Uint8Array(bytes.buffer.transfer(room));
    }
    bytes.set(piece, length);
    length = end;
  }
  return bytes.subarray(0, length);
}
