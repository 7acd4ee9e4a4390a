import { BitStream } from "./bit-stream.ts";
import { damaged, unsupported } from "./hdf5-fault.ts";

/** Before the packed numbers: how many bits each has, and the least of them. */
const HEADER = 21;
const SIZES = [1, 2, 4, 8];

/** The filter's parameters, as HDF5 sets them when an array is made. */
type Scale = {
  /** Decimal digits of a float that are kept. */
  digits: number;
  count: number;
  isFloat: boolean;
  size: number;
  bigEndian: boolean;
  /** The bits of the fill value; null where the array has none. */
  fill: bigint | null;
};

function readScale(parameters: readonly number[]): Scale {
  const [kind = 0, digits = 0, count = 0, numbers = 0, size = 0] = parameters;
  const [, , , , , , order = 0, hasFill = 0, low = 0, high = 0] = parameters;
  const isFloat = numbers === 1;
  if (isFloat && kind !== 0)
    throw unsupported("a scale-offset filter of a variable scale", "write the array with gzip");
  if (!SIZES.includes(size) || (isFloat && size < 4))
    throw damaged(`the scale-offset filter packs numbers of ${size} bytes`);
  const fill = BigInt(low) | (BigInt(high) << 32n);
  const bigEndian = order === 1;
  return { digits: digits | 0, count, isFloat, size, bigEndian, fill: hasFill === 1 ? fill : null };
}

/**
 * Undoes the scale-offset filter (6), which keeps what each number is above the least of its chunk,
 * of floats as a whole number of 10^-digits, in as few bits as the greatest takes. All bits set
 * stand for the fill value.
 */
export function unpackScaleOffset(
  bytes: Uint8Array,
  parameters: readonly number[],
  most: number,
): Uint8Array {
  const scale = readScale(parameters);
  const { count, size, bigEndian } = scale;
  if (count * size > most)
    throw damaged(`a chunk of packed numbers says that it has ${count} of ${size} bytes`);
  if (bytes.length < HEADER) throw damaged("a chunk of packed numbers ends in its header");
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
  const bits = header.getUint32(0, true);
  if (bits > size * 8) throw damaged(`a chunk of packed numbers has ${bits} bits for each`);
  const least = header.getBigUint64(5, true);
  const stream = new BitStream(bytes.subarray(HEADER));
  stream.require(count * bits);
  // Numbers that take all of their bits are kept as they are, in the order of most machines.
  const whole = new Uint8Array(count * size);
  if (bits === size * 8) whole.set(bytes.subarray(HEADER, HEADER + whole.length));
  else {
    const place = { offset: 0, precision: bits, bigEndian: false };
    for (let index = 0; index < count; index++) stream.place(whole, index * size, size, place);
    if (scale.isFloat) addToFloats(whole, scale, bits, least);
    else addToIntegers(whole, scale, bits, least);
  }
  return bigEndian ? reversed(whole, size) : whole;
}

type Numbers = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

function integersOf({ buffer, length }: Uint8Array<ArrayBuffer>, size: number): Numbers {
  if (size === 1) return new Uint8Array(buffer);
  if (size === 2) return new Uint16Array(buffer, 0, length / 2);
  if (size === 4) return new Uint32Array(buffer, 0, length / 4);
  return new BigUint64Array(buffer, 0, length / 8);
}

/** What is beyond a number's bits falls away, as negative numbers want it. */
function addToIntegers(
  whole: Uint8Array<ArrayBuffer>,
  { size, fill }: Scale,
  bits: number,
  least: bigint,
): void {
  const numbers = integersOf(whole, size);
  const ones = (1n << BigInt(bits)) - 1n;
  if (numbers instanceof BigUint64Array) {
    for (const [i, value] of numbers.entries())
      numbers[i] = fill !== null && value === ones ? fill : value + least;
    return;
  }
  const [missing, first, filler] = [Number(ones), Number(least & 0xffffffffn), Number(fill)];
  for (const [i, value] of numbers.entries())
    numbers[i] = fill !== null && value === missing ? filler : value + first;
}

function addToFloats(
  whole: Uint8Array<ArrayBuffer>,
  { size, digits, fill }: Scale,
  bits: number,
  least: bigint,
): void {
  const numbers = integersOf(whole, size);
  const isWide = size === 8;
  const floats = isWide ? new Float64Array(whole.buffer) : new Float32Array(whole.buffer);
  const round = isWide ? Number : Math.fround;
  const [first, filler] = [floatOf(least, isWide), floatOf(fill ?? 0n, isWide)];
  const missing = 2 ** bits - 1;
  const power = round(10 ** digits);
  for (let i = 0; i < floats.length; i++) {
    const value = Number(numbers[i] ?? 0);
    floats[i] = fill !== null && value === missing ? filler : round(round(value) / power) + first;
  }
}

function floatOf(bits: bigint, isWide: boolean): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits, true);
  return isWide ? view.getFloat64(0, true) : view.getFloat32(0, true);
}

/** Elements of `size` bytes with their bytes in the other order. */
function reversed(bytes: Uint8Array, size: number): Uint8Array {
  const turned = new Uint8Array(bytes.length);
  for (let from = 0; from < bytes.length; from += size)
    for (let at = 0; at < size; at++) turned[from + at] = bytes[from + size - 1 - at] ?? 0;
  return turned;
}
