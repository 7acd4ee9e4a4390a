import type { Pack } from "../../contract/dataset-record.ts";
import { decodePack, FRAME_BYTES } from "../../domain/datasets/chunks/pack-frame.ts";
import { bytesOf } from "./bytes-of.ts";
import { storePack } from "./pack-writer.ts";
import { sha256 } from "./sha256.ts";
import { free } from "./stored-source.ts";

/** Stores the chunks of a frame under the names that their content gives them. */
export async function receivePack(
  bucket: R2Bucket,
  body: ReadableStream<Uint8Array>,
  prefix: string,
): Promise<Pack> {
  const frame = await bytesOf(body, FRAME_BYTES);
  const chunks = decodePack(frame);
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const refs = [];
  for (const chunk of chunks) refs.push({ sha256: await sha256(chunk), length: chunk.length });
  // They end the frame, one behind the other: as they are to be stored.
  const pack = await storePack(bucket, prefix, refs, frame.subarray(frame.length - length));
  free(frame);
  return pack;
}
