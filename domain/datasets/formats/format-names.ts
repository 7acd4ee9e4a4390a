import type { Format } from "../table.ts";

/** What names of files of a format end with; the first is what exports are named with. */
export const EXTENSIONS: Readonly<Record<Format, readonly [string, ...string[]]>> = {
  csv: ["csv", "tsv", "txt", "tab"],
  json: ["jsonl", "ndjson", "json"],
  parquet: ["parquet", "pq", "parq"],
  tfrecord: ["tfrecord", "tfrecords", "tfrec"],
  numpy: ["npy", "npz"],
  hdf5: ["h5", "hdf5", "hdf", "he5"],
  mat: ["mat"],
  pickle: ["pkl", "pickle", "joblib"],
};

/** The formats that a table can be exported to. */
export const EXPORT_FORMATS = ["csv", "parquet", "json", "numpy", "hdf5", "mat"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Whether files of the format are made here, and not only read. */
export const isWritten = (format: Format): format is ExportFormat =>
  EXPORT_FORMATS.some((written) => written === format);

/** The formats whose files have the columns of the rows that they are made of, with their names and types. */
export const EXACT_FORMATS: readonly Format[] = ["csv", "json", "parquet"];
