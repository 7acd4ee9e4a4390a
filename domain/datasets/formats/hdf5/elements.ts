import { elementsIn, type NumericData } from "../../../tensors/element-arrays.ts";
import { float16Value } from "../../../onnx/tensors.ts";
import type { Cell, TensorCell } from "../../table.ts";
import { elementCount } from "../tensor-data.ts";
import type { Hdf5Number, Hdf5Type } from "./datatype.ts";
import type { GlobalHeap } from "./global-heap.ts";
import { damaged, unsupported } from "./hdf5-fault.ts";
import type { Storage } from "./storage.ts";

/**
 * Elements side by side: numbers and booleans (0 or 1) as a typed array, `float16` as float32;
 * texts, names of enumerations, bytes, sequences and references (addresses; null for none) as a list.
 */
export type Elements = TensorCell["data"] | Cell[];

export type Decoder = {
  file: Storage;
  heap: GlobalHeap;
  /** The array, for people, and the number of the first element that is decoded; 0. */
  path: string;
  first?: number;
};

/** Why elements of a type cannot be read, or null where they can. */
export function unreadable(type: Hdf5Type): string | null {
  if (type.kind === "unsupported") return type.name;
  if (type.kind === "compound") return "a structure in a structure or an array";
  if (type.kind === "array") return unreadable(type.base);
  if (type.kind === "sequence")
    return ["number", "boolean", "enum", "text", "string"].includes(type.base.kind)
      ? null
      : "a sequence of anything but numbers and texts";
  return null;
}

/** Decodes elements that lie side by side. Throws a DatasetFault for a type that is `unreadable`. */
export async function decodeElements(
  decoder: Decoder,
  type: Hdf5Type,
  bytes: Uint8Array,
): Promise<Elements> {
  switch (type.kind) {
    case "number":
      return decodeNumbers(type, bytes);
    case "boolean":
      return Uint8Array.from<number | bigint>(decodeNumbers(type.base, bytes), (value) =>
        Number(value) === 0 ? 0 : 1,
      );
    case "enum":
      return Array.from<number | bigint, string>(
        decodeNumbers(type.base, bytes),
        (value) => type.names.get(BigInt(value)) ?? String(value),
      );
    case "array":
      return decodeElements(decoder, type.base, bytes);
    case "string":
      return pieces(bytes, type.size, (piece, at) => {
        const text = piece.subarray(0, textEnd(piece, type.padding));
        return decoder.file.decodeUtf8(text, placeOf(decoder, at));
      });
    case "opaque":
      return pieces(bytes, type.size, (piece) => new Uint8Array(piece));
    case "reference":
      return pieces(bytes, type.size, (piece) => addressIn(piece, decoder.file.offsetSize));
    case "text":
      return decodeTexts(decoder, type.size, bytes);
    case "sequence":
      return decodeSequences(decoder, type, bytes);
    case "compound":
    case "unsupported":
      throw unsupported(
        `${unreadable(type) ?? "a type"} in '${decoder.path}'`,
        "leave the array out by naming the others in 'arrays'",
      );
  }
}

/** One member of elements that are structures, side by side. */
export function extractMember(
  bytes: Uint8Array,
  elementSize: number,
  { offset, size }: { offset: number; size: number },
): Uint8Array {
  if (size === elementSize) return bytes;
  const count = Math.floor(bytes.length / elementSize);
  const packed = new Uint8Array(count * size);
  for (let index = 0; index < count; index++) {
    const from = index * elementSize + offset;
    if (size <= 8)
      for (let at = 0; at < size; at++) packed[index * size + at] = bytes[from + at] ?? 0;
    else packed.set(bytes.subarray(from, from + size), index * size);
  }
  return packed;
}

function pieces<T>(
  bytes: Uint8Array,
  size: number,
  read: (piece: Uint8Array, at: number) => T,
): T[] {
  const count = Math.floor(bytes.length / size);
  return Array.from({ length: count }, (_, at) =>
    read(bytes.subarray(at * size, (at + 1) * size), at),
  );
}

function addressIn(piece: Uint8Array, offsetSize: number): bigint | null {
  let address = 0n;
  for (let at = offsetSize - 1; at >= 0; at--) address = (address << 8n) | BigInt(piece[at] ?? 0);
  return address === 0n || address === 2n ** BigInt(8 * offsetSize) - 1n ? null : address;
}

function textEnd(piece: Uint8Array, padding: "terminated" | "zeros" | "spaces"): number {
  if (padding === "terminated") {
    const end = piece.indexOf(0);
    return end < 0 ? piece.length : end;
  }
  const filler = padding === "zeros" ? 0 : 32;
  let end = piece.length;
  while (end > 0 && piece[end - 1] === filler) end--;
  return end;
}

function decodeNumbers(
  { size, element, bigEndian, part }: Hdf5Number,
  bytes: Uint8Array,
): TensorCell["data"] {
  const ordered = bigEndian && size > 1 ? reversed(bytes, size) : bytes;
  const wide = WIDTHS.find((width) => width >= size) ?? 8;
  const data = elementsIn(
    element,
    wide === size ? ordered : widened(ordered, size, wide, element.startsWith("int")),
  );
  if (data === undefined) throw damaged("an array is cut within an element");
  if (part !== undefined) return significant(data, element.startsWith("int"), part);
  return element === "float16"
    ? Float32Array.from<number | bigint>(data, (bits) => float16Value(Number(bits)))
    : asTensorData(data);
}

/** Of each integer the bits that count; above a negative one's are ones. */
function significant(
  data: NumericData,
  isSigned: boolean,
  { precision, offset }: { precision: number; offset: number },
): NumericData {
  // What is read may be read again.
  const kept = data.slice();
  if (kept instanceof BigInt64Array || kept instanceof BigUint64Array) {
    for (const [i, value] of kept.entries()) {
      const bits = value >> BigInt(offset);
      kept[i] = isSigned ? BigInt.asIntN(precision, bits) : BigInt.asUintN(precision, bits);
    }
    return kept;
  }
  const [above, below] = [32 - offset - precision, 32 - precision];
  for (const [i, value] of kept.entries()) {
    const high = value << above;
    kept[i] = isSigned ? high >> below : high >>> below;
  }
  return kept;
}

const WIDTHS = [1, 2, 4, 8];

const asTensorData = (data: NumericData): TensorCell["data"] => data;

function reversed(bytes: Uint8Array, size: number): Uint8Array {
  const turned = new Uint8Array(bytes.length);
  for (let from = 0; from + size <= bytes.length; from += size)
    for (let at = 0; at < size; at++) turned[from + at] = bytes[from + size - 1 - at] ?? 0;
  return turned;
}

/** Little-endian integers of `size` bytes as ones of `wide` bytes. */
function widened(bytes: Uint8Array, size: number, wide: number, signed: boolean): Uint8Array {
  const count = Math.floor(bytes.length / size);
  const whole = new Uint8Array(count * wide);
  for (let index = 0; index < count; index++) {
    const piece = bytes.subarray(index * size, (index + 1) * size);
    whole.set(piece, index * wide);
    if (signed && (piece[size - 1] ?? 0) >= 128)
      whole.fill(255, index * wide + size, (index + 1) * wide);
  }
  return whole;
}

const placeOf = ({ path, first = 0 }: Decoder, at: number): string =>
  `element ${first + at} of '${path}'`;

async function decodeTexts(decoder: Decoder, size: number, bytes: Uint8Array): Promise<string[]> {
  const { file, heap } = decoder;
  const texts: string[] = [];
  for (let from = 0; from + size <= bytes.length; from += size) {
    const text = (await heap.read(bytes.subarray(from, from + size), 1)).bytes;
    const end = textEnd(text, "terminated");
    texts.push(file.decodeUtf8(text.subarray(0, end), placeOf(decoder, from / size)));
  }
  return texts;
}

/** Sequences of numbers as tensors of one axis, those of texts as lists. */
async function decodeSequences(
  decoder: Decoder,
  { size, base }: { size: number; base: Hdf5Type },
  bytes: Uint8Array,
): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (let from = 0; from + size <= bytes.length; from += size) {
    const sequence = await decoder.heap.read(bytes.subarray(from, from + size), base.size);
    const type = base.kind === "enum" ? base.base : base;
    const data = await decodeElements(decoder, type, sequence.bytes);
    cells.push(Array.isArray(data) ? data.map(String) : { dims: [sequence.count], data });
  }
  return cells;
}

/** The numbers of one row after another, as typed arrays of `row` elements each. */
export function rowsOf(data: TensorCell["data"], dims: number[]): TensorCell[] {
  const size = elementCount(dims);
  const rows = size === 0 ? 0 : data.length / size;
  return Array.from({ length: rows }, (_, row) => ({
    dims,
    data: data.subarray(row * size, (row + 1) * size),
  }));
}
