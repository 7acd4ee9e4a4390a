import { readFileSync } from "node:fs";
import type { Background } from "../../../../domain/explain/game.ts";
import type { NumericType } from "../../../../domain/tensors/element-arrays.ts";
import type { RowLayout, Rows } from "../../../../domain/explain/rows.ts";

/** Rows of so many numbers in one input `features`. */
export const tableLayout = (columns: number, type: NumericType = "float64"): RowLayout => ({
  ports: [
    { name: "features", type, shape: [columns], offset: 0, count: columns, categories: null },
  ],
  size: columns,
});

export const evenly = (rows: Rows, columns: number): Background => {
  const count = rows.length / columns;
  return { rows, count, weights: new Float64Array(count).fill(1 / count) };
};

const example = (path: string): URL =>
  new URL(`../../../../examples/wdbc/${path}`, import.meta.url);

/** 569 tumours with 30 measurements each as float32, and which are benign (1). */
export function tumours(): { layout: RowLayout; training: Background; labels: number[] } {
  const table = readFileSync(example("breast_cancer.csv"), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number));
  return {
    layout: tableLayout(30, "float32"),
    training: evenly(Float32Array.from(table.flatMap((row) => row.slice(0, 30))), 30),
    labels: table.map((row) => row[30] ?? 0),
  };
}

export const tumourModel = (): Uint8Array => readFileSync(example("models/wdbc-mlp.onnx"));
