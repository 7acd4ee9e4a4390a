import type { IngestedFile } from "../../contract/dataset-record.ts";
import type { Missing, WriteTask } from "../../contract/dataset-work.ts";
import { exportTable } from "../../domain/datasets/formats/convert.ts";
import type { ExportFormat } from "../../domain/datasets/formats/format-names.ts";
import { parquetReader } from "../../domain/datasets/formats/parquet/parquet-reader.ts";
import { writeParquet } from "../../domain/datasets/formats/parquet/parquet-writer.ts";
import { newProfiler, type Profiler } from "../../domain/datasets/profile/profiler.ts";
import type { Batch } from "../../domain/datasets/table.ts";
import { pack } from "./ingest.ts";
import { inspectSource } from "./inspect-source.ts";
import { platform } from "./platform.ts";
import { streamedSha256 } from "./sha256.ts";
import { Spool } from "./spool.ts";

type Task = WriteTask & { format: ExportFormat };

/**
 * A file that says at its beginning what only its last row tells, made of rows that come once: they
 * are kept as Parquet until all are there, and the file, made of them, is read as one that was sent.
 */
export async function writeInTwo(
  bucket: R2Bucket,
  rows: AsyncIterable<Batch>,
  { format, schema, prefix }: Task,
  missing: Missing,
): Promise<IngestedFile> {
  const kept = new Spool(bucket, prefix);
  const made = new Spool(bucket, prefix);
  try {
    const profiler = newProfiler(schema);
    for await (const piece of writeParquet(schema, profiled(rows, profiler))) await kept.add(piece);
    const known = { row_count: null, columns: profiler.finish() };
    const table = await parquetReader(platform).read(await kept.finish(), {});
    const { chunks } = await exportTable(table, format, { known });
    const digest = streamedSha256();
    for await (const piece of chunks) {
      await digest.write(piece);
      await made.add(piece);
    }
    const source = await made.finish();
    return {
      ...(await pack(bucket, source, { prefix, format }, missing)),
      size_bytes: source.size,
      content_hash: await digest.end(),
      inspection: await inspectSource(source, format, {}),
    };
  } finally {
    await Promise.all([kept.remove(), made.remove()]);
  }
}

async function* profiled(rows: AsyncIterable<Batch>, profiler: Profiler): AsyncGenerator<Batch> {
  for await (const batch of rows) {
    profiler.add(batch);
    yield batch;
  }
}
