import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Tensor } from "../../../../domain/tensors/tensor.ts";

const folder = new URL("../../../../examples/digits/", import.meta.url);

/** The bytes of the small network for handwritten digits that is among the examples. */
export const DIGITS_MODEL = new Uint8Array(readFileSync(new URL("digits-mlp.onnx", folder)));

/** Handwritten digits as the network takes them, with what they show. */
export function readDigits(from: number, to: number): { image: Tensor; labels: Tensor } {
  const rows = gunzipSync(readFileSync(new URL("digits.csv.gz", folder)))
    .toString()
    .trim()
    .split("\n")
    .slice(from, to)
    .map((line) => line.split(",").map(Number));
  return {
    image: {
      type: "float32",
      dims: [rows.length, 1, 8, 8],
      data: Float32Array.from(rows.flatMap((row) => row.slice(0, 64).map((pixel) => pixel / 16))),
    },
    labels: {
      type: "int64",
      dims: [rows.length],
      data: BigInt64Array.from(rows, (row) => BigInt(row[64] ?? 0)),
    },
  };
}
