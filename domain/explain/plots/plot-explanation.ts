import type { Explained, FeatureContribution } from "../explanation.ts";

export const PLOTS = [
  "waterfall",
  "force",
  "bar",
  "heat_strip",
  "overlay",
  "text",
  "attention",
] as const;
export type Plot = (typeof PLOTS)[number];

export type PlottedExplanation = Pick<
  Explained,
  | "method"
  | "target"
  | "base_prediction"
  | "actual_prediction"
  | "players"
  | "feature_count"
  | "residual"
  | "fit"
  | "map"
  | "input"
  | "words"
  | "attention"
  | "counterfactual"
> & {
  model: string;
  model_version: number;
  feature_contributions: readonly (Omit<FeatureContribution, "rule"> & {
    rule?: string | null | undefined;
  })[];
};

export function plotExplanation(explained: PlottedExplanation, plot?: Plot): string {
  throw new Error(`to come: ${explained.model} ${plot ?? ""}`);
}
