import type { SchemaElement } from "hyparquet-writer";
import { ByteWriter } from "hyparquet-writer";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";
import { snappyCompress } from "hyparquet-writer/src/snappy.js";
import type { PageIndexes } from "hyparquet-writer/src/types.js";
import { float16Bits } from "../../../onnx/tensors.ts";
import type { ColumnType } from "../../schema.ts";
import type { TensorCell } from "../../table.ts";
import type { WrittenLeaf } from "./write-schema.ts";

type Row = TensorCell["data"] | null;

/** Bytes of values after which the next row begins a page. */
const PAGE_BYTES = 256 * 2 ** 10;

/** Elements in the PLAIN encoding of their physical type. */
function plainBytes(type: ColumnType, rows: readonly Row[]): Uint8Array {
  const length = rows.reduce((sum, row) => sum + (row?.length ?? 0), 0);
  if (type === "bool") {
    const bits = new Uint8Array(Math.ceil(length / 8));
    let at = 0;
    for (const row of rows)
      for (const value of row ?? []) {
        if (value) bits[at >>> 3] = (bits[at >>> 3] ?? 0) | (1 << (at & 7));
        at++;
      }
    return bits;
  }
  if (type === "float16")
    return gather(rows, new Uint16Array(length), (value) => float16Bits(Number(value)));
  const [first] = rows.filter((row) => row !== null);
  if (first === undefined) return new Uint8Array(0);
  // Integers of fewer than 32 bits lie in 32.
  if (first.BYTES_PER_ELEMENT < 4) return gather(rows, new Int32Array(length), Number);
  const bytes = new Uint8Array(length * first.BYTES_PER_ELEMENT);
  let at = 0;
  for (const row of rows) {
    if (row === null) continue;
    bytes.set(new Uint8Array(row.buffer, row.byteOffset, row.byteLength), at);
    at += row.byteLength;
  }
  return bytes;
}

function gather(
  rows: readonly Row[],
  values: Uint16Array | Int32Array,
  convert: (value: number | bigint) => number,
): Uint8Array {
  let at = 0;
  for (const row of rows) for (const value of row ?? []) values[at++] = convert(value);
  return new Uint8Array(values.buffer);
}

/** Levels as runs of one value, each run's length and value in a varint and a byte. */
class Runs {
  readonly writer = new ByteWriter();
  #value = 0;
  #length = 0;

  add(value: number, length: number): void {
    if (length === 0) return;
    if (value !== this.#value) this.#flush();
    this.#value = value;
    this.#length += length;
  }
  #flush(): void {
    if (this.#length === 0) return;
    this.writer.appendVarInt(this.#length * 2);
    this.writer.appendUint8(this.#value);
    this.#length = 0;
  }
  bytes(): Uint8Array {
    this.#flush();
    return this.writer.getBytes();
  }
}

function writePage(writer: ByteWriter, type: ColumnType, rows: readonly Row[], nullable: boolean) {
  const present = nullable ? 1 : 0;
  const repetition = new Runs();
  const definition = new Runs();
  let entries = 0;
  let values = 0;
  for (const row of rows) {
    const length = row?.length ?? 0;
    repetition.add(0, 1);
    repetition.add(1, length - Math.min(length, 1));
    definition.add(row === null ? 0 : length === 0 ? present : present + 1, Math.max(length, 1));
    entries += Math.max(length, 1);
    values += length;
  }
  const levels = [repetition.bytes(), definition.bytes()] as const;
  const plain = plainBytes(type, rows);
  const packed = snappyCompress(plain);
  const levelBytes = levels[0].length + levels[1].length;
  const start = writer.offset;
  writePageHeader(writer, {
    type: "DATA_PAGE_V2",
    uncompressed_page_size: levelBytes + plain.length,
    compressed_page_size: levelBytes + packed.length,
    data_page_header_v2: {
      num_values: entries,
      num_nulls: entries - values,
      num_rows: rows.length,
      encoding: "PLAIN",
      repetition_levels_byte_length: levels[0].length,
      definition_levels_byte_length: levels[1].length,
      is_compressed: true,
    },
  });
  const header = writer.offset - start;
  for (const bytes of [...levels, packed]) writer.appendBytes(bytes);
  return { entries, uncompressed: header + levelBytes + plain.length };
}

/** The rows of each page: as many as come to `PAGE_BYTES`, and one at least. */
function* pagesOf(rows: readonly Row[]): Generator<{ first: number; rows: readonly Row[] }> {
  let first = 0;
  let bytes = 0;
  for (const [at, row] of rows.entries()) {
    if (bytes >= PAGE_BYTES) {
      yield { first, rows: rows.slice(first, at) };
      first = at;
      bytes = 0;
    }
    bytes += row?.byteLength ?? 0;
  }
  yield { first, rows: rows.slice(first) };
}

const typeName = ({ type = "INT32" }: SchemaElement) => type;

/** Writes the rows of a leaf of tensors of one row group: elements as they lie in memory, in order. */
export function writeTensorChunk(
  writer: ByteWriter,
  { element, path }: WrittenLeaf,
  type: ColumnType,
  rows: readonly Row[],
  nullable: boolean,
): PageIndexes {
  const start = writer.offset;
  let entries = 0;
  let uncompressed = 0;
  const locations = [];
  for (const page of pagesOf(rows)) {
    const offset = writer.offset;
    const written = writePage(writer, type, page.rows, nullable);
    entries += written.entries;
    uncompressed += written.uncompressed;
    locations.push({
      offset: BigInt(offset),
      compressed_page_size: writer.offset - offset,
      first_row_index: BigInt(page.first),
    });
  }
  return {
    chunk: {
      file_offset: BigInt(start),
      meta_data: {
        type: typeName(element),
        encodings: ["PLAIN", "RLE"],
        path_in_schema: path,
        codec: "SNAPPY",
        num_values: BigInt(entries),
        total_uncompressed_size: BigInt(uncompressed),
        total_compressed_size: BigInt(writer.offset - start),
        data_page_offset: BigInt(start),
      },
    },
    offsetIndex: { page_locations: locations },
  };
}
