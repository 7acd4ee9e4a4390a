import { DatasetFault } from "../../dataset-fault.ts";
import type { ColumnType } from "../../schema.ts";
import { elementCount } from "../tensor-data.ts";
import type { Literal } from "./python-literal.ts";

const MOST_FIELDS = 2000;
const LARGEST_ITEM = 16 * 1024 * 1024;

/** One element of an array, in bytes. */
export type Scalar = {
  /** numpy's letter: b, i, u, f, S, U, V, M or m. */
  letter: string;
  size: number;
  isBigEndian: boolean;
  /** What its cells are. */
  type: ColumnType;
  /** Of times: the unit, and how many of it make one step. */
  unit?: string;
  steps?: number;
};

/** A part of an element: its name (empty for an element without parts), where it begins, the sizes of what lies there. */
export type Part = { name: string; offset: number; shape: number[]; scalar: Scalar };

/** What an element of an array is, its structures resolved; `size` in bytes. */
export type Dtype = { size: number; parts: Part[]; isStructure: boolean };

const NUMBERS: Record<string, ColumnType> = {
  b1: "bool",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  u8: "uint64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
};

/** Reads the `descr` of a header. Throws a DatasetFault for what has no cell. */
export function readDtype(descr: Literal): Dtype {
  if (typeof descr === "string") {
    const scalar = scalarOf(descr);
    const parts = [{ name: "", offset: 0, shape: [], scalar }];
    return { size: scalar.size, parts, isStructure: false };
  }
  if (!Array.isArray(descr)) throw malformed("is neither a type nor a list of fields");
  const { size, parts } = structureOf(descr, 1);
  const names = parts.map(({ name }) => name);
  if (new Set(names).size < names.length) throw malformed("has two fields of one name");
  if (parts.length === 0) throw malformed("has no field");
  return { size, parts, isStructure: true };
}

function structureOf(fields: Literal[], depth: number): { size: number; parts: Part[] } {
  if (depth > 8) throw unsupported("structures more than 8 deep");
  const parts: Part[] = [];
  let size = 0;
  for (const field of fields) {
    if (!Array.isArray(field) || field.length < 2 || field.length > 3)
      throw malformed("has a field that is not a name, a type and sizes");
    const [title, type = null, sizes = []] = field;
    // A field may be a title and a name.
    const name = Array.isArray(title) ? title[1] : title;
    const shape = typeof sizes === "number" ? [sizes] : sizes;
    if (typeof name !== "string" || !Array.isArray(shape) || !shape.every(isSize))
      throw malformed("has a field that is not a name, a type and sizes");
    const inner = partsOf(name, type, shape, depth);
    for (const part of inner.parts) parts.push({ ...part, offset: part.offset + size });
    size += inner.size;
    if (parts.length > MOST_FIELDS) throw unsupported(`more than ${MOST_FIELDS} fields`);
    if (!(size <= LARGEST_ITEM)) throw unsupported(`elements of more than ${LARGEST_ITEM} bytes`);
  }
  return { size, parts };
}

function partsOf(
  name: string,
  type: Literal,
  shape: number[],
  depth: number,
): { size: number; parts: Part[] } {
  if (Array.isArray(type)) {
    if (shape.length > 0) throw unsupported(`an array of structures in the field '${name}'`);
    const { size, parts } = structureOf(type, depth + 1);
    return { size, parts: parts.map((part) => ({ ...part, name: `${name}.${part.name}` })) };
  }
  if (typeof type !== "string") throw malformed(`has a field '${name}' without a type`);
  // Bytes without a name fill up to where the next field may begin.
  const padding = name === "" ? /^\|?V(\d{1,8})$/.exec(type) : null;
  if (padding) return { size: Number(padding[1]), parts: [] };
  const scalar = scalarOf(type);
  const part = { name, offset: 0, shape, scalar };
  return { size: elementCount(shape) * scalar.size, parts: [part] };
}

function scalarOf(descr: string): Scalar {
  const match = /^([<>|=]?)([a-zA-Z?])(\d{0,9})(?:\[(\d{0,9})([A-Za-z]{1,2})\])?$/.exec(descr);
  if (!match) throw malformed(`has a type '${descr.slice(0, 40)}'`);
  const [, order, letter = "", digits = "", steps, unit] = match;
  const isBigEndian = order === ">";
  if (letter === "O")
    throw unsupported(
      "Python objects (dtype object): they are a pickle, which is never loaded; store numbers or texts",
    );
  const type = NUMBERS[`${letter}${digits}`];
  if (type) return { letter, size: Number(digits), isBigEndian, type };
  if (letter === "S" || letter === "V") {
    const size = Number(digits);
    return { letter, size, isBigEndian, type: letter === "S" ? "string" : "binary" };
  }
  if (letter === "U") return { letter, size: Number(digits) * 4, isBigEndian, type: "string" };
  if ((letter === "M" || letter === "m") && digits === "8")
    return timeOf(descr, letter, isBigEndian, unit, steps);
  throw unsupported(`elements of type '${descr}'`);
}

const DATES = ["Y", "M", "W", "D"];
const TIMES = ["h", "m", "s", "ms", "us", "ns"];

function timeOf(
  descr: string,
  letter: string,
  isBigEndian: boolean,
  unit: string | undefined,
  steps: string | undefined,
): Scalar {
  const isDate = DATES.includes(unit ?? "");
  const isDuration = letter === "m" && unit !== "Y" && unit !== "M";
  if (unit === undefined || !(isDate || TIMES.includes(unit)) || (letter === "m" && !isDuration))
    throw unsupported(`times of type '${descr}': convert them to datetime64[us]`);
  const type = letter === "m" ? "int64" : isDate ? "date" : "timestamp";
  return { letter, size: 8, isBigEndian, type, unit, steps: Number(steps || 1) };
}

const isSize = (size: Literal): size is number =>
  typeof size === "number" && Number.isSafeInteger(size) && size >= 0;

const malformed = (what: string): DatasetFault =>
  new DatasetFault("file_invalid", `the descr of the array ${what}, as none of numpy's does`);

const unsupported = (what: string): DatasetFault =>
  new DatasetFault("file_unsupported", `the array has ${what}`);
