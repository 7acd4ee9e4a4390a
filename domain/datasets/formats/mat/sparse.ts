import { sourceOf } from "../../byte-source.ts";
import { countOf, invalidMat, type MatArray, type Plane, storedPlane } from "./mat-array.ts";
import {
  type ArrayHead,
  type Element,
  type MatBytes,
  planeOf,
  readElement,
} from "./mat5-element.ts";

/** Most elements that a sparse matrix may have to be written out. */
export const MOST_ELEMENTS = 2 ** 20;
/** The data type of unsigned bytes. */
const BYTES = 2;

/** Numbers that are held, as they would lie in a file. */
export const densePlane = (values: Float64Array<ArrayBuffer>): Plane =>
  storedPlane({
    source: sourceOf(new Uint8Array(values.buffer)),
    offset: 0,
    storage: "float64",
    littleEndian: true,
    byRange: true,
  });

/** A sparse matrix with its zeros written out; a large one is no column. */
export async function densified(bytes: MatBytes, head: ArrayHead, end: number): Promise<MatArray> {
  const { name, dims } = head;
  const count = countOf(dims, name);
  const [rows = 0, columns = 0] = dims;
  if (count > MOST_ELEMENTS || dims.length !== 2)
    return {
      name,
      dims,
      kind: "other",
      what: `a sparse matrix with more than ${MOST_ELEMENTS} elements`,
    };
  const rowElement = await readElement(bytes, head.at, end);
  const startElement = await readElement(bytes, rowElement.next, end);
  const realElement = await readElement(bytes, startElement.next, end);
  const startPlane = planeOf(bytes, startElement, columns + 1, name);
  const starts = Array.from(await startPlane.read("float64", 0, columns + 1), Number);
  const filled = starts.at(-1) ?? 0;
  const ordered = starts.every((start, i) => start >= 0 && start >= (starts[i - 1] ?? 0));
  if (!ordered || filled > count)
    throw invalidMat(`the columns of the sparse matrix ${name} overlap`);
  const rowPlane = planeOf(bytes, rowElement, filled, name);
  const rowNumbers = await rowPlane.read("float64", 0, filled);
  // MATLAB stores the values of a logical matrix as bytes and calls them doubles.
  const numbersOf = (element: Element): Element =>
    head.isLogical && element.length < filled * 8 ? { ...element, type: BYTES } : element;
  const dense = async (element: Element): Promise<Plane> => {
    const values = await planeOf(bytes, numbersOf(element), filled, name).read(
      "float64",
      0,
      filled,
    );
    const out = new Float64Array(count);
    for (let column = 0; column < columns; column++)
      for (let i = starts[column] ?? 0; i < (starts[column + 1] ?? 0); i++) {
        const row = Number(rowNumbers[i]);
        if (row < 0 || row >= rows) throw invalidMat(`the sparse matrix ${name} has no row ${row}`);
        out[column * rows + row] = Number(values[i]);
      }
    return densePlane(out);
  };
  return {
    name,
    dims,
    kind: "numbers",
    type: head.isLogical ? "bool" : "float64",
    real: await dense(realElement),
    imaginary: head.isComplex ? await dense(await readElement(bytes, realElement.next, end)) : null,
  };
}
