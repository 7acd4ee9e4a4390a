import type { Random } from "../../statistics/random.ts";
import type { NumericData } from "../../tensors/element-arrays.ts";
import { countOf, type Tensor, type TensorData } from "../../tensors/tensor.ts";
import { OnnxFault } from "../onnx-fault.ts";

/** Rows of every input of a model, by its name, and their targets; the first size of all of them is the number of rows. */
export type Samples = { inputs: Readonly<Record<string, Tensor>>; targets: Tensor };

/** The number of rows; throws where the tensors do not agree on it. */
export function rowsOf({ inputs, targets }: Samples, name: string): number {
  const rows = targets.dims[0] ?? 0;
  if (rows === 0) throw new OnnxFault("bad_request", `${name} has no rows`);
  for (const [input, { dims }] of Object.entries(inputs))
    if (dims[0] !== rows)
      throw new OnnxFault(
        "bad_request",
        `${name}: '${input}' has ${dims[0] ?? 0} rows and the targets have ${rows}`,
        { tensor: input },
      );
  return rows;
}

/** The given rows of a tensor, in the given order. */
export function takeRows(tensor: Tensor, rows: readonly number[]): Tensor {
  const { type, dims, data } = tensor;
  const size = countOf(dims.slice(1));
  const taken = like(data, rows.length * size);
  for (const [index, row] of rows.entries()) copyRow(data, row * size, taken, index * size, size);
  return { type, dims: [rows.length, ...dims.slice(1)], data: taken };
}

export const takeSamples = ({ inputs, targets }: Samples, rows: readonly number[]): Samples => ({
  inputs: Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [name, takeRows(tensor, rows)]),
  ),
  targets: takeRows(targets, rows),
});

/** Rows from `first` up to `end`. */
export const range = (first: number, end: number): number[] =>
  Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);

/** Rows in a random order (Fisher & Yates). */
export function shuffled(rows: readonly number[], random: Random): number[] {
  const order = [...rows];
  for (let index = order.length - 1; index > 0; index -= 1) {
    const other = random.integer(index + 1);
    const [a = 0, b = 0] = [order[index], order[other]];
    order[index] = b;
    order[other] = a;
  }
  return order;
}

/** Rows in as few batches of at most `size` as there can be, as even as they can be: none is left with a row or two. */
export function batchesOf(rows: readonly number[], size: number): number[][] {
  const count = Math.ceil(rows.length / size);
  return Array.from({ length: count }, (_, index) =>
    rows.slice(
      Math.floor((index * rows.length) / count),
      Math.floor(((index + 1) * rows.length) / count),
    ),
  );
}

function like(data: TensorData, length: number): TensorData {
  if (Array.isArray(data)) return Array<string>(length).fill("");
  return new (data.constructor as new (length: number) => NumericData)(length);
}

function copyRow(from: TensorData, start: number, to: TensorData, at: number, size: number): void {
  if (Array.isArray(from) || Array.isArray(to)) {
    for (let index = 0; index < size; index += 1) to[at + index] = from[start + index] ?? "";
    return;
  }
  (to as Float32Array).set(from.subarray(start, start + size) as Float32Array, at);
}
