import type { PackPart, PlacedChunk, Repacked } from "../../contract/dataset-work.ts";
import type { ChunkRef } from "../../domain/datasets/chunks/recipe.ts";
import { DatasetFault } from "../../domain/datasets/dataset-fault.ts";
import { sha256 } from "./sha256.ts";
import { dataMissing, readObject } from "./stored-source.ts";

/** Between chunks that are read in one request: it takes longer to ask again than to read them. */
const GAP_BYTES = 262_144;

/**
 * Copies chunks into an object of their own, one behind the other. An object of which one chunk is
 * not what its name says, or is not there, is damaged, and none of its chunks is copied. In memory
 * are the copy and what lies between the ends of one run.
 */
export async function repack(
  bucket: R2Bucket,
  key: string,
  parts: readonly PackPart[],
): Promise<Repacked> {
  const body = new Uint8Array(parts.reduce((sum, { chunks }) => sum + bytesOf(chunks), 0));
  const copied: ChunkRef[] = [];
  const damaged: Repacked["damaged"] = [];
  let filled = 0;
  for (const part of parts) {
    const what = await damageOf(copyInto(bucket, part, body.subarray(filled)));
    if (what !== null) {
      damaged.push({ key: part.key, what });
      continue;
    }
    filled += bytesOf(part.chunks);
    for (const chunk of part.chunks) copied.push({ sha256: chunk.sha256, length: chunk.length });
  }
  if (filled === 0) return { pack: null, damaged };
  const whole = body.subarray(0, filled);
  await bucket.put(key, whole, { sha256: await sha256(whole) });
  return { pack: { key, size_bytes: filled, chunks: copied }, damaged };
}

/** What is wrong with the bytes; another failure may pass. */
async function damageOf(copying: Promise<void>): Promise<string | null> {
  try {
    await copying;
    return null;
  } catch (error) {
    if (error instanceof DatasetFault) return error.message;
    throw error;
  }
}

async function copyInto(
  bucket: R2Bucket,
  { key, chunks }: PackPart,
  into: Uint8Array,
): Promise<void> {
  let at = 0;
  for (const run of runsOf(chunks)) {
    const offset = run[0]?.start ?? 0;
    const bytes = await readObject(bucket, { key, offset, length: endOf(run) - offset });
    for (const { sha256: name, start, length } of run) {
      const chunk = bytes.subarray(start - offset, start - offset + length);
      const found = await sha256(chunk);
      if (found !== name)
        throw dataMissing(
          key,
          `has a chunk at byte ${start} of SHA-256 ${found} in place of ${name}`,
        );
      into.set(chunk, at);
      at += length;
    }
  }
}

/** Chunks in the order of their object, those near each other together. */
function runsOf(chunks: readonly PlacedChunk[]): PlacedChunk[][] {
  const runs: PlacedChunk[][] = [];
  for (const chunk of chunks) {
    const run = runs.at(-1);
    if (run && chunk.start - endOf(run) <= GAP_BYTES) run.push(chunk);
    else runs.push([chunk]);
  }
  return runs;
}

const endOf = (run: readonly PlacedChunk[]): number => {
  const last = run.at(-1);
  return last ? last.start + last.length : 0;
};

const bytesOf = (chunks: readonly PlacedChunk[]): number =>
  chunks.reduce((sum, { length }) => sum + length, 0);
