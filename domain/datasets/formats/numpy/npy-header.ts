import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import { elementCount } from "../tensor-data.ts";
import type { Platform } from "../platform.ts";
import { asciiText } from "../text/scanned-value.ts";
import { type Dtype, readDtype } from "./dtype.ts";
import { type Literal, parsePythonLiteral } from "./python-literal.ts";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const LONGEST_HEADER = 256 * 1024;
/** numpy's own limit. */
const MOST_AXES = 64;

export type NpyHeader = {
  dtype: Dtype;
  isFortran: boolean;
  shape: number[];
  /** Where the elements begin. */
  start: number;
};

export const isNpy = (head: Uint8Array): boolean => MAGIC.every((byte, at) => head[at] === byte);

/**
 * The header of a .npy file of version 1, 2 or 3, read forward from its beginning
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). Throws a DatasetFault,
 * also where the file is shorter than its array.
 */
export async function readNpyHeader(source: ByteSource, platform: Platform): Promise<NpyHeader> {
  const prefix = await source.read(0, Math.min(8, source.size));
  const version = prefix[6] ?? 0;
  if (!isNpy(prefix))
    throw new DatasetFault("file_invalid", "it does not begin as a .npy file does");
  if (version < 1 || version > 3)
    throw new DatasetFault("file_unsupported", `version ${version} of .npy is not read`);
  const lengthBytes = await source.read(8, version === 1 ? 2 : 4);
  const length = lengthBytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
  if (length > LONGEST_HEADER)
    throw new DatasetFault("file_invalid", `a header of ${length} bytes is none that numpy writes`);
  const headerStart = 8 + lengthBytes.length;
  const bytes = await source.read(headerStart, length);
  const text = version === 3 ? decoded(bytes, platform) : asciiText(bytes, 0, length);
  const header = headerOf(parsePythonLiteral(text), headerStart + length);
  const needed = elementCount(header.shape) * header.dtype.size;
  if (needed > source.size - header.start)
    throw new DatasetFault(
      "file_invalid",
      `its header promises an array of ${needed} bytes, and ${source.size - header.start} follow: it is truncated or damaged`,
    );
  return header;
}

function decoded(bytes: Uint8Array, platform: Platform): string {
  try {
    return platform.decodeUtf8(bytes);
  } catch {
    throw new DatasetFault("file_invalid", "the header of the array is not UTF-8");
  }
}

function headerOf(literal: Literal, start: number): NpyHeader {
  const members = literal instanceof Map ? literal : new Map<string, Literal>();
  const descr = members.get("descr");
  const isFortran = members.get("fortran_order");
  const shape = members.get("shape");
  if (descr === undefined || typeof isFortran !== "boolean" || !isShape(shape))
    throw new DatasetFault(
      "file_invalid",
      "the header of the array lacks its descr, fortran_order or shape, or has wrong ones",
    );
  return { dtype: readDtype(descr), isFortran, shape, start };
}

/** Sizes whose product is a number of elements, 0 included. */
export const isShape = (value: Literal | undefined): value is number[] =>
  Array.isArray(value) &&
  value.length <= MOST_AXES &&
  value.every((size) => typeof size === "number" && Number.isSafeInteger(size) && size >= 0) &&
  Number.isSafeInteger(elementCount(value.map((size) => Math.max(Number(size), 1))));
