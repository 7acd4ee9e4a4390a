import type { ExportFormat } from "../domain/datasets/formats/format-names.ts";
import type { Inspection } from "../domain/datasets/inspection.ts";
import type { DatasetProblem } from "../domain/datasets/dataset-fault.ts";
import type { ChunkRef } from "../domain/datasets/chunks/recipe.ts";
import type { ChangedRange } from "../domain/datasets/chunks/changed-ranges.ts";
import type { CompareOptions } from "../domain/datasets/compare/compare-tables.ts";
import type { TableComparison } from "../domain/datasets/compare/table-comparison.ts";
import type { Schema } from "../domain/datasets/schema.ts";
import type { EvolutionMode } from "../domain/datasets/schema-rules/evolution.ts";
import type { Batch, Format, Range, ReadOptions, TensorCell } from "../domain/datasets/table.ts";
import type { Result } from "../domain/result.ts";
import type { IngestedFile, Pack, StoredFile } from "./dataset-record.ts";

/** `busy`: the Worker has too much to do, or went away; asking again later may help. */
export type DataError = { code: "data"; problem: DatasetProblem } | { code: "busy" };

/** Which of these chunks (SHA-256 in hex) the dataset has not, as positions in the list. */
export type Missing = (sha256s: string[]) => Promise<number[]>;

/** What a file has to be that is coming in. */
export type ExpectedFile = {
  format: Format;
  read_options: ReadOptions;
  size_bytes: number;
  /** What the columns follow, as the dataset's rule has it; null where there is none. */
  follows: Follows | null;
};
export type Follows = { schema: Schema; compatibility: EvolutionMode };

/** A file that comes in as a stream; `prefix` is where its packs are to lie: `packPrefix(…)`. */
export type IngestTask = ExpectedFile & { prefix: string };

/** Both ends of a file in one: `head` of the bytes are its first, the others its last. */
export type EndsTask = ExpectedFile & { head: number };
/** As far as the ends tell: types that were guessed may change with later rows. */
export type CheckedEnds = { schema: Schema | null; warnings: string[] };

/** A file that is made of rows. */
export type WriteTask = { prefix: string; format: Format; schema: Schema };

/** Chunks by where they begin in an object. */
export type PlacedChunk = ChunkRef & { start: number };
export type PackPart = { key: string; chunks: PlacedChunk[] };
/** `pack` is null where nothing could be copied, `damaged` are objects that are not what they were. */
export type Repacked = { pack: Pack | null; damaged: { key: string; what: string }[] };

/** Rows of a file, from the Worker that reads it, until it is disposed of (`using`). */
export type RowCursor = {
  schema(): Promise<Schema>;
  /** Null after the last. A fault in the file is an error of this result. */
  next(): Promise<Result<Batch | null, DataError>>;
};

/** A file in the making. Disposed of before it is finished, it comes to nothing. */
export type FileWriter = {
  push(batch: Batch): Promise<Result<null, DataError>>;
  finish(): Promise<Result<IngestedFile, DataError>>;
};

/** A file with what reading it told. */
export type InspectedFile = StoredFile & { inspection: Inspection };
export type RowComparison = TableComparison & { bytes_compared: number; whole: boolean };

/** Samples of one row's tensor; `length` is how many there are along its last axis. */
export type SignalPart = {
  column: string;
  tensor: TensorCell;
  from: number;
  length: number;
  sampling_rate_hz: number | null;
  unit: string | null;
};

/** What the data Worker does for the others, over RPC only; `Stream` is a ReadableStream of bytes. */
export type DataService<Stream> = {
  /** Cuts, hashes and packs the stream; only chunks that are missing are stored. */
  ingest(
    body: Stream,
    task: IngestTask,
    missing: Missing,
  ): Promise<Result<IngestedFile, DataError>>;
  /** Stores chunks that a client has cut, after checking each against its hash. */
  storePack(body: Stream, size: number, prefix: string): Promise<Result<Pack, DataError>>;
  /** Copies chunks of other objects into one, each after checking it against its hash. */
  repack(key: string, parts: readonly PackPart[]): Promise<Result<Repacked, DataError>>;
  /** Refuses a file whose ends say already that it is not what it has to be. */
  checkEnds(body: Stream, task: EndsTask): Promise<Result<CheckedEnds, DataError>>;
  /** Reads a file to its end. */
  inspect(
    file: StoredFile,
  ): Promise<Result<{ inspection: Inspection; content_hash: string }, DataError>>;
  openRows(file: StoredFile, range?: Range): Promise<Result<RowCursor, DataError>>;
  openWriter(task: WriteTask, missing: Missing): Promise<FileWriter>;
  /** The bytes from `from` to before `to`. */
  read(file: StoredFile, from: number, to: number): Promise<Stream>;
  /** `DatasetRows`, `DatasetPreview` and `RowComparison`: RPC cannot say of what type JSON is. */
  rows(file: StoredFile, range: Range): Promise<Result<object, DataError>>;
  rowsPerClass(
    file: StoredFile,
    column: string,
    per_class: number,
  ): Promise<Result<object, DataError>>;
  /** Samples from `from` to before `to` of one row's tensor; of the only signal column where none is named. */
  signal(
    file: StoredFile,
    at: {
      column?: string | undefined;
      row: number;
      from?: number | undefined;
      to?: number | undefined;
    },
  ): Promise<Result<SignalPart, DataError>>;
  /** Rows of `b` that differ from those of `a`; `changed` are the bytes that they do not share. */
  compare(
    a: InspectedFile,
    b: InspectedFile,
    changed: readonly ChangedRange[],
    options: CompareOptions,
  ): Promise<Result<object, DataError>>;
  /** Refused before its first byte for all that the format cannot hold. */
  exportAs(file: InspectedFile, format: ExportFormat): Promise<Result<Stream, DataError>>;
  state(): Promise<{ status: "ok" }>;
};
