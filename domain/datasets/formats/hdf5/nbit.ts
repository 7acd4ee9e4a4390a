import { BitStream } from "./bit-stream.ts";
import { damaged } from "./hdf5-fault.ts";

/** How an element's bits are packed: the significant ones of a number, all of anything else. */
type Packing =
  | { kind: "number"; size: number; offset: number; precision: number; bigEndian: boolean }
  | { kind: "bytes"; size: number }
  | { kind: "array"; size: number; base: Packing }
  | { kind: "compound"; size: number; members: { offset: number; packing: Packing }[] };

const MOST_DEPTH = 32;

/**
 * Undoes the n-bit filter (5), which leaves out the bits of a number that its datatype does not use.
 * `parameters` are how many there are, whether anything was packed, how many elements, and the
 * element's type, level by level. Bits that were left out are zeros.
 */
export function unpackNbit(
  bytes: Uint8Array,
  parameters: readonly number[],
  most: number,
): Uint8Array {
  const [, isPlain = 0, count = 0, ...type] = parameters;
  if (isPlain !== 0) return bytes;
  const packing = readPacking({ type, at: 0 }, 0);
  const size = count * packing.size;
  if (size > most) throw damaged(`a chunk of packed numbers says that it has ${size} bytes`);
  const stream = new BitStream(bytes);
  stream.require(count * bitsOf(packing));
  const whole = new Uint8Array(size);
  for (let index = 0; index < count; index++) unpack(stream, whole, index * packing.size, packing);
  return whole;
}

function readPacking(from: { type: readonly number[]; at: number }, depth: number): Packing {
  const next = (): number => {
    const value = from.type[from.at++];
    if (value === undefined) throw damaged("the n-bit filter's parameters end within a type");
    return value;
  };
  if (depth > MOST_DEPTH) throw damaged("the n-bit filter's parameters have types in types");
  const [kind, size] = [next(), next()];
  // Each type takes a bit at least, so that the bits that are there bound the work.
  if (size === 0) throw damaged("the n-bit filter packs a type of no bytes");
  switch (kind) {
    case 1: {
      const [order, precision, offset] = [next(), next(), next()];
      if (offset + precision > size * 8 || precision === 0)
        throw damaged(`the n-bit filter packs ${precision} bits of numbers of ${size} bytes`);
      return { kind: "number", size, offset, precision, bigEndian: order === 1 };
    }
    case 2: {
      const base = readPacking(from, depth + 1);
      if (size % base.size !== 0)
        throw damaged("the n-bit filter packs an array that is no number of its elements");
      return { kind: "array", size, base };
    }
    case 3: {
      const members: { offset: number; packing: Packing }[] = [];
      for (let left = next(); left > 0; left--) {
        const offset = next();
        const packing = readPacking(from, depth + 1);
        if (offset + packing.size > size)
          throw damaged("the n-bit filter packs a member beyond its structure");
        members.push({ offset, packing });
      }
      if (members.length === 0) throw damaged("the n-bit filter packs a structure of nothing");
      return { kind: "compound", size, members };
    }
    case 4:
      return { kind: "bytes", size };
    default:
      throw damaged(`the n-bit filter's parameters have a type of the class ${kind}`);
  }
}

function bitsOf(packing: Packing): number {
  switch (packing.kind) {
    case "number":
      return packing.precision;
    case "bytes":
      return packing.size * 8;
    case "array":
      return (packing.size / packing.base.size) * bitsOf(packing.base);
    case "compound":
      return packing.members.reduce((sum, member) => sum + bitsOf(member.packing), 0);
  }
}

function unpack(stream: BitStream, whole: Uint8Array, at: number, packing: Packing): void {
  const { size } = packing;
  switch (packing.kind) {
    case "number":
      return stream.place(whole, at, size, packing);
    case "bytes":
      for (let byte = 0; byte < size; byte++) whole[at + byte] = stream.take(8);
      return;
    case "array":
      for (let from = 0; from < size; from += packing.base.size)
        unpack(stream, whole, at + from, packing.base);
      return;
    case "compound":
      for (const { offset, packing: member } of packing.members)
        unpack(stream, whole, at + offset, member);
  }
}
