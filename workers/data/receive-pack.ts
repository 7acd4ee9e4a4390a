import type { Pack } from "../../contract/dataset-record.ts";
import { decodePack, FRAME_BYTES } from "../../domain/datasets/chunks/pack-frame.ts";
import { DatasetFault } from "../../domain/datasets/dataset-fault.ts";
import { storePack } from "./pack-writer.ts";
import { sha256 } from "./sha256.ts";

/** Stores the chunks of a frame under the names that their content gives them. */
export async function receivePack(
  bucket: R2Bucket,
  body: ReadableStream<Uint8Array>,
  prefix: string,
): Promise<Pack> {
  const frame = await bytesOf(body);
  const chunks = await Promise.all(
    decodePack(frame).map(async (bytes) => ({
      ref: { sha256: await sha256(bytes), length: bytes.length },
      bytes,
    })),
  );
  return storePack(bucket, prefix, chunks);
}

async function bytesOf(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > FRAME_BYTES)
      throw new DatasetFault("file_too_large", `a pack has at most ${FRAME_BYTES} bytes`);
    pieces.push(piece);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
