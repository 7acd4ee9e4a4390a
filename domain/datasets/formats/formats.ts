import { DatasetFault } from "../dataset-fault.ts";
import type { Format, Reader, TwoPassWriter, Writer } from "../table.ts";
import { csvReader, inferCsv } from "./csv/csv-reader.ts";
import { writeCsv } from "./csv/write-csv.ts";
import { EXTENSIONS } from "./format-names.ts";
import { hdf5Reader } from "./hdf5/hdf5-reader.ts";
import { hdf5HoldsNull } from "./hdf5/write-column.ts";
import { writeHdf5 } from "./hdf5/write-hdf5.ts";
import type { InferFactory } from "./inferred.ts";
import { inferJson, jsonReader } from "./json/json-reader.ts";
import { writeJson } from "./json/write-json.ts";
import { matReader } from "./mat/mat-reader.ts";
import { matHoldsNull, writeMat } from "./mat/mat-writer.ts";
import type { HoldsNull } from "./missing-values.ts";
import { numpyReader } from "./numpy/numpy-reader.ts";
import { npyHoldsNull, writeNpy } from "./numpy/write-npy.ts";
import { parquetReader } from "./parquet/parquet-reader.ts";
import { LARGEST_TENSOR, writeParquet } from "./parquet/parquet-writer.ts";
import type { Platform, ReaderFactory } from "./platform.ts";
import { inferTfrecord, tfrecordReader } from "./tfrecord/tfrecord-reader.ts";

/** How a table becomes a file: in one go, or told first how many rows there are. */
export type FormatWriter = (
  { passes: "one"; write: Writer } | { passes: "two"; write: TwoPassWriter }
) & {
  /** Absent where every column can say that a row has no value. */
  holdsNull?: HoldsNull;
  /** In bytes, of one row; absent where any is written. */
  largestTensor?: number;
};

export type FormatEntry = {
  /** As people know it. */
  title: string;
  /** Null for a format that is stored and never read. */
  reader: ReaderFactory | null;
  /** Formats that do not say what is in their columns: the schema that all rows fit. */
  infer: InferFactory | null;
  /** Null for a format that is not written. */
  writer: FormatWriter | null;
  /** The first is what exports are named with. */
  extensions: readonly string[];
  mediaType: string;
};

/** Every format of a dataset's file: what reads it, what writes it, and how it is told. */
export const FORMAT_TABLE: Readonly<Record<Format, FormatEntry>> = {
  parquet: {
    title: "Parquet",
    reader: parquetReader,
    infer: null,
    writer: { passes: "one", write: writeParquet, largestTensor: LARGEST_TENSOR },
    extensions: EXTENSIONS.parquet,
    mediaType: "application/vnd.apache.parquet",
  },
  csv: {
    title: "CSV",
    reader: csvReader,
    infer: inferCsv,
    writer: { passes: "one", write: writeCsv },
    extensions: EXTENSIONS.csv,
    mediaType: "text/csv; charset=utf-8",
  },
  json: {
    title: "JSON lines",
    reader: jsonReader,
    infer: inferJson,
    writer: { passes: "one", write: writeJson },
    extensions: EXTENSIONS.json,
    mediaType: "application/x-ndjson",
  },
  tfrecord: {
    title: "TFRecord",
    reader: tfrecordReader,
    infer: inferTfrecord,
    writer: null,
    extensions: EXTENSIONS.tfrecord,
    mediaType: "application/octet-stream",
  },
  numpy: {
    title: "NumPy",
    reader: numpyReader,
    infer: null,
    writer: { passes: "two", write: writeNpy, holdsNull: npyHoldsNull },
    extensions: EXTENSIONS.numpy,
    mediaType: "application/octet-stream",
  },
  hdf5: {
    title: "HDF5",
    reader: hdf5Reader,
    infer: null,
    writer: { passes: "two", write: writeHdf5, holdsNull: hdf5HoldsNull },
    extensions: EXTENSIONS.hdf5,
    mediaType: "application/x-hdf5",
  },
  mat: {
    title: "MAT",
    reader: matReader,
    infer: null,
    writer: { passes: "two", write: writeMat, holdsNull: matHoldsNull },
    extensions: EXTENSIONS.mat,
    mediaType: "application/x-matlab-data",
  },
  pickle: {
    title: "pickle",
    reader: null,
    infer: null,
    writer: null,
    extensions: EXTENSIONS.pickle,
    mediaType: "application/octet-stream",
  },
};

/** Throws a DatasetFault `file_unsupported` for pickle, which is never loaded. */
export function readerOf(format: Format, platform: Platform): Reader {
  const { reader } = FORMAT_TABLE[format];
  if (reader === null)
    throw new DatasetFault(
      "file_unsupported",
      `a ${FORMAT_TABLE[format].title} file is stored and never loaded, since loading it would run what is in it; save the data as parquet or npy to read them`,
    );
  return reader(platform);
}
