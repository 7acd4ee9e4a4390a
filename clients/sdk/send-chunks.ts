import { atOnce } from "./at-once.ts";
import type { ByteFile } from "./byte-file.ts";
import { type Chunk, hashChunks } from "./hash-chunks.ts";
import { PackQueue, readPack, sizeOf } from "./pack-queue.ts";
import type { DeclareChunks } from "./wire.ts";

type ChunkName = DeclareChunks["chunks"][number];

/** Where the chunks go. Either call may come again for what it has taken before. */
export type ChunkReceiver = {
  /** Hears which chunks the file has, from the one with number `at` on; answers which of these are missing. */
  declare(at: number, chunks: ChunkName[]): Promise<number[]>;
  /** Takes missing chunks, in the frame of `encodePack`. */
  send(pack: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<void>;
};

/** In bytes. What is to be sent is known of what was hashed, and never grows without it. */
export type SendProgress = {
  bytes_hashed: number;
  bytes_total: number;
  bytes_sent: number;
  bytes_to_send: number;
};

export type SendOptions = {
  /** Packs of up to 16 MiB that are under way at a time, and in memory with two more; 4. */
  packsAtOnce?: number | undefined;
  onProgress?: ((progress: SendProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
};

const PACKS_AT_ONCE = 4;
const DECLARED_AT_ONCE = 2_000;

/**
 * Cuts the file into chunks, names each by its SHA-256, and sends those that are missing while the
 * next are cut. After a failure the file may be sent again: what has arrived is not missing.
 */
export async function sendChunks(
  file: ByteFile,
  receiver: ChunkReceiver,
  { packsAtOnce = PACKS_AT_ONCE, onProgress, signal }: SendOptions = {},
): Promise<void> {
  const progress = { bytes_hashed: 0, bytes_total: file.size, bytes_sent: 0, bytes_to_send: 0 };
  const advance = (by: Partial<SendProgress>): void => {
    for (const name of ["bytes_hashed", "bytes_sent", "bytes_to_send"] as const)
      progress[name] += by[name] ?? 0;
    onProgress?.({ ...progress });
  };
  const sending = atOnce(packsAtOnce);
  const queue = new PackQueue();
  let declared = 0;
  let batch: Chunk[] = [];

  const declare = async (): Promise<void> => {
    const names = batch.map(({ sha256, length }) => ({ sha256, length }));
    const missing = new Set(await receiver.declare(declared, names));
    const added = batch.filter((chunk, at) => missing.has(at) && queue.add(chunk));
    advance({ bytes_hashed: sizeOf(batch), bytes_to_send: sizeOf(added) });
    declared += batch.length;
    batch = [];
  };
  const send = async (all: boolean): Promise<void> => {
    for (let pack = queue.take({ all }); pack; pack = queue.take({ all })) {
      const bytes_sent = sizeOf(pack);
      const frame = await readPack(file, pack);
      await sending.start(async (ended) => {
        await receiver.send(frame, signal ? AbortSignal.any([signal, ended]) : ended);
        advance({ bytes_sent });
      });
    }
  };

  try {
    for await (const chunks of hashChunks(file)) {
      signal?.throwIfAborted();
      sending.check();
      batch.push(...chunks);
      if (batch.length < DECLARED_AT_ONCE) continue;
      await declare();
      await send(false);
    }
    if (batch.length > 0) await declare();
    await send(true);
    await sending.end();
  } catch (error) {
    await sending.stop(error);
    throw error;
  }
}
