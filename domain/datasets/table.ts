import type { ByteSource } from "./byte-source.ts";
import type { Field, Schema } from "./schema.ts";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export type TensorCell = {
  dims: number[];
  /** Row-major. `float16` is carried as float32 and `bool` as 0 or 1. */
  data:
    | Float32Array
    | Float64Array
    | Int8Array
    | Uint8Array
    | Int16Array
    | Uint16Array
    | Int32Array
    | Uint32Array
    | BigInt64Array
    | BigUint64Array;
};

/**
 * One value: `bool` a boolean; integers up to 32 bits and floats a number (NaN and infinities are
 * values of a float); `int64` and `uint64` a bigint; `binary` bytes; `date` days since 1970 as a
 * number; `timestamp` microseconds since 1970 UTC as a bigint; `json` any JSON value; a column with
 * a shape a tensor; null where there is none.
 */
export type Cell = bigint | Uint8Array | TensorCell | Json;

/** Some rows in a row: one list of cells for each column, in the schema's order. */
export type Batch = { rows: number; columns: Cell[][] };

export type Range = {
  /** The first row; 0. */
  from?: number;
  /** How many rows at most; all. */
  limit?: number;
  /** Which columns, in this order; all in the schema's. */
  columns?: readonly string[];
};

export type Table = {
  schema: Schema;
  /** Null where only reading to the end tells. */
  rows: number | null;
  /** What a reader of the data should know: objects that were not read, a guess that was made. */
  warnings: string[];
  /** In order, a few thousand rows or a few megabytes at a time. */
  batches(range?: Range): AsyncIterable<Batch>;
  /**
   * Where types were guessed from the first rows: what a column may turn out to be once all rows
   * were read, null where that is open. Absent where the schema is what it is.
   */
  mayBecome?(column: string): readonly Field[] | null;
  /** Part of one row's tensor along its last axis, without reading the rest; absent where it must all be read. */
  slice?(column: string, row: number, from: number, to: number): Promise<TensorCell>;
};

export const FORMATS = [
  "parquet",
  "csv",
  "json",
  "tfrecord",
  "numpy",
  "hdf5",
  "mat",
  "pickle",
] as const;
/** `json` is lines of JSON; `numpy` is npy or npz; `mat` is 5, 7 or 7.3. */
export type Format = (typeof FORMATS)[number];

/** How a file is to be read, where it does not say it itself. */
export type ReadOptions = {
  /** Columns as they must be: values that do not fit are refused as `schema_mismatch`. */
  schema?: Schema | undefined;
  /** CSV: one character; guessed from the first lines. */
  delimiter?: string | undefined;
  /** CSV: whether the first line names the columns; true. */
  header?: boolean | undefined;
  /** CSV: texts that stand for no value; the empty text. */
  null_values?: string[] | undefined;
  /** npz, HDF5 and MAT: which arrays become columns, by name or path; all that have as many rows as most. */
  arrays?: string[] | undefined;
  /** Samples a second of the tensor columns, where the file does not say. */
  sampling_rate_hz?: number | undefined;
};

export type Reader = {
  /** Whether it reads from the beginning to the end, so that it can read what is still arriving. */
  sequential: boolean;
  read(source: ByteSource, options: ReadOptions): Promise<Table>;
};

export type WriteOptions = { delimiter?: string };

/** The bytes of a file of these rows, as they come; equal rows give equal bytes. */
export type Writer = (
  schema: Schema,
  batches: AsyncIterable<Batch>,
  options?: WriteOptions,
) => AsyncIterable<Uint8Array>;

/**
 * A Writer of a format whose files say at their beginning what only their end would tell: it is
 * told how many rows there are, and goes through them once or twice. `openBatches` gives the same
 * rows each time; a RangeError says that it did not, or that they are not as many.
 */
export type TwoPassWriter = (
  schema: Schema,
  openBatches: () => AsyncIterable<Batch>,
  rows: number,
) => AsyncIterable<Uint8Array>;

export const isTensor = ({ shape }: Field): boolean => shape !== undefined;
