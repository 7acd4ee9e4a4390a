import { describe, expect, test } from "vitest";
import { floatTensor } from "../../../domain/onnx/tensors.ts";
import {
  MOST_ROW_BYTES,
  MOST_ROWS,
  predictionRows,
} from "../../../domain/predictions/prediction-rows.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";

const column = (rows: number, size = 1): Tensor =>
  floatTensor(
    [rows, size],
    Array.from({ length: rows * size }, (_, at) => at),
  );
const made = (inputs: Record<string, Tensor>, outputs: Record<string, Tensor> = {}) => {
  const result = predictionRows(inputs, outputs);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
};
const refusal = (inputs: Record<string, Tensor>, outputs: Record<string, Tensor> = {}) => {
  const result = predictionRows(inputs, outputs);
  if (result.ok) throw new Error("granted");
  return result.error;
};

describe("a run as rows", () => {
  test("each row has its part of every input and output, in memory of its own", () => {
    const texts: Tensor = { type: "string", dims: [3], data: ["a", "b", "c"] };
    const rows = made({ x: column(3, 2), texts }, { y: column(3) });
    expect(rows.map(({ inputs, outputs }) => ({ inputs, outputs }))[1]).toEqual({
      inputs: { x: floatTensor([1, 2], [2, 3]), texts: { ...texts, dims: [1], data: ["b"] } },
      outputs: { y: floatTensor([1, 1], [1]) },
    });
    const { data } = rows[1]?.inputs["x"] ?? { data: [] };
    // What is sent to an actor or stored takes the whole buffer along.
    expect(ArrayBuffer.isView(data) && data.buffer.byteLength).toBe(8);
  });

  test("an output that does not go by rows is left out", () => {
    const [row] = made(
      { x: column(2) },
      { mean: floatTensor([], [1]), y: column(2), z: column(3) },
    );
    expect(Object.keys(row?.outputs ?? {})).toEqual(["y"]);
  });

  test("inputs that differ in their number of rows have none", () => {
    expect(refusal({ x: column(2), z: column(3) })).toEqual({
      code: "rows_differ",
      input: "z",
      rows: 3,
      expected: 2,
    });
    const scalar = floatTensor([], [1]);
    expect(refusal({ x: column(2), scalar })).toMatchObject({ input: "scalar", rows: null });
    expect(refusal({ scalar })).toMatchObject({ rows: null, expected: null });
  });

  test("no rows are no predictions, and too many are refused", () => {
    expect(made({ x: column(0) })).toEqual([]);
    expect(made({ x: column(MOST_ROWS) })).toHaveLength(MOST_ROWS);
    expect(refusal({ x: column(MOST_ROWS + 1) })).toMatchObject({ rows: MOST_ROWS + 1 });
  });

  test("a row may have so many bytes, its outputs and its texts counted", () => {
    const room = MOST_ROW_BYTES - 200;
    const bytes = (length: number): Tensor => ({
      type: "uint8",
      dims: [1, length],
      data: new Uint8Array(length),
    });
    const [largest] = made({ x: bytes(room - 10) }, { y: bytes(10) });
    expect(largest?.bytes).toBe(MOST_ROW_BYTES);
    expect(refusal({ x: bytes(room - 10) }, { y: bytes(11) })).toEqual({
      code: "row_too_large",
      row: 0,
      bytes: MOST_ROW_BYTES + 1,
      most: MOST_ROW_BYTES,
    });
    const text: Tensor = { type: "string", dims: [1], data: ["é".repeat(1_000)] };
    expect(made({ text })[0]?.bytes).toBe(100 + 8 + 2_000);
  });
});
