import { WorkerEntrypoint } from "cloudflare:workers";
import type { IngestedFile, Pack, StoredFile } from "../../contract/dataset-record.ts";
import type {
  CheckedEnds,
  InspectedFile,
  DataError,
  DataService,
  EndsTask,
  IngestTask,
  Missing,
  PackPart,
  Repacked,
  SignalPart,
  WriteTask,
} from "../../contract/dataset-work.ts";
import type { ChangedRange } from "../../domain/datasets/chunks/changed-ranges.ts";
import type { CompareOptions } from "../../domain/datasets/compare/compare-tables.ts";
import { ENDS_BYTES } from "../../domain/datasets/file-ends.ts";
import type { Inspection } from "../../domain/datasets/inspection.ts";
import { previewPerClass } from "../../domain/datasets/preview/preview-per-class.ts";
import { previewRows } from "../../domain/datasets/preview/preview-rows.ts";
import type { ExportFormat } from "../../domain/datasets/formats/format-names.ts";
import { readerOf } from "../../domain/datasets/formats/formats.ts";
import type { Range, Table } from "../../domain/datasets/table.ts";
import { fail, type Result } from "../../domain/result.ts";
import { Turns } from "../shared/turns.ts";
import { bytesOf } from "./bytes-of.ts";
import { checkEnds } from "./check-ends.ts";
import { compareFiles } from "./compare-files.ts";
import { platform } from "./platform.ts";
import { exportFile } from "./export-file.ts";
import { ingest } from "./ingest.ts";
import { inspectStored } from "./inspect-stored.ts";
import { asResult, Cursor, RowWriter } from "./rows.ts";
import { readSignal } from "./read-signal.ts";
import { sendStored } from "./send-stored.ts";
import { storedSource } from "./stored-source.ts";
import { receivePack } from "./receive-pack.ts";
import { repack } from "./repack.ts";

type Stream = ReadableStream<Uint8Array>;

const MOST_WAITING = 40;
const PATIENCE_MS = 60_000;
const wait = (ms: number) => scheduler.wait(ms);
const places = (count: number, ms = PATIENCE_MS): Turns[] =>
  Array.from({ length: count }, () => new Turns(MOST_WAITING, { ms, wait }));
/** Files that are read whole at once: each takes some 30 MB of an isolate's 128. */
const WHOLE = places(2);
/** Files that are taken in at once: they come as slowly as their clients send them. */
const ARRIVING = places(2);
/** Files that are read in part at once. */
const PART = places(3);
/** Files that are written as others at once: one that is read slowly keeps the next waiting, and not for long. */
const EXPORTS = places(2, 10_000);
/** Ends of files that are checked at once: they come as slowly as their clients send them. */
const ENDS = places(2);

/** What `DATA` is bound to: files of datasets, over RPC only. */
export class Data extends WorkerEntrypoint<DataEnv> implements DataService<Stream> {
  ingest(
    body: Stream,
    task: IngestTask,
    missing: Missing,
  ): Promise<Result<IngestedFile, DataError>> {
    return inTurn(ARRIVING, () => ingest(this.env.DATASETS, body, task, missing));
  }

  storePack(body: Stream, size: number, prefix: string): Promise<Result<Pack, DataError>> {
    return asResult(() => receivePack(this.env.DATASETS, body, size, prefix));
  }

  repack(key: string, parts: readonly PackPart[]): Promise<Result<Repacked, DataError>> {
    return inTurn(WHOLE, () => repack(this.env.DATASETS, key, parts));
  }

  checkEnds(body: Stream, task: EndsTask): Promise<Result<CheckedEnds, DataError>> {
    return inTurn(ENDS, async () => checkEnds(platform, await bytesOf(body, ENDS_BYTES), task));
  }

  inspect(
    file: StoredFile,
  ): Promise<Result<{ inspection: Inspection; content_hash: string }, DataError>> {
    return inTurn(WHOLE, () => inspectStored(() => this.#source(file), file));
  }

  openRows(file: StoredFile, range?: Range): Promise<Result<Cursor, DataError>> {
    return asResult(async () => {
      const table = await this.#table(file);
      return new Cursor(table, table.batches(range));
    });
  }

  async openWriter(task: WriteTask, missing: Missing): Promise<RowWriter> {
    return new RowWriter(this.env.DATASETS, task, missing);
  }

  async read(file: StoredFile, from: number, to: number): Promise<Stream> {
    return sendStored(this.env.DATASETS, file, from, to, (sending) => this.ctx.waitUntil(sending));
  }

  rows(file: StoredFile, range: Range): Promise<Result<object, DataError>> {
    return inTurn(PART, async () => {
      const table = await this.#table(file);
      return { ...(await previewRows(table, range)), row_count: table.rows };
    });
  }

  rowsPerClass(
    file: StoredFile,
    column: string,
    per_class: number,
  ): Promise<Result<object, DataError>> {
    return inTurn(PART, async () => previewPerClass(await this.#table(file), column, per_class));
  }

  signal(
    file: StoredFile,
    at: Parameters<typeof readSignal>[1],
  ): Promise<Result<SignalPart, DataError>> {
    return inTurn(PART, async () => readSignal(await this.#table(file), at));
  }

  compare(
    a: InspectedFile,
    b: InspectedFile,
    changed: readonly ChangedRange[],
    options: CompareOptions,
  ): Promise<Result<object, DataError>> {
    const side = (file: InspectedFile) => ({ file, source: this.#source(file) });
    return inTurn(WHOLE, () => compareFiles(side(a), side(b), changed, options));
  }

  exportAs(file: InspectedFile, format: ExportFormat): Promise<Result<Stream, DataError>> {
    return inTurnUntil(EXPORTS, async (end) =>
      exportFile(await this.#table(file), format, file.inspection, end),
    );
  }

  async state(): Promise<{ status: "ok" }> {
    return { status: "ok" };
  }

  #source(file: StoredFile) {
    return storedSource(this.env.DATASETS, file);
  }

  #table(file: StoredFile): Promise<Table> {
    return readerOf(file.format, platform).read(this.#source(file), file.read_options);
  }
}

export default {
  fetch: () => new Response("Not found", { status: 404 }),
} satisfies ExportedHandler<DataEnv>;

/** Work that takes memory, a few at a time. */
const inTurn = <T>(
  turns: readonly Turns[],
  work: () => Promise<T>,
): Promise<Result<T, DataError>> => inTurnUntil(turns, (end) => work().finally(end));

/** As `inTurn`, of work that goes on until it says that it has ended. */
async function inTurnUntil<T>(
  turns: readonly Turns[],
  work: (end: () => void) => Promise<T>,
): Promise<Result<T, DataError>> {
  const least = turns.reduce((a, b) => (b.taken < a.taken ? b : a));
  const turn = least.take();
  if (!turn) return fail({ code: "busy" });
  await turn.begun;
  return asResult(() =>
    work(turn.end).catch((error: unknown) => {
      turn.end();
      throw error;
    }),
  );
}
