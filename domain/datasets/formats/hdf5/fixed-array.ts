import type { Cursor } from "./cursor.ts";
import { damaged } from "./hdf5-fault.ts";
import type { Storage } from "./storage.ts";

/** An element of an index that is an array, or null where its page was never written. */
export type ElementAt = (index: number) => Promise<Cursor | null>;

/** The index of an array that cannot grow (section VII.C, "Fixed Array"). */
export async function openFixedArray(file: Storage, address: number): Promise<ElementAt> {
  const what = `the fixed array at ${address}`;
  const { offsetSize, lengthSize } = file;
  const head = (await file.readSummed(address, 8 + lengthSize + offsetSize + 4, what)).signature(
    "FAHD",
  );
  const size = head.skip(2).uint(1);
  const pageBits = head.uint(1);
  const count = head.uint(lengthSize);
  const block = head.optional(offsetSize);
  if (pageBits > 31) throw damaged(`${what} has pages of 2^${pageBits} elements`);
  if (block === null) return async () => null;
  const frame = 4 + 1 + 1 + offsetSize;
  const perPage = 2 ** pageBits;
  const element = (cursor: Cursor, index: number): Cursor => cursor.skip(index * size).part(size);
  const check = (index: number): void => {
    if (index >= count) throw damaged(`${what} has ${count} chunks, and should have more`);
  };
  if (count <= perPage)
    return async (index) => {
      check(index);
      const all = await file.readSummed(block, frame + count * size + 4, what);
      return element(all.signature("FADB").skip(frame - 4), index);
    };
  const bitmap = Math.ceil(count / perPage / 8);
  return async (index) => {
    check(index);
    const page = Math.floor(index / perPage);
    const prefix = await file.readSummed(block, frame + bitmap + 4, what);
    prefix.signature("FADB");
    if (!isSet(prefix.skip(frame - 4).take(bitmap), page)) return null;
    const from = block + frame + bitmap + 4 + page * (perPage * size + 4);
    const elements = Math.min(perPage, count - page * perPage);
    const whole = await file.readSummed(from, elements * size + 4, what);
    return element(whole, index - page * perPage);
  };
}

/** The first bit of a byte is its highest. */
export const isSet = (bits: Uint8Array, index: number): boolean =>
  (((bits[index >> 3] ?? 0) >> (7 - (index & 7))) & 1) === 1;
