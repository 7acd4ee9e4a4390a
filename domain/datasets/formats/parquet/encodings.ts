import { DatasetFault } from "../../dataset-fault.ts";
import { bitsAt, type Bytes, damagedPage, readHybrid, take, varint } from "./packed-bits.ts";

/** Physical types of parquet.thrift, by number. */
export const BOOLEAN = 0;
export const INT32 = 1;
export const INT64 = 2;
export const INT96 = 3;
export const FLOAT = 4;
export const DOUBLE = 5;
export const BYTE_ARRAY = 6;
export const FIXED = 7;

/** Values as they lie in a page, by physical type; nothing of them is a number yet. */
export type Values =
  | { kind: "numbers"; data: Uint8Array | Int32Array | Float32Array | Float64Array }
  | { kind: "longs"; data: BigInt64Array }
  | { kind: "bytes"; bytes: Uint8Array; starts: Uint32Array; ends: Uint32Array };

/** Most bytes that the values of one page may come to once their shared beginnings are written out. */
const LARGEST_VALUES = 32 * 2 ** 20;

/** Two halves of a 64-bit number in two's complement. */
type Long = { low: number; high: number };

function zigzagLong(from: Bytes): Long {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const next = from.bytes[from.at++];
    if (next === undefined || shift > 63n) throw damagedPage("a number has more than 64 bits");
    value |= BigInt(next & 0x7f) << shift;
    if (next < 0x80) break;
  }
  const signed = BigInt.asUintN(64, (value >> 1n) ^ -(value & 1n));
  return { low: Number(signed & 0xffff_ffffn), high: Number(signed >> 32n) };
}

/**
 * DELTA_BINARY_PACKED: differences less the smallest of their block, in as few bits as they need.
 * The sums wrap around at 64 bits.
 */
function readDeltas(from: Bytes, count: number): BigInt64Array {
  const block = varint(from);
  const miniblocks = varint(from);
  const total = varint(from);
  const perMiniblock = block / miniblocks;
  if (!(miniblocks > 0 && block <= 2 ** 20 && perMiniblock >= 8 && perMiniblock % 8 === 0))
    throw damagedPage(`its differences lie in blocks of ${block} in ${miniblocks} parts`);
  if (total !== count || count === 0)
    throw damagedPage(`it should have ${count} numbers, and has ${total}`);
  const value = zigzagLong(from);
  const out = new BigInt64Array(count);
  const halves = new Int32Array(out.buffer);
  halves[0] = value.low;
  halves[1] = value.high;
  for (let filled = 1; filled < count;) {
    const smallest = zigzagLong(from);
    const widths = take(from, miniblocks);
    for (const width of widths) {
      const wanted = Math.min(perMiniblock, count - filled);
      if (wanted === 0) break;
      addDeltas(
        from,
        value,
        smallest,
        width,
        perMiniblock,
        halves.subarray(2 * filled, 2 * (filled + wanted)),
      );
      filled += wanted;
    }
  }
  return out;
}

/** Adds the differences of one miniblock to the value before it; `halves` takes the sums. */
function addDeltas(
  from: Bytes,
  value: Long,
  smallest: Long,
  width: number,
  perMiniblock: number,
  halves: Int32Array,
): void {
  if (width > 64) throw damagedPage(`its differences have ${width} bits, at most 64 are allowed`);
  const wanted = halves.length / 2;
  const left = from.bytes.length - from.at;
  // The last miniblock may be cut off behind its last value.
  const packed = take(
    from,
    Math.min((perMiniblock * width) / 8, Math.max(Math.ceil((wanted * width) / 8), left)),
  );
  for (let i = 0; i < wanted; i++) {
    const low = smallest.low + bitsAt(packed, i * width, Math.min(width, 32));
    const sum = value.low + (low >>> 0);
    const high = width > 32 ? bitsAt(packed, i * width + 32, width - 32) : 0;
    const carries = (low > 0xffff_ffff ? 1 : 0) + (sum > 0xffff_ffff ? 1 : 0);
    value.high = (value.high + smallest.high + high + carries) >>> 0;
    value.low = sum >>> 0;
    halves[2 * i] = value.low;
    halves[2 * i + 1] = value.high;
  }
}

const toInt32 = (longs: BigInt64Array): Int32Array => {
  const halves = new Int32Array(longs.buffer);
  return Int32Array.from({ length: longs.length }, (_, i) => halves[2 * i] ?? 0);
};

function readLengths(from: Bytes, count: number): Int32Array {
  const lengths = toInt32(readDeltas(from, count));
  if (lengths.some((length) => length < 0)) throw damagedPage("a length is negative");
  return lengths;
}

function deltaLengths(from: Bytes, count: number): Values {
  const lengths = readLengths(from, count);
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  for (const [i, length] of lengths.entries()) {
    starts[i] = from.at;
    take(from, length);
    ends[i] = from.at;
  }
  return { kind: "bytes", bytes: from.bytes, starts, ends };
}

/** DELTA_BYTE_ARRAY: each value is so many bytes of the one before it, and what follows. */
function deltaBytes(from: Bytes, count: number): Values {
  const shared = readLengths(from, count);
  const suffixes = readLengths(from, count);
  let size = 0;
  for (let i = 0; i < count; i++) size += (shared[i] ?? 0) + (suffixes[i] ?? 0);
  if (size > LARGEST_VALUES)
    throw new DatasetFault(
      "file_too_large",
      `the values of a page come to ${size} bytes, at most ${LARGEST_VALUES} are read`,
    );
  const bytes = new Uint8Array(size);
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  let at = 0;
  let before = 0;
  for (let i = 0; i < count; i++) {
    const prefix = shared[i] ?? 0;
    if (prefix > at - before) throw damagedPage("a value shares more than the one before it has");
    starts[i] = at;
    bytes.copyWithin(at, before, before + prefix);
    const suffix = take(from, suffixes[i] ?? 0);
    bytes.set(suffix, at + prefix);
    before = at;
    at += prefix + suffix.length;
    ends[i] = at;
  }
  return { kind: "bytes", bytes, starts, ends };
}

const WIDTHS: Record<number, number> = {
  [INT32]: 4,
  [INT64]: 8,
  [INT96]: 12,
  [FLOAT]: 4,
  [DOUBLE]: 8,
};

/** Little-endian bytes of as many values of a physical type as values. */
function fromBytes(type: number, bytes: Uint8Array, width: number): Values {
  if (type === INT96 || type === FIXED) {
    const starts = Uint32Array.from({ length: bytes.length / width }, (_, i) => i * width);
    return { kind: "bytes", bytes, starts, ends: starts.map((start) => start + width) };
  }
  const { buffer } = bytes.slice();
  if (type === INT64) return { kind: "longs", data: new BigInt64Array(buffer) };
  if (type === DOUBLE) return { kind: "numbers", data: new Float64Array(buffer) };
  if (type === FLOAT) return { kind: "numbers", data: new Float32Array(buffer) };
  return { kind: "numbers", data: new Int32Array(buffer) };
}

const widthOf = (type: number, length: number | undefined): number => {
  const width = type === FIXED ? length : WIDTHS[type];
  if (width === undefined || width < 1) throw damagedPage("its values have no length");
  return width;
};

/** PLAIN. */
export function readPlain(
  from: Bytes,
  type: number,
  length: number | undefined,
  count: number,
): Values {
  if (type === BOOLEAN) {
    const packed = take(from, Math.ceil(count / 8));
    return {
      kind: "numbers",
      data: Uint8Array.from({ length: count }, (_, i) => bitsAt(packed, i, 1)),
    };
  }
  if (type !== BYTE_ARRAY) {
    const width = widthOf(type, length);
    return fromBytes(type, take(from, count * width), width);
  }
  // Each value has its length of four bytes before it.
  if (count > (from.bytes.length - from.at) / 4)
    throw damagedPage(`it is too short for ${count} values`);
  const view = new DataView(from.bytes.buffer, from.bytes.byteOffset, from.bytes.length);
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    if (from.at + 4 > from.bytes.length) throw damagedPage("it ends in the middle of a value");
    const size = view.getUint32(from.at, true);
    starts[i] = from.at += 4;
    take(from, size);
    ends[i] = from.at;
  }
  return { kind: "bytes", bytes: from.bytes, starts, ends };
}

function splitStreams(
  from: Bytes,
  type: number,
  length: number | undefined,
  count: number,
): Values {
  const width = widthOf(type, length);
  const streams = take(from, count * width);
  const bytes = new Uint8Array(streams.length);
  for (let b = 0; b < width; b++)
    for (let i = 0; i < count; i++) bytes[i * width + b] = streams[b * count + i] ?? 0;
  return fromBytes(type, bytes, width);
}

/** Values of a data page in one of the encodings of parquet.thrift but the dictionary's, by its number. */
export function readValues(
  from: Bytes,
  encoding: number,
  type: number,
  length: number | undefined,
  count: number,
): Values {
  if (encoding === 0) return readPlain(from, type, length, count);
  if (encoding === 3 && type === BOOLEAN) {
    take(from, 4);
    const data = new Uint8Array(count);
    readHybrid(from, 1, data);
    return { kind: "numbers", data };
  }
  if (encoding === 5 && type === INT32)
    return { kind: "numbers", data: toInt32(readDeltas(from, count)) };
  if (encoding === 5 && type === INT64) return { kind: "longs", data: readDeltas(from, count) };
  if (encoding === 6 && type === BYTE_ARRAY) return deltaLengths(from, count);
  if (encoding === 7 && type === BYTE_ARRAY) return deltaBytes(from, count);
  if (encoding === 7 && type === FIXED) return deltaBytes(from, count);
  if (encoding === 9 && type !== BOOLEAN && type !== BYTE_ARRAY)
    return splitStreams(from, type, length, count);
  throw new DatasetFault(
    "file_unsupported",
    `the Parquet encoding ${encoding} of values of the type ${type} is not read`,
  );
}
