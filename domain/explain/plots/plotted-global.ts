import type { GlobalExplained } from "../engine/summarise-explanations.ts";
import type { ImportanceMeasure } from "../summary/aggregate-importance.ts";
import { counted } from "./numerals.ts";
import { METHOD_TITLES, modelTitle, type Versioned } from "./plotted-explanation.ts";

/** What a picture needs of a global explanation as it is sent. */
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
> &
  Versioned;

export const MEASURE_TITLES: Readonly<Record<ImportanceMeasure, string>> = {
  mean: "mean |contribution|",
  median: "median |contribution|",
  max: "greatest |contribution|",
  percentile_95: "95th percentile of |contribution|",
};

export const globalHeading = (
  global: PlottedGlobal,
  title: string,
  note = "",
): { title: string; subtitle: string } => ({
  title: `${modelTitle(global)}: ${title}`,
  subtitle: `${METHOD_TITLES[global.method]} of ${counted(global.sample_count, "row")}${note}`,
});
