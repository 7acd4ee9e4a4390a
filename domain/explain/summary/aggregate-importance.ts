import type { Interval } from "../../statistics/difference-interval.ts";
import {
  columnOf,
  meanInterval,
  meanOf,
  quantileInterval,
  quantileOf,
  sampleOf,
} from "./column-statistics.ts";
import type { ExplanationTable } from "./explanation-table.ts";

export const IMPORTANCE_MEASURES = ["mean", "median", "max", "percentile_95"] as const;
/** What stands for the magnitudes of a feature's contributions. */
export type ImportanceMeasure = (typeof IMPORTANCE_MEASURES)[number];

export type FeatureImportance = {
  feature: string;
  /** The measure of |contribution| over the rows. */
  importance: number;
  /**
   * 95 %, of what the measure is for all rows that these are a random sample of. A mean's is by
   * Student's t and not below 0; a quantile's lies between two of the rows, whatever the
   * distribution. Null for a maximum, which a sample does not bound, and for too few rows.
   */
  interval: Interval | null;
  /** With its sign. */
  mean_contribution: number;
  /** 95 %, by Student's t. */
  mean_contribution_interval: Interval | null;
};

export type AggregatedImportance = {
  measure: ImportanceMeasure;
  rows: number;
  /** The most important first; equal ones in the order of the input. */
  features: FeatureImportance[];
};

/** How much each feature contributes over all rows of a table, which has at least one. */
export function aggregateImportance(
  table: ExplanationTable,
  measure: ImportanceMeasure = "mean",
): AggregatedImportance {
  const width = table.players.length;
  const features = table.players.map((feature, player): FeatureImportance => {
    const contributions = columnOf(table.values, width, player);
    return {
      feature,
      ...measured(contributions.map(Math.abs), measure),
      mean_contribution: meanOf(contributions),
      mean_contribution_interval: meanInterval(sampleOf(contributions)),
    };
  });
  return {
    measure,
    rows: table.rows,
    features: features.toSorted((a, b) => b.importance - a.importance),
  };
}

function measured(
  magnitudes: Float64Array,
  measure: ImportanceMeasure,
): Pick<FeatureImportance, "importance" | "interval"> {
  if (measure === "mean") {
    const sample = sampleOf(magnitudes);
    const interval = meanInterval(sample);
    return {
      importance: sample.mean,
      interval: interval && [Math.max(0, interval[0]), interval[1]],
    };
  }
  const sorted = magnitudes.sort();
  if (measure === "max") return { importance: sorted.at(-1) ?? 0, interval: null };
  const q = measure === "median" ? 0.5 : 0.95;
  return { importance: quantileOf(sorted, q), interval: quantileInterval(sorted, q) };
}
