import { DatasetFault } from "../../dataset-fault.ts";
import type { TensorCell } from "../../table.ts";
import { elementCount, isTensorCell } from "../tensor-data.ts";
import { tooLarge } from "./hdf5-fault.ts";
import { LARGEST_ROW, type Source } from "./source.ts";

/** Samples `from` to `to` (not included) along the last axis of a row's tensor. */
export type SliceOf = { column: string; row: number; from: number; to: number };

/** Reads a slice by its range; of tensors within an element, and of sequences, the whole row. */
export async function sliceOf(
  sources: readonly Source[],
  rows: number,
  { column, row, from, to }: SliceOf,
): Promise<TensorCell> {
  const source = sources.find(({ field }) => field.name === column);
  const shape = source?.field.shape;
  if (source === undefined || shape === undefined) throw noTensor(column);
  checkWhole("row", row, 0, rows - 1);
  const { dataset, leaf } = source;
  const sizes = dataset.shape ?? [];
  const inElement = leaf.size !== leaf.type.size || leaf.type.kind === "sequence";
  const start = sizes.map((_, axis) => (axis === 0 ? row : 0));
  const count = sizes.map((size, axis) => (axis === 0 ? 1 : size));
  const length = inElement ? null : (sizes.at(-1) ?? 0);
  if (length !== null) {
    checkSlice(from, to, length);
    start[start.length - 1] = from;
    count[count.length - 1] = to - from;
  }
  const bytes = elementCount(count) * dataset.type.size;
  if (bytes > LARGEST_ROW)
    throw tooLarge(`the slice has ${bytes} bytes, more than the ${LARGEST_ROW} that it may`);
  const elements = await dataset.decode(await dataset.readBytes({ start, count }), leaf);
  if (length !== null && !Array.isArray(elements))
    return { dims: [...shape.slice(0, -1).map((size) => size ?? 0), to - from], data: elements };
  const [cell] = source.cells(elements);
  if (!isTensorCell(cell)) throw noTensor(column);
  return sliceTensor(cell, from, to);
}

/** Part of a tensor along its last axis. */
export function sliceTensor({ dims, data }: TensorCell, from: number, to: number): TensorCell {
  const length = dims.at(-1) ?? 0;
  checkSlice(from, to, length);
  const outer = dims.slice(0, -1);
  const part = data.slice(0, elementCount(outer) * (to - from));
  for (let row = 0; row < elementCount(outer); row++)
    part.set(data.subarray(row * length + from, row * length + to) as never, row * (to - from));
  return { dims: [...outer, to - from], data: part };
}

const noTensor = (column: string): DatasetFault =>
  new DatasetFault("column_unknown", `there is no column '${column}' of tensors to slice`, {
    field: column,
  });

export function checkSlice(from: number, to: number, length: number): void {
  checkWhole("from", from, 0, length);
  checkWhole("to", to, from, length);
}

export function checkWhole(field: string, value: number, least: number, most: number): void {
  if (!(Number.isSafeInteger(value) && value >= least && value <= most))
    throw new DatasetFault(
      "option_invalid",
      `'${field}' is ${value}, and must be a whole number from ${least} to ${most}`,
      { field },
    );
}
