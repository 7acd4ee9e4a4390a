import type { GlobalExplained } from "../engine/summarise-explanations.ts";

export const GLOBAL_PLOTS = ["beeswarm", "bar", "dependence", "segments", "interactions"] as const;
export type GlobalPlot = (typeof GLOBAL_PLOTS)[number];

export type PlottedGlobal = Pick<
  GlobalExplained,
  | "method"
  | "aggregation_method"
  | "sample_count"
  | "importances"
  | "interactions"
  | "segments"
  | "dependence"
  | "points"
> & { model: string; model_version: number };

export function plotGlobal(global: PlottedGlobal, plot?: GlobalPlot, feature?: string): string {
  throw new Error(`to come: ${global.model} ${plot ?? ""} ${feature ?? ""}`);
}
