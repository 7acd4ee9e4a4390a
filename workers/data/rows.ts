import { RpcTarget } from "cloudflare:workers";
import type { IngestedFile } from "../../contract/dataset-record.ts";
import type {
  DataError,
  FileWriter,
  Missing,
  RowCursor,
  WriteTask,
} from "../../contract/dataset-work.ts";
import { chunksOf } from "../../domain/datasets/chunks/fast-cdc.ts";
import { DatasetFault } from "../../domain/datasets/dataset-fault.ts";
import { EXPORT_FORMATS, isWritten } from "../../domain/datasets/formats/format-names.ts";
import { FORMAT_TABLE } from "../../domain/datasets/formats/formats.ts";
import { newProfiler } from "../../domain/datasets/profile/profiler.ts";
import type { Schema } from "../../domain/datasets/schema.ts";
import type { Batch, Table } from "../../domain/datasets/table.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { HandOver } from "./hand-over.ts";
import { PackWriter } from "./pack-writer.ts";
import { streamedSha256 } from "./sha256.ts";
import { writeInTwo } from "./write-in-two.ts";

/** The value, or what the data was refused for. */
export async function asResult<T>(work: () => Promise<T>): Promise<Result<T, DataError>> {
  try {
    return ok(await work());
  } catch (error) {
    if (error instanceof DatasetFault) return fail({ code: "data", problem: error.problem });
    throw error;
  }
}

/** Rows for one that pulls them over RPC. */
export class Cursor extends RpcTarget implements RowCursor {
  readonly #schema: Schema;
  readonly #batches: AsyncIterator<Batch>;

  constructor({ schema }: Table, batches: AsyncIterable<Batch>) {
    super();
    this.#schema = schema;
    this.#batches = batches[Symbol.asyncIterator]();
  }

  async schema(): Promise<Schema> {
    return this.#schema;
  }

  next(): Promise<Result<Batch | null, DataError>> {
    return asResult(async () => {
      const { done, value } = await this.#batches.next();
      return done ? null : value;
    });
  }

  /** The last stub of it is gone. */
  [Symbol.dispose](): void {
    this.#batches.return?.().catch(() => undefined);
  }
}

/** As RPC gives a function that came as an argument. */
type KeptMissing = Missing & { dup?: () => Missing; [Symbol.dispose]?: () => void };

/** A file that is made of rows that are pushed over RPC, cut and stored as it is written. */
export class RowWriter extends RpcTarget implements FileWriter {
  readonly #rows = new HandOver<Batch>();
  readonly #written: Promise<Result<IngestedFile, DataError>>;
  #refused: Result<never, DataError> | null = null;

  constructor(bucket: R2Bucket, task: WriteTask, missing: Missing) {
    super();
    // What comes as an argument is given back when the call ends, and this is needed after it.
    const kept = (missing as KeptMissing).dup?.() ?? missing;
    this.#written = asResult(() => writeFile(bucket, this.#rows, task, kept));
    this.#written
      .then((written) => {
        if (!written.ok) this.#refused = written;
      })
      .finally(() => {
        this.#rows.leave();
        if (kept !== missing) (kept as KeptMissing)[Symbol.dispose]?.();
      })
      .catch(() => undefined);
  }

  async push(batch: Batch): Promise<Result<null, DataError>> {
    await this.#rows.give(batch);
    return this.#refused ?? ok(null);
  }

  finish(): Promise<Result<IngestedFile, DataError>> {
    this.#rows.end();
    return this.#written;
  }

  /** The last stub of it is gone: what was never finished waits for no more rows. */
  [Symbol.dispose](): void {
    this.#rows.fail(new Error("the file was given up before it was finished"));
  }
}

async function writeFile(
  bucket: R2Bucket,
  rows: AsyncIterable<Batch>,
  task: WriteTask,
  missing: Missing,
): Promise<IngestedFile> {
  const { format, schema, prefix } = task;
  const { writer, title } = FORMAT_TABLE[format];
  if (writer === null || !isWritten(format))
    throw new DatasetFault(
      "file_unsupported",
      `${title} files are not written: make the dataset ${EXPORT_FORMATS.join(", ")}`,
      { field: "format" },
    );
  if (writer.passes === "two") return writeInTwo(bucket, rows, { ...task, format }, missing);
  const { write } = writer;
  const profiler = newProfiler(schema);
  const digest = streamedSha256();
  let row_count = 0;
  let size_bytes = 0;
  async function* counted(): AsyncIterable<Batch> {
    for await (const batch of rows) {
      profiler.add(batch);
      row_count += batch.rows;
      yield batch;
    }
  }
  async function* hashed(): AsyncIterable<Uint8Array> {
    for await (const piece of write(schema, counted())) {
      await digest.write(piece);
      size_bytes += piece.length;
      yield piece;
    }
  }
  const packs = new PackWriter(bucket, prefix, missing);
  for await (const chunk of chunksOf(hashed())) await packs.add(chunk);
  return {
    ...(await packs.finish()),
    size_bytes,
    content_hash: await digest.end(),
    inspection: { schema, row_count, columns: profiler.finish(), warnings: [] },
  };
}
