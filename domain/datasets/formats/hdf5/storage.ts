import { checkRange, type ByteSource } from "../../byte-source.ts";
import type { Platform } from "../platform.ts";
import { Cursor } from "./cursor.ts";
import { damaged, tooLarge } from "./hdf5-fault.ts";
import { recentlyUsed } from "./recently-used.ts";
import { verifyChecksum } from "./checksums.ts";

const PAGE = 65_536;
const PAGES_BYTES = 4 * 2 ** 20;
/** Of what was verified and may be asked for again, such as the nodes of a tree. */
const VERIFIED_BYTES = 2 ** 20;
/** No structure but the data themselves is larger in any file that was seen. */
const LARGEST_METADATA = 16 * 2 ** 20;

/** The bytes of a file by its own addresses, and how wide its numbers are. */
export type Storage = {
  /** Bytes of an address. */
  offsetSize: number;
  /** Bytes of a length. */
  lengthSize: number;
  /** How many bytes have an address. */
  size: number;
  platform: Platform;
  /** The text of UTF-8 bytes; `what` names them in the fault where they are none. */
  decodeUtf8(bytes: Uint8Array, what: string): string;
  /** Metadata, through a cache of pages; `what` names them in a fault. */
  read(address: number, length: number, what: string): Promise<Cursor>;
  /** Metadata that end with their checksum, which is verified and left out. */
  readSummed(address: number, length: number, what: string): Promise<Cursor>;
  /** Data, past the cache. */
  data(address: number, length: number): Promise<Uint8Array>;
};

/** Reads through a cache of pages, so that the many small structures of a file take few reads of the source. */
export function paged(source: ByteSource): ByteSource {
  const pages = recentlyUsed<number, Uint8Array>(PAGES_BYTES);
  const page = async (index: number): Promise<Uint8Array> => {
    const kept = pages.get(index);
    if (kept !== undefined) return kept;
    const from = index * PAGE;
    const bytes = await source.read(from, Math.min(PAGE, source.size - from));
    pages.set(index, bytes, bytes.length);
    return bytes;
  };
  return {
    size: source.size,
    async read(offset, length) {
      checkRange(source, offset, length);
      if (length > PAGE) return source.read(offset, length);
      const first = Math.floor(offset / PAGE);
      const within = offset - first * PAGE;
      const bytes = length === 0 ? new Uint8Array(0) : await page(first);
      if (within + length <= bytes.length) return bytes.subarray(within, within + length);
      const joined = new Uint8Array(length);
      joined.set(bytes.subarray(within));
      const rest = length - (bytes.length - within);
      joined.set((await page(first + 1)).subarray(0, rest), length - rest);
      return joined;
    },
  };
}

/** The file from `base` on, where its superblock lies. */
export function storage(
  source: ByteSource,
  pages: ByteSource,
  base: number,
  { offsetSize, lengthSize }: { offsetSize: number; lengthSize: number },
  platform: Platform,
): Storage {
  const size = source.size - base;
  const verified = recentlyUsed<string, Uint8Array>(VERIFIED_BYTES);
  const within = (address: number, length: number, what: string): void => {
    if (!(address >= 0 && length >= 0 && address + length <= size))
      throw damaged(`${what} should lie at ${address} with ${length} bytes, in a file of ${size}`);
  };
  const read = async (address: number, length: number, what: string): Promise<Cursor> => {
    within(address, length, what);
    if (length > LARGEST_METADATA)
      throw tooLarge(
        `${what} takes ${length} bytes, more than the ${LARGEST_METADATA} that it may`,
      );
    return new Cursor(await pages.read(base + address, length), what);
  };
  return {
    offsetSize,
    lengthSize,
    size,
    platform,
    decodeUtf8(bytes, what) {
      try {
        return platform.decodeUtf8(bytes);
      } catch (error) {
        if (error instanceof TypeError) throw damaged(`${what} is not UTF-8`);
        throw error;
      }
    },
    read,
    async readSummed(address, length, what) {
      const key = `${address}:${length}`;
      let bytes = verified.get(key);
      if (bytes === undefined) {
        const stored = (await read(address, length, what)).bytes;
        verifyChecksum(stored, what);
        bytes = stored.slice(0, -4);
        verified.set(key, bytes, bytes.length);
      }
      return new Cursor(bytes, what);
    },
    async data(address, length) {
      within(address, length, "an array's data");
      return source.read(base + address, length);
    },
  };
}
