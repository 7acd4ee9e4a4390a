import { readFileSync } from "node:fs";
import {
  tableOf,
  type ExplanationRow,
  type ExplanationTable,
} from "../../../../../domain/explain/summary/explanation-table.ts";
import type { Random } from "../../../../../domain/statistics/random.ts";

/** What SciPy, NumPy and scikit-learn give for the tables below; the file says how. */
export const VECTORS = JSON.parse(
  readFileSync(new URL("../../../vectors/explain/summary.json", import.meta.url), "utf8"),
) as {
  kendalls_w: number;
  ndcg: number;
  pearson: number[][];
  spearman: number[][];
  median: number[];
  percentile_95: number[];
  max: number[];
  mean: number[];
  mean_intervals: [number, number][];
  welch: { p: number; low: number; high: number }[];
  total_variation: number;
  median_interval_ranks: Record<string, [number, number]>;
  change: number;
  cosine: number;
  trend: [number, number][];
  trend_bands: [number, number][];
};

export const row = (
  values: readonly number[],
  more: Partial<ExplanationRow> = {},
): ExplanationRow => ({
  model: "m",
  version: "1",
  method: "kernel",
  players: values.map((_, at) => `f${at}`),
  values,
  features: null,
  prediction: 0,
  base: 0,
  ...more,
});

export const tableOfValues = (
  values: readonly (readonly number[])[],
  more: (row: number) => Partial<ExplanationRow> = () => ({}),
): ExplanationTable => tableOf(values.map((each, at) => row(each, more(at))));

/** The contributions of the vectors. */
export const contributions = (seed: number): number[][] =>
  Array.from({ length: 24 }, (_, r) =>
    Array.from({ length: 5 }, (_, c) => {
      const wave = Math.sin(seed + 1.7 * r + 2.3 * c * c) + 0.3 * Math.cos(3.1 * r * c + seed);
      return Number((wave * (5 - c)).toFixed(6));
    }),
  );
export const FIRST = contributions(0.2);
export const SECOND = contributions(0.9).map((values) =>
  values.map((value, at) => (at === 1 ? value * 2.5 : value)),
);

/** Contributions of `scales.length` features, each a skewed magnitude of random sign. */
export const randomTable = (
  random: Random,
  rows: number,
  scales: readonly number[],
): ExplanationTable =>
  tableOfValues(
    Array.from({ length: rows }, () =>
      scales.map((scale) => scale * random.gamma(2) * (random.uniform() < 0.5 ? -1 : 1)),
    ),
  );
