import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import type { Platform } from "../platform.ts";
import { Cursor } from "./cursor.ts";
import { verifyChecksum } from "./checksums.ts";
import { damaged, unsupported } from "./hdf5-fault.ts";
import { paged, storage, type Storage } from "./storage.ts";

export const SIGNATURE: readonly number[] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** The file's storage and the address of its root group (HDF5 File Format Specification 3.0, section II.A). */
export async function openSuperblock(
  source: ByteSource,
  platform: Platform,
): Promise<{ file: Storage; root: number }> {
  const pages = paged(source);
  const base = await findSignature(pages);
  const head = new Cursor(
    await pages.read(base, Math.min(160, source.size - base)),
    "the superblock",
  );
  const version = head.skip(SIGNATURE.length).uint(1);
  if (version > 3)
    throw unsupported(`version ${version} of the superblock`, "write the file with libver='v110'");
  const { sizes, end, root } = version < 2 ? readOld(head, version) : readNew(head);
  if (end > source.size) throw damaged(`it should have ${end} bytes, and has ${source.size}`);
  return { file: storage(source, pages, base, sizes, platform), root };
}

/** At the beginning, or after a user block of 512 bytes or that times a power of two. */
async function findSignature(pages: ByteSource): Promise<number> {
  for (let at = 0; at + SIGNATURE.length <= pages.size; at = at === 0 ? 512 : at * 2) {
    const found = await pages.read(at, SIGNATURE.length);
    if (SIGNATURE.every((byte, index) => found[index] === byte)) return at;
  }
  throw new DatasetFault(
    "file_invalid",
    "this is not an HDF5 file: its signature was not found at the beginning nor after a user block",
  );
}

type Head = {
  sizes: { offsetSize: number; lengthSize: number };
  /** Where the file ends, at the least. */
  end: number;
  root: number;
};

function readOld(head: Cursor, version: number): Head {
  head.skip(4);
  const sizes = readSizes(head);
  head.skip(1 + 2 + 2 + 4 + (version === 1 ? 4 : 0));
  head.skip(2 * sizes.offsetSize);
  const end = head.uint(sizes.offsetSize);
  head.skip(2 * sizes.offsetSize);
  return { sizes, end, root: head.uint(sizes.offsetSize) };
}

function readNew(head: Cursor): Head {
  const sizes = readSizes(head);
  head.skip(1 + 2 * sizes.offsetSize);
  const end = head.uint(sizes.offsetSize);
  const root = head.uint(sizes.offsetSize);
  head.skip(4);
  verifyChecksum(head.bytes.subarray(0, head.at), head.what);
  return { sizes, end, root };
}

function readSizes(head: Cursor): Head["sizes"] {
  const [offsetSize, lengthSize] = [head.uint(1), head.uint(1)];
  for (const size of [offsetSize, lengthSize])
    if (size !== 2 && size !== 4 && size !== 8)
      throw damaged(`its addresses and lengths should take 2, 4 or 8 bytes, not ${size}`);
  return { offsetSize, lengthSize };
}
