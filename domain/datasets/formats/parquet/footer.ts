import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import { bool, i8, int, list, readStruct, struct, text } from "./thrift.ts";

// The structures of parquet.thrift, as far as reading needs them.
const timeUnit = struct({
  millis: [1, struct({})],
  micros: [2, struct({})],
  nanos: [3, struct({})],
});
const time = struct({ utc: [1, bool], unit: [2, timeUnit] });
const logicalType = struct({
  string: [1, struct({})],
  map: [2, struct({})],
  list: [3, struct({})],
  enum: [4, struct({})],
  decimal: [5, struct({ scale: [1, int], precision: [2, int] })],
  date: [6, struct({})],
  time: [7, time],
  timestamp: [8, time],
  integer: [10, struct({ bits: [1, i8], signed: [2, bool] })],
  null: [11, struct({})],
  json: [12, struct({})],
  bson: [13, struct({})],
  uuid: [14, struct({})],
  float16: [15, struct({})],
});
const schemaElement = struct({
  type: [1, int],
  length: [2, int],
  repetition: [3, int],
  name: [4, text],
  children: [5, int],
  converted: [6, int],
  scale: [7, int],
  precision: [8, int],
  logical: [10, logicalType],
});
const columnMetadata = struct({
  type: [1, int],
  path: [3, list(text)],
  codec: [4, int],
  values: [5, int],
  uncompressed: [6, int],
  compressed: [7, int],
  dataPage: [9, int],
  dictionaryPage: [11, int],
});
const columnChunk = struct({
  file: [1, text],
  metadata: [3, columnMetadata],
  offsetIndex: [4, int],
  offsetIndexLength: [5, int],
  encrypted: [8, struct({})],
});
const rowGroup = struct({ columns: [1, list(columnChunk)], rows: [3, int] });
const footer = struct({
  schema: [2, list(schemaElement)],
  rows: [3, int],
  rowGroups: [4, list(rowGroup)],
  keyValues: [5, list(struct({ key: [1, text], value: [2, text] }))],
  createdBy: [6, text],
});

type Read<K> = K extends { read(...given: never): infer T } ? T : never;
export type SchemaElement = Read<typeof schemaElement>;
export type LogicalType = Read<typeof logicalType>;
export type ColumnChunk = Read<typeof columnChunk>;
export type Footer = Read<typeof footer>;

const MAGIC = "PAR1";
const LARGEST_FOOTER = 16 * 2 ** 20;
/** Most columns, row groups and column chunks together: about 60 MB of objects at the worst. */
const MOST_STRUCTURES = 400_000;

const ascii = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/**
 * The metadata at the end of a Parquet file. Throws a DatasetFault `file_invalid` where there is
 * none, `file_unsupported` for encrypted files, `file_too_large` above 16 MiB of it.
 */
export async function readFooter(source: ByteSource): Promise<Footer> {
  if (source.size < 12)
    throw new DatasetFault("file_invalid", `${source.size} bytes are too few for a Parquet file`);
  const tail = await source.read(source.size - 8, 8);
  const magic = ascii(tail.subarray(4));
  if (magic === "PARE")
    throw new DatasetFault(
      "file_unsupported",
      "the Parquet file is encrypted; write it without encryption",
    );
  if (magic !== MAGIC)
    throw new DatasetFault(
      "file_invalid",
      "the file does not end in PAR1 as a Parquet file does: it is truncated, or of another format",
    );
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  if (length > source.size - 12)
    throw new DatasetFault(
      "file_invalid",
      `the Parquet metadata should have ${length} bytes, in a file of ${source.size}`,
    );
  if (length > LARGEST_FOOTER)
    throw new DatasetFault(
      "file_too_large",
      `the Parquet metadata has ${length} bytes, at most ${LARGEST_FOOTER} are read; write it with larger row groups or without statistics`,
    );
  const bytes = await source.read(source.size - 8 - length, length);
  return readStruct(footer, { bytes, at: 0, budget: MOST_STRUCTURES });
}

const pageHeader = struct({
  type: [1, int],
  uncompressed: [2, int],
  compressed: [3, int],
  data: [
    5,
    struct({ values: [1, int], encoding: [2, int], definition: [3, int], repetition: [4, int] }),
  ],
  dictionary: [7, struct({ values: [1, int], encoding: [2, int] })],
  dataV2: [
    8,
    struct({
      values: [1, int],
      nulls: [2, int],
      rows: [3, int],
      encoding: [4, int],
      definitionBytes: [5, int],
      repetitionBytes: [6, int],
      compressed: [7, bool],
    }),
  ],
});
export type PageHeader = Read<typeof pageHeader>;

/** The header at the beginning of these bytes, and how long it is. */
export function readPageHeader(bytes: Uint8Array): { header: PageHeader; length: number } {
  const cursor = { bytes, at: 0, budget: 100 };
  const header = readStruct(pageHeader, cursor);
  return { header, length: cursor.at };
}

const offsetIndex = struct({
  pages: [1, list(struct({ offset: [1, int], bytes: [2, int], firstRow: [3, int] }))],
});

/** Where the pages of a column chunk lie, and with which row of its row group each begins. */
export const readOffsetIndex = (bytes: Uint8Array) =>
  readStruct(offsetIndex, { bytes, at: 0, budget: MOST_STRUCTURES }).pages ?? [];
