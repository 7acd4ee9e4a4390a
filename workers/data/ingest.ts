import type { IngestedFile } from "../../contract/dataset-record.ts";
import type { IngestTask, Missing } from "../../contract/dataset-work.ts";
import { type ByteSource, streamSource } from "../../domain/datasets/byte-source.ts";
import { chunksOf } from "../../domain/datasets/chunks/fast-cdc.ts";
import { parquetBoundaries } from "../../domain/datasets/chunks/parquet-boundaries.ts";
import { DatasetFault } from "../../domain/datasets/dataset-fault.ts";
import type { Inspection } from "../../domain/datasets/inspection.ts";
import { HandOver } from "./hand-over.ts";
import { inferAndInspect, inspectSource, isSequential, wasGuessedWrong } from "./inspect-source.ts";
import { PackWriter } from "./pack-writer.ts";
import { refuseOther } from "./refuse-file.ts";
import { streamedSha256 } from "./sha256.ts";
import { piecesOf, storedSource } from "./stored-source.ts";

/**
 * Takes in a file as it arrives: it is written to an object of its own while it is hashed and
 * inspected, cut from there into chunks, and the object removed. At no time is it all in memory.
 */
export async function ingest(
  bucket: R2Bucket,
  body: ReadableStream<Uint8Array>,
  task: IngestTask,
  missing: Missing,
): Promise<IngestedFile> {
  const { prefix, size_bytes, format } = task;
  const key = `${prefix}spool-${crypto.randomUUID()}`;
  try {
    const { content_hash, inspection } = await spool(bucket, key, body, task);
    const extents = [{ key, offset: 0, length: size_bytes }];
    const source = storedSource(bucket, { size_bytes, extents });
    const packed = await pack(bucket, source, task, missing);
    const known = inspection ?? (await inspectSpooled(source, task));
    return { ...packed, size_bytes, content_hash, inspection: known };
  } finally {
    await bucket.delete(key);
  }

  function inspectSpooled(source: ByteSource, { read_options }: IngestTask): Promise<Inspection> {
    return isSequential(format)
      ? inferAndInspect(source, format, read_options)
      : inspectSource(source, format, read_options);
  }
}

/** The chunks of a file, of which those that are missing are stored. */
export async function pack(
  bucket: R2Bucket,
  source: ByteSource,
  { prefix, format }: Pick<IngestTask, "prefix" | "format">,
  missing: Missing,
): Promise<Pick<IngestedFile, "recipe" | "packs">> {
  const boundaries = format === "parquet" ? await parquetBoundaries(source) : [];
  const packs = new PackWriter(bucket, prefix, missing);
  for await (const chunk of chunksOf(piecesOf(source), { boundaries })) await packs.add(chunk);
  return packs.finish();
}

/** Null for what can only be inspected once it is all there. */
type Spooled = { content_hash: string; inspection: Inspection | null };

async function spool(
  bucket: R2Bucket,
  key: string,
  body: ReadableStream<Uint8Array>,
  { size_bytes, format, read_options, follows }: IngestTask,
): Promise<Spooled> {
  const { readable, writable } = new FixedLengthStream(size_bytes);
  const stored = bucket.put(key, readable);
  const writer = writable.getWriter();
  const digest = streamedSha256();
  const arriving = new HandOver<Uint8Array>();
  const inspected = isSequential(format)
    ? watched(inspectSource(streamSource(arriving, size_bytes), format, read_options, follows))
    : null;
  void inspected?.over.finally(() => arriving.leave());
  try {
    let isFirst = true;
    for await (const piece of body) {
      if (isFirst) refuseOther(piece, format);
      isFirst = false;
      await Promise.all([
        writer.write(piece),
        digest.write(piece),
        inspected && arriving.give(piece),
      ]);
      // What breaks the rules is refused before its last byte.
      if (inspected?.refused && !wasGuessedWrong(inspected.refused, read_options))
        throw inspected.refused;
    }
    await writer.close();
    arriving.end();
    await stored;
  } catch (error) {
    arriving.end();
    stored.catch(() => undefined);
    await writer.abort(error).catch(() => undefined);
    throw asCut(error, size_bytes);
  }
  await inspected?.over;
  if (inspected?.refused && !wasGuessedWrong(inspected.refused, read_options))
    throw inspected.refused;
  return { content_hash: await digest.end(), inspection: inspected?.value ?? null };
}

/** A body that is shorter or longer than it said. */
const asCut = (error: unknown, size_bytes: number): unknown =>
  error instanceof TypeError && /FixedLengthStream/.test(error.message)
    ? new DatasetFault(
        "file_invalid",
        `the body was said to have ${size_bytes} bytes, and has not: send it whole`,
      )
    : error;

type Watched<T> = { value: T | undefined; refused: unknown; over: Promise<void> };

/** What becomes of a promise that is waited for later. */
function watched<T>(promise: Promise<T>): Watched<T> {
  const seen: Watched<T> = { value: undefined, refused: undefined, over: Promise.resolve() };
  seen.over = promise.then(
    (value) => {
      seen.value = value;
    },
    (error: unknown) => {
      seen.refused = error;
    },
  );
  return seen;
}
