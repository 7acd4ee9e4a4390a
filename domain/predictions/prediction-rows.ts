import { takeRows } from "../onnx/train/samples.ts";
import { fail, ok, type Result } from "../result.ts";
import type { Tensor } from "../tensors/tensor.ts";

type Tensors = Readonly<Record<string, Tensor>>;

/** One row of a run as it is kept: every tensor has the first size 1. */
export type PredictionRow = {
  inputs: Record<string, Tensor>;
  outputs: Record<string, Tensor>;
  /** What it takes in storage, about. */
  bytes: number;
};

export type RowsRefusal =
  | { code: "rows_differ"; input: string; rows: number | null; expected: number | null }
  | { code: "rows_too_many"; rows: number; most: number }
  | { code: "row_too_large"; row: number; bytes: number; most: number };

/** Rows of one run that may be kept. */
export const MOST_ROWS = 1_000;
/** A value of an actor's storage may have 2 MB. */
export const MOST_ROW_BYTES = 1_900_000;
/** What a tensor takes beside its elements: its name, its type, its sizes. */
const TENSOR_BYTES = 100;

/**
 * A run as one prediction for each row. The inputs must agree on the number of rows; an output that
 * has another number does not go by rows and is left out.
 */
export function predictionRows(
  inputs: Tensors,
  outputs: Tensors,
): Result<PredictionRow[], RowsRefusal> {
  const count = Object.values(inputs)[0]?.dims[0] ?? null;
  for (const [input, { dims }] of Object.entries(inputs)) {
    const rows = dims[0] ?? null;
    if (rows === null || rows !== count)
      return fail({ code: "rows_differ", input, rows, expected: count });
  }
  const rows = count ?? 0;
  if (rows > MOST_ROWS) return fail({ code: "rows_too_many", rows, most: MOST_ROWS });
  const byRow = Object.fromEntries(
    Object.entries(outputs).filter(([, { dims }]) => dims[0] === rows),
  );
  const made: PredictionRow[] = [];
  for (let row = 0; row < rows; row += 1) {
    const one = { inputs: takeRow(inputs, row), outputs: takeRow(byRow, row) };
    const bytes = bytesOf(one.inputs) + bytesOf(one.outputs);
    if (bytes > MOST_ROW_BYTES)
      return fail({ code: "row_too_large", row, bytes, most: MOST_ROW_BYTES });
    made.push({ ...one, bytes });
  }
  return ok(made);
}

const takeRow = (tensors: Tensors, row: number): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, takeRows(tensor, [row])]),
  );

const bytesOf = (tensors: Tensors): number =>
  Object.values(tensors).reduce((sum, { data }) => sum + TENSOR_BYTES + dataBytes(data), 0);

/** Text is stored as UTF-16 where a character of it needs that. */
const dataBytes = (data: Tensor["data"]): number =>
  Array.isArray(data) ? data.reduce((sum, text) => sum + 2 * text.length + 8, 0) : data.byteLength;
