import { DatasetFault } from "../../dataset-fault.ts";

export type Bytes = { bytes: Uint8Array; at: number };

export const damagedPage = (what: string): DatasetFault =>
  new DatasetFault("file_invalid", `a page of the Parquet file is damaged: ${what}`);

export function take(from: Bytes, length: number): Uint8Array {
  if (length > from.bytes.length - from.at)
    throw damagedPage(
      `it should have ${length} more bytes, and has ${from.bytes.length - from.at}`,
    );
  return from.bytes.subarray(from.at, (from.at += length));
}

/** An unsigned LEB128 number of at most 32 bits. */
export function varint(from: Bytes): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const next = from.bytes[from.at++];
    if (next === undefined) throw damagedPage("it ends in the middle of a number");
    value |= (next & 0x7f) << shift;
    if (next < 0x80) return value >>> 0;
  }
  throw damagedPage("a number has more than 32 bits");
}

/** `width` bits, at most 32, from a bit on; bits beyond the end are 0. */
export function bitsAt(bytes: Uint8Array, bit: number, width: number): number {
  const at = bit >>> 3;
  const shift = bit & 7;
  let value =
    ((bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24)) >>>
    shift;
  if (shift + width > 32) value |= (bytes[at + 4] ?? 0) << (32 - shift);
  return width === 32 ? value >>> 0 : value & ((1 << width) - 1);
}

/** Runs of one value and runs of packed bits ("RLE" of the format's Encodings.md), until `out` is full. */
export function readHybrid(from: Bytes, width: number, out: Uint8Array | Uint32Array): void {
  if (width > 32) throw damagedPage(`its numbers have ${width} bits, at most 32 are allowed`);
  let filled = 0;
  while (filled < out.length) {
    const head = varint(from);
    const left = out.length - filled;
    if ((head & 1) === 1) {
      const count = Math.min((head >>> 1) * 8, left);
      // The last run may be cut off behind its last value.
      const packed = take(
        from,
        Math.min(
          (head >>> 1) * width,
          Math.max(Math.ceil((count * width) / 8), from.bytes.length - from.at),
        ),
      );
      for (let i = 0; i < count; i++) out[filled + i] = bitsAt(packed, i * width, width);
      filled += count;
    } else {
      const value = bitsAt(take(from, (width + 7) >>> 3), 0, width);
      const count = Math.min(head >>> 1, left);
      out.fill(value, filled, filled + count);
      filled += count;
    }
  }
}
