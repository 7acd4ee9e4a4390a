import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import type { ColumnType } from "../../schema.ts";
import type { Platform } from "../platform.ts";
import { blockSource } from "./block-source.ts";
import { inflatedSource } from "./inflated-source.ts";
import { countOf, invalidMat, type MatArray } from "./mat-array.ts";
import {
  type ArrayHead,
  type Element,
  integers,
  nameOf,
  MATRIX,
  OPAQUE,
  type MatBytes,
  planeOf,
  readElement,
  readHead,
} from "./mat5-element.ts";
import { cellTexts, charTexts } from "./mat5-texts.ts";
import { densified } from "./sparse.ts";

const BLOCK = 64 * 2 ** 10;
const DEEPEST = 16;
const MOST_VARIABLES = 20_000;
const HEADER = 128;

const COMPRESSED = 15;

/** Array types ("MAT-File Format", table 1-3) of numbers, by number. */
const NUMBER_CLASSES: Record<number, ColumnType> = {
  6: "float64",
  7: "float32",
  8: "int8",
  9: "uint8",
  10: "int16",
  11: "uint16",
  12: "int32",
  13: "uint32",
  14: "int64",
  15: "uint64",
};
const CELL = 1;
const STRUCT = 2;
const OBJECT = 3;
const CHAR = 4;
const SPARSE = 5;
const FUNCTION = 16;
const OTHERS: Record<number, string> = {
  [OBJECT]: "an object of a class",
  [FUNCTION]: "a function handle",
  [OPAQUE]: "a MATLAB object (such as a table, a string or a datetime)",
};

async function numbers(
  bytes: MatBytes,
  head: ArrayHead,
  end: number,
  type: ColumnType,
): Promise<MatArray> {
  const { name, dims } = head;
  const count = countOf(dims, name);
  const real = await readElement(bytes, head.at, end);
  const imaginary = head.isComplex
    ? planeOf(bytes, await readElement(bytes, real.next, end), count, name)
    : null;
  return { name, dims, kind: "numbers", type, real: planeOf(bytes, real, count, name), imaginary };
}

async function structFields(
  bytes: MatBytes,
  head: ArrayHead,
  end: number,
  depth: number,
): Promise<MatArray[]> {
  const { name, dims } = head;
  if (countOf(dims, name) !== 1)
    return [{ name, dims, kind: "other", what: `an array of ${dims.join(" x ")} structures` }];
  const length = await readElement(bytes, head.at, end);
  const [size = 0] = await integers(bytes, length);
  const names = await readElement(bytes, length.next, end);
  if (size < 1 || names.length / size > MOST_VARIABLES)
    throw invalidMat(`the fields of ${name} have no names`);
  const arrays: MatArray[] = [];
  let at = names.next;
  for (let i = 0; (i + 1) * size <= names.length; i++) {
    const field = await nameOf(bytes, { ...names, data: names.data + i * size, length: size });
    const element = await readElement(bytes, at, end);
    const full = `${name}.${field}`;
    arrays.push(...(await readMatrix(bytes, element, full, depth + 1)));
    at = element.next;
  }
  return arrays;
}

/** An array as what it can be in a table: the fields of a structure, one by one. */
export async function readMatrix(
  bytes: MatBytes,
  { type, data, length }: Element,
  name: string | null,
  depth: number,
): Promise<MatArray[]> {
  if (type !== MATRIX) throw invalidMat(`a variable has the type ${type}`);
  if (depth > DEEPEST)
    throw new DatasetFault(
      "file_unsupported",
      `structures nested deeper than ${DEEPEST} are not read`,
    );
  if (length === 0) return [{ name: name ?? "", dims: [0, 0], kind: "other", what: "empty" }];
  const end = data + length;
  const read = await readHead(bytes, data, end);
  const head = { ...read, name: name ?? read.name };
  const { arrayClass, dims } = head;
  const other = (what: string): MatArray[] => [{ name: head.name, dims, kind: "other", what }];
  if (arrayClass in OTHERS) return other(OTHERS[arrayClass] ?? "");
  if (arrayClass === STRUCT) return structFields(bytes, head, end, depth);
  if (countOf(dims, head.name) === 0) return other("empty");
  if (arrayClass === CHAR) return [await charTexts(bytes, head, end)];
  if (arrayClass === CELL) return [await cellTexts(bytes, head, end)];
  if (arrayClass === SPARSE) return [await densified(bytes, head, end)];
  const numberClass = NUMBER_CLASSES[arrayClass];
  if (numberClass === undefined) return other(`an array of the class ${arrayClass}`);
  return [await numbers(bytes, head, end, head.isLogical ? "bool" : numberClass)];
}

/** A variable that was compressed by itself, as version 7 does. */
async function readCompressed(
  source: ByteSource,
  { data, length }: Element,
  littleEndian: boolean,
  platform: Platform,
): Promise<MatArray[]> {
  const unpacked = (size: number): ByteSource =>
    inflatedSource(source, data, length, size, platform);
  const tag = await unpacked(8).read(0, 8);
  const size = new DataView(tag.buffer, tag.byteOffset, 8).getUint32(4, littleEndian);
  const again = (): ByteSource => unpacked(size + 8);
  const bytes = { source: blockSource(again(), 1024), littleEndian, byRange: false, again };
  return readMatrix(bytes, await readElement(bytes, 0, size + 8), null, 0);
}

/** The variables of a MAT file of version 5 (6 and 7 of MATLAB), those in structures by their path. */
export async function readMat5(
  source: ByteSource,
  littleEndian: boolean,
  platform: Platform,
): Promise<MatArray[]> {
  const whole: MatBytes = {
    source: blockSource(source, BLOCK),
    littleEndian,
    byRange: true,
    again: () => source,
  };
  const arrays: MatArray[] = [];
  for (let at = HEADER; at < source.size;) {
    // Up to seven bytes may fill up the end.
    if (source.size - at < 8) break;
    const element = await readElement(whole, at, source.size);
    at = element.data + element.length;
    if (element.type === COMPRESSED) {
      arrays.push(...(await readCompressed(source, element, littleEndian, platform)));
    } else arrays.push(...(await readMatrix(whole, element, null, 0)));
    if (arrays.length > MOST_VARIABLES)
      throw new DatasetFault(
        "file_too_large",
        `the file has more than ${MOST_VARIABLES} variables`,
      );
  }
  // What has no name is the workspace of function handles.
  return arrays.filter(({ name }) => name !== "");
}
