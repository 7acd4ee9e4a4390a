import type { ScoreGradient } from "../../../../domain/explain/gradients/score-gradient.ts";
import { newRows, type Port, type RowLayout } from "../../../../domain/explain/rows.ts";
import type { Background } from "../../../../domain/explain/game.ts";
import { countOf, type ElementType } from "../../../../domain/tensors/tensor.ts";

type Input = { name: string; shape: number[]; type?: ElementType };

export function layoutWith(...inputs: readonly Input[]): RowLayout {
  let offset = 0;
  const ports = inputs.map(({ name, shape, type = "float32" }): Port => {
    const count = countOf(shape);
    offset += count;
    return { name, type, shape, offset: offset - count, count, categories: null };
  });
  return { ports, size: offset };
}

/** Rows that all count alike. */
export const backgroundOf = (...rows: readonly (readonly number[])[]): Background => ({
  rows: Float64Array.from(rows.flat()),
  count: rows.length,
  weights: new Float64Array(rows.length).fill(1 / rows.length),
});

/** A function of numbers with its slopes, in float64 and without a model. */
export type Smooth = {
  size: number;
  value: (x: readonly number[]) => number;
  slopes: (x: readonly number[]) => readonly number[];
};

export const layoutFor = ({ size }: Smooth): RowLayout =>
  layoutWith({ name: "x", shape: [size], type: "float64" });

export function gradientFor(smooth: Smooth): ScoreGradient {
  const { size, value, slopes } = smooth;
  const gradient: ScoreGradient = {
    run: (rows, count) => {
      const scores = new Float64Array(count);
      const gradients = newRows(layoutFor(smooth), count);
      for (let row = 0; row < count; row += 1) {
        const x = [...rows.subarray(row * size, (row + 1) * size)];
        scores[row] = value(x);
        gradients.set(slopes(x), row * size);
      }
      return Promise.resolve({ scores, gradients });
    },
    of: () => gradient,
    release: () => {},
  };
  return gradient;
}
