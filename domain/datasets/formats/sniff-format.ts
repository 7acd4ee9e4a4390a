import { FORMATS, type Format } from "../table.ts";
import { FORMAT_TABLE } from "./formats.ts";
import { mat4Order } from "./mat/mat4.ts";
import { maskedCrc } from "./tfrecord/records.ts";

/** How many bytes of a file's beginning say most. */
export const SNIFFED_BYTES = 4096;

/** HDF5 begins at 0 or behind a user block of 512 bytes, doubled any number of times. */
const HDF5_STARTS = [0, 512, 1024, 2048];
const HDF5 = "\x89HDF\r\n\x1a\n";
const NAME_IN_ZIP = 30;

const startsWith = (bytes: Uint8Array, text: string, at = 0): boolean =>
  bytes.length >= at + text.length &&
  Array.from(text).every((character, i) => bytes[at + i] === character.charCodeAt(0));

function isNpz(bytes: Uint8Array, extension: string): boolean {
  if (!startsWith(bytes, "PK\x03\x04"))
    return startsWith(bytes, "PK\x05\x06") && extension === "npz";
  const end = NAME_IN_ZIP + (bytes[26] ?? 0) + (bytes[27] ?? 0) * 256;
  return startsWith(bytes, ".npy", end - 4);
}

/** The length of the first record with its checksum. */
function isTfrecord(bytes: Uint8Array): boolean {
  if (bytes.length < 12) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 12);
  return view.getUint32(8, true) === maskedCrc(bytes.subarray(0, 8));
}

function byMagic(bytes: Uint8Array, extension: string): Format | undefined {
  if (startsWith(bytes, "PAR1") || startsWith(bytes, "PARE")) return "parquet";
  if (startsWith(bytes, "\x93NUMPY") || isNpz(bytes, extension)) return "numpy";
  const isMatlab = startsWith(bytes, "MATLAB ") || extension === "mat";
  if (HDF5_STARTS.some((at) => startsWith(bytes, HDF5, at))) return isMatlab ? "mat" : "hdf5";
  if (startsWith(bytes, "IM", 126) || startsWith(bytes, "MI", 126))
    if (bytes[124] === 1 || bytes[125] === 1 || isMatlab) return "mat";
  if (extension === "mat" && mat4Order(bytes) !== undefined) return "mat";
  if (isTfrecord(bytes)) return "tfrecord";
  const protocol = bytes[1] ?? 0;
  return bytes[0] === 0x80 && protocol >= 2 && protocol <= 5 ? "pickle" : undefined;
}

/** JSON begins with a bracket, and everything else that is text is CSV. */
function byText(bytes: Uint8Array): Format | undefined {
  if (bytes.length === 0 || bytes.includes(0)) return undefined;
  const start = startsWith(bytes, "\xef\xbb\xbf") ? 3 : 0;
  const first = bytes.subarray(start).find((byte) => byte > 0x20);
  if (first === 0x7b || first === 0x5b) return "json";
  const isBinary = bytes.some((byte) => byte < 0x20 && ![9, 10, 12, 13].includes(byte));
  return isBinary ? undefined : "csv";
}

/**
 * The format of a file: by what its first bytes are, then by its name, then by whether they are
 * text. `bytes` are its first `SNIFFED_BYTES`, or all of it. Undefined where nothing tells.
 */
export function sniffFormat(bytes: Uint8Array, fileName = ""): Format | undefined {
  const extension = /\.([^./\\]+)$/.exec(fileName.toLowerCase())?.[1] ?? "";
  const named = FORMATS.find((format) => FORMAT_TABLE[format].extensions.includes(extension));
  return byMagic(bytes, extension) ?? named ?? byText(bytes);
}
