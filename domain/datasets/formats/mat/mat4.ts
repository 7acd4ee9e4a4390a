import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import { densified4 } from "./mat4-sparse.ts";
import {
  countOf,
  invalidMat,
  type MatArray,
  type Plane,
  storedPlane,
  type Storage,
  STORAGE_BYTES,
} from "./mat-array.ts";

const HEADER = 20;
const LONGEST_NAME = 4096;
const LARGEST_TEXT = 2 ** 20;
/** The third digit of a matrix's type says how its numbers lie. */
const STORAGES: readonly Storage[] = ["float64", "float32", "int32", "int16", "uint16", "uint8"];
const FULL = 0;
const TEXT = 1;
const SPARSE = 2;

/** The byte order of a file of version 4 by the type of its first matrix, which is below 5,000; undefined where it is none. */
export function mat4Order(head: Uint8Array): "little" | "big" | undefined {
  if (head.length < HEADER) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, HEADER);
  const fits = (type: number, order: number): boolean =>
    Math.floor(type / 1000) === order &&
    type % 1000 < 53 &&
    type % 10 < 3 &&
    Math.floor(type / 100) % 10 === 0;
  const little = view.getUint32(0, true);
  if (fits(little, 0) && view.getUint32(16, true) <= LONGEST_NAME && view.getUint32(12, true) <= 1)
    return "little";
  return fits(view.getUint32(0, false), 1) ? "big" : undefined;
}

async function textRows(plane: Plane, rows: number, columns: number): Promise<string[]> {
  const units = await plane.read("float64", 0, rows * columns);
  return Array.from({ length: rows }, (_, row) => {
    let text = "";
    for (let i = 0; i < columns; i++) text += String.fromCharCode(Number(units[row + i * rows]));
    return rows === 1 ? text : text.replace(/ +$/, "");
  });
}

/** The matrices of a MAT file of version 4 ("MAT-File Format", level 4). */
export async function readMat4(source: ByteSource): Promise<MatArray[]> {
  const arrays: MatArray[] = [];
  for (let at = 0; at + HEADER <= source.size;) {
    const head = await source.read(at, HEADER);
    const order = mat4Order(head);
    if (order === undefined) throw invalidMat(`there is no matrix at byte ${at}`);
    const littleEndian = order === "little";
    const view = new DataView(head.buffer, head.byteOffset, HEADER);
    const [type = 0, rows = 0, columns = 0, isComplex = 0, nameLength = 0] = [0, 4, 8, 12, 16].map(
      (offset) => view.getUint32(offset, littleEndian),
    );
    const storage = STORAGES[Math.floor(type / 10) % 10];
    if (storage === undefined || nameLength < 1 || nameLength > LONGEST_NAME)
      throw invalidMat(
        `the matrix at byte ${at} has the type ${type} and a name of ${nameLength} bytes`,
      );
    const bytes = await source.read(at + HEADER, nameLength);
    const name = String.fromCharCode(...bytes).replace(/\0.*$/s, "");
    const dims = [rows, columns];
    const count = countOf(dims, name);
    const offset = at + HEADER + nameLength;
    const size = count * STORAGE_BYTES[storage];
    at = offset + size * (isComplex === 1 ? 2 : 1);
    if (at > source.size)
      throw invalidMat(`the matrix ${name} of ${rows} x ${columns} goes beyond its end`);
    const plane = (from: number): Plane =>
      storedPlane({
        source,
        offset: from,
        storage,
        littleEndian,
        byRange: true,
      });
    if (count === 0) arrays.push({ name, dims, kind: "other", what: "empty" });
    else if (type % 10 === FULL)
      arrays.push({
        name,
        dims,
        kind: "numbers",
        type: storage,
        real: plane(offset),
        imaginary: isComplex === 1 ? plane(offset + size) : null,
      });
    else if (type % 10 === TEXT && count <= LARGEST_TEXT) {
      const texts = await textRows(plane(offset), rows, columns);
      arrays.push({
        name,
        dims: [rows],
        kind: "texts",
        texts: async (from, wanted) => texts.slice(from, from + wanted),
      });
    } else if (type % 10 === SPARSE)
      arrays.push(await densified4(name, plane(offset), rows, columns));
    else arrays.push({ name, dims, kind: "other", what: "a long text of version 4" });
    if (arrays.length > 20_000)
      throw new DatasetFault("file_too_large", "the file has more than 20000 variables");
  }
  return arrays;
}
