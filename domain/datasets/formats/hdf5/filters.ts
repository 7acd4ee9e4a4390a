import { fletcher32 } from "./checksums.ts";
import { Cursor } from "./cursor.ts";
import { damaged, unsupported } from "./hdf5-fault.ts";
import { unpackLzf } from "./lzf.ts";
import { unpackNbit } from "./nbit.ts";
import { unpackScaleOffset } from "./scale-offset.ts";
import type { Platform } from "../platform.ts";

const MOST_FILTERS = 32;
/** Bytes that a filter adds to what is in a chunk: a checksum; what its numbers are packed by. */
const ADDED: Record<number, number> = { 3: 4, 6: 22 };

/** One step that a chunk went through when it was written, with its parameters. */
export type Filter = { id: number; name: string; parameters: number[] };

/** Reads a filter pipeline message (section IV.A.2.l). */
export function readFilters(bytes: Uint8Array): Filter[] {
  const cursor = new Cursor(bytes, "a filter pipeline");
  const version = cursor.uint(1);
  const count = cursor.uint(1);
  if (version !== 1 && version !== 2) throw damaged(`a filter pipeline has the version ${version}`);
  if (count > MOST_FILTERS) throw damaged(`a filter pipeline has ${count} filters`);
  if (version === 1) cursor.skip(6);
  return Array.from({ length: count }, () => {
    const id = cursor.uint(2);
    const nameLength = version === 1 || id >= 256 ? cursor.uint(2) : 0;
    const parameterCount = cursor.skip(2).uint(2);
    const padded = version === 1 ? Math.ceil(nameLength / 8) * 8 : nameLength;
    const letters = cursor.take(padded).subarray(0, nameLength);
    const parameters = Array.from({ length: parameterCount }, () => cursor.uint(4));
    if (version === 1 && parameterCount % 2 === 1) cursor.skip(4);
    return { id, name: String.fromCharCode(...letters).replaceAll("\0", ""), parameters };
  });
}

/** The filters that HDF5 has of its own and some that are common, by their registered numbers. */
const NAMES: Record<number, string> = {
  1: "deflate",
  2: "shuffle",
  3: "fletcher32",
  4: "szip",
  5: "nbit",
  6: "scaleoffset",
  305: "LZO",
  307: "bzip2",
  32000: "LZF",
  32001: "Blosc",
  32004: "LZ4",
  32008: "bitshuffle",
  32013: "ZFP",
  32015: "Zstandard",
  32026: "Blosc2",
};

type Undo = (
  bytes: Uint8Array,
  filter: Filter,
  most: number,
  platform: Platform,
) => Uint8Array | Promise<Uint8Array>;

const UNDO: Record<number, Undo> = {
  1: inflate,
  2: unshuffle,
  3: verifyFletcher,
  5: (bytes, { parameters }, most) => unpackNbit(bytes, parameters, most),
  6: (bytes, { parameters }, most) => unpackScaleOffset(bytes, parameters, most),
  32000: (bytes, _filter, most) => unpackLzf(bytes, most),
  32015: unzstd,
};

/** Refuses filters that cannot be undone here, by name. */
export function checkFilters(filters: readonly Filter[], path: string): void {
  for (const { id, name } of filters)
    if (UNDO[id] === undefined)
      throw unsupported(
        `the filter '${NAMES[id] ?? (name || id)}' of '${path}'`,
        "write the array with gzip, LZF or Zstandard, or without compression",
      );
}

/** The `most` bytes that a chunk had before it went through the filters, all but those whose bit of `mask` is set. */
export async function undoFilters(
  bytes: Uint8Array,
  filters: readonly Filter[],
  mask: number,
  most: number,
  platform: Platform,
): Promise<Uint8Array> {
  let undone = bytes;
  for (let at = filters.length - 1; at >= 0; at--) {
    const filter = filters[at];
    const undo = filter && UNDO[filter.id];
    if (filter !== undefined && undo !== undefined && ((mask >>> at) & 1) === 0)
      undone = await undo(undone, filter, most + addedBy(filters.slice(0, at)), platform);
  }
  if (undone.length !== most)
    throw damaged(`a chunk has ${undone.length} bytes, and should have ${most}`);
  return undone;
}

const addedBy = (filters: readonly Filter[]): number =>
  filters.reduce((sum, { id }) => sum + (ADDED[id] ?? 0), 0);

function inflate(bytes: Uint8Array, _filter: Filter, most: number, platform: Platform): Uint8Array {
  try {
    return platform.unzlib(bytes, most);
  } catch (error) {
    if (error instanceof RangeError) throw damaged(`a chunk inflates to more than ${most} bytes`);
    throw damaged("a compressed chunk cannot be inflated");
  }
}

function unzstd(bytes: Uint8Array, _filter: Filter, most: number, platform: Platform): Uint8Array {
  try {
    return platform.unzstd(bytes, most);
  } catch {
    throw damaged(`a chunk in Zstandard is cut off, or unpacks to more than ${most} bytes`);
  }
}

/** Bytes were sorted by their place in an element; what is left over at the end was not. */
function unshuffle(bytes: Uint8Array, { parameters }: Filter): Uint8Array {
  const size = parameters[0] ?? 0;
  if (size < 2 || size > bytes.length) return bytes;
  const count = Math.floor(bytes.length / size);
  const whole = new Uint8Array(bytes.length);
  for (let place = 0; place < size; place++) {
    const from = place * count;
    for (let index = 0, to = place; index < count; index++, to += size)
      whole[to] = bytes[from + index] ?? 0;
  }
  whole.set(bytes.subarray(count * size), count * size);
  return whole;
}

function verifyFletcher(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - 4;
  if (end < 0) throw damaged("a chunk is too short for its checksum");
  const stored = new DataView(bytes.buffer, bytes.byteOffset + end, 4).getUint32(0, true);
  const data = bytes.subarray(0, end);
  if (stored !== fletcher32(data))
    throw damaged("a chunk does not match its checksum (fletcher32)");
  return data;
}
