import type { Pack } from "../../contract/dataset-record.ts";
import { streamSource } from "../../domain/datasets/byte-source.ts";
import {
  bytesBeforeChunks,
  chunkLengths,
  HEAD_BYTES,
} from "../../domain/datasets/chunks/pack-frame.ts";
import type { ChunkRef } from "../../domain/datasets/chunks/recipe.ts";
import { sha256 } from "./sha256.ts";

/**
 * Stores the chunks of a frame of `size` bytes, under the names that their content gives them, as
 * they arrive: in memory is one of them, however slowly it comes.
 */
export async function receivePack(
  bucket: R2Bucket,
  body: ReadableStream<Uint8Array>,
  size: number,
  prefix: string,
): Promise<Pack> {
  const frame = streamSource(body, size);
  const head = await frame.read(0, Math.min(HEAD_BYTES, size));
  const before = bytesBeforeChunks(head, size);
  const rest = await frame.read(HEAD_BYTES, before - HEAD_BYTES);
  const lengths = chunkLengths(new Uint8Array([...head, ...rest]), size);
  const key = `${prefix}${crypto.randomUUID()}`;
  const { readable, writable } = new FixedLengthStream(size - before);
  const stored = bucket.put(key, readable);
  const writer = writable.getWriter();
  const chunks: ChunkRef[] = [];
  let at = before;
  try {
    for (const length of lengths) {
      const chunk = await frame.read(at, length);
      chunks.push({ sha256: await sha256(chunk), length });
      await writer.write(chunk);
      at += length;
    }
    await writer.close();
    await stored;
  } catch (error) {
    stored.catch(() => undefined);
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
  return { key, size_bytes: size - before, chunks };
}
