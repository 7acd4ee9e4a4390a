import type { TensorCell } from "../../table.ts";
import { countOf, invalidMat, type MatArray, type Plane } from "./mat-array.ts";
import { densePlane, MOST_ELEMENTS } from "./sparse.ts";

/**
 * A sparse matrix of version 4 with its zeros written out: `count` rows of its row and column, from
 * 1, its real and, where there are four columns, its imaginary part, the last of which says only the
 * sizes. A large one is no column.
 */
export async function densified4(
  name: string,
  plane: Plane,
  count: number,
  columns: number,
): Promise<MatArray> {
  if (columns !== 3 && columns !== 4)
    throw invalidMat(`the sparse matrix ${name} has ${columns} columns, and should have 3 or 4`);
  const large = (dims: number[]): MatArray => ({
    name,
    dims,
    kind: "other",
    what: `a sparse matrix with more than ${MOST_ELEMENTS} elements`,
  });
  // One with more filled elements than that is larger still.
  if (count - 1 > MOST_ELEMENTS) return large([count, columns]);
  const read = (column: number) => plane.read("float64", column * count, count);
  const [rowsOf, columnsOf] = [await read(0), await read(1)];
  const dims = [rowsOf, columnsOf].map((numbers) => Number(numbers[count - 1] ?? 0));
  if (!dims.every(Number.isSafeInteger))
    throw invalidMat(`the sparse matrix ${name} has the sizes ${dims.join(" x ")}`);
  const size = countOf(dims, name);
  if (size === 0) return { name, dims, kind: "other", what: "empty" };
  if (size > MOST_ELEMENTS) return large(dims);
  const [rows = 0, width = 0] = dims;
  const placeIn = (numbers: TensorCell["data"], i: number, most: number): number => {
    const number = Number(numbers[i]);
    if (Number.isInteger(number) && number >= 1 && number <= most) return number - 1;
    throw invalidMat(`the sparse matrix ${name} has an element at ${number} of ${most}`);
  };
  const dense = (values: TensorCell["data"]): Plane => {
    const out = new Float64Array(size);
    for (let i = 0; i < count - 1; i++)
      out[placeIn(columnsOf, i, width) * rows + placeIn(rowsOf, i, rows)] = Number(values[i]);
    return densePlane(out);
  };
  return {
    name,
    dims,
    kind: "numbers",
    type: "float64",
    real: dense(await read(2)),
    imaginary: columns === 4 ? dense(await read(3)) : null,
  };
}
