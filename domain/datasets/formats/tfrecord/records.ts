import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import { crc32c } from "../crc.ts";
import { ForwardBytes } from "../forward-bytes.ts";
import { LARGEST_CELL } from "../limits.ts";

const HEADER = 12;
const FOOTER = 4;

/**
 * The check that follows each part of a record: CRC-32C, turned by 15 bits with a constant added
 * (https://www.tensorflow.org/tutorials/load_data/tfrecord, "TFRecords format details").
 */
export const maskedCrc = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

/** The records of a file, one after the other. */
export class Records {
  readonly window: ForwardBytes;
  /** How many records were passed. */
  row = 0;

  constructor(source: ByteSource, head: Uint8Array) {
    this.window = new ForwardBytes(source, head);
  }

  /** Whether the next record lies in the window already. */
  get isHere(): boolean {
    const { bytes, at } = this.window;
    const here = bytes.length - at;
    if (here < HEADER) return false;
    const length = viewOf(bytes, at, HEADER).getUint32(0, true);
    return here >= HEADER + length + FOOTER;
  }

  /** Makes the window hold the next record; 0 at the end, and its bytes with their frame otherwise. */
  async hold(): Promise<number> {
    const { window, row } = this;
    if (window.left === 0) return 0;
    if (!(await window.hold(HEADER))) throw truncated(row);
    const header = window.bytes.subarray(window.at, window.at + HEADER);
    this.#checkHeader(header);
    const length = Number(viewOf(header, 0, HEADER).getBigUint64(0, true));
    if (length > window.left - HEADER - FOOTER) throw truncated(row);
    if (length > LARGEST_CELL)
      throw new DatasetFault(
        "file_too_large",
        `record ${row} has ${length} bytes, and ${LARGEST_CELL} are read at most`,
        { row },
      );
    await window.hold(HEADER + length + FOOTER);
    return HEADER + length + FOOTER;
  }

  /** The bytes of the next record; undefined at the end. Throws a DatasetFault where a check fails. */
  async next(): Promise<Uint8Array | undefined> {
    const length = await this.hold();
    if (length === 0) return undefined;
    const record = await this.window.take(length);
    const data = record.subarray(HEADER, length - FOOTER);
    const check = viewOf(record, length - FOOTER, FOOTER).getUint32(0, true);
    if (check !== maskedCrc(data)) throw damaged(this.row, "content");
    this.row++;
    return data;
  }

  #checkHeader(header: Uint8Array): void {
    const check = viewOf(header, 0, HEADER).getUint32(8, true);
    if (check === maskedCrc(header.subarray(0, 8))) return;
    const [first, second] = header;
    const isGzip = first === 0x1f && second === 0x8b;
    const isZlib = first === 0x78 && ((first << 8) | (second ?? 0)) % 31 === 0;
    if (this.row === 0 && (isGzip || isZlib))
      throw new DatasetFault(
        "file_unsupported",
        `the file is compressed with ${isGzip ? "gzip" : "zlib"}: decompress it, or write it with compression_type ""`,
      );
    throw damaged(this.row, "length");
  }
}

const viewOf = (bytes: Uint8Array, from: number, length: number): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset + from, length);

const truncated = (row: number): DatasetFault =>
  new DatasetFault("file_invalid", `the file ends within record ${row}: it is truncated`, { row });

const damaged = (row: number, part: string): DatasetFault =>
  new DatasetFault(
    "file_invalid",
    `the check of record ${row}'s ${part} is wrong: the file is damaged or no TFRecord`,
    { row },
  );
