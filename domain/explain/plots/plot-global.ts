import { ExplainFault } from "../explain-fault.ts";
import { beeswarm } from "./beeswarm.ts";
import { dependence } from "./dependence.ts";
import { figure } from "./figure.ts";
import { alike, numeral, signedAlike } from "./numerals.ts";
import { cannotPlot } from "./plotted-explanation.ts";
import { globalHeading, MEASURE_TITLES, type PlottedGlobal } from "./plotted-global.ts";
import { segments } from "./segments.ts";
import { drawSpans } from "./spans.ts";
import { toneOf } from "./style.ts";

export type { PlottedGlobal } from "./plotted-global.ts";

const PICTURES = {
  beeswarm,
  bar: importance,
  dependence,
  segments,
  interactions,
} as const satisfies Record<string, (global: PlottedGlobal, feature?: string) => string>;
export type GlobalPlot = keyof typeof PICTURES;
export const GLOBAL_PLOTS = Object.keys(PICTURES) as [GlobalPlot, ...GlobalPlot[]];

const MOST_BARS = 20;

/**
 * A picture of a global explanation as an SVG, the beeswarm where nothing is said; `feature` is that
 * of a dependence. Throws `ExplainFault`: option_invalid for a picture that there is none of,
 * feature_unknown for a feature whose dependence is not told.
 */
export function plotGlobal(
  global: PlottedGlobal,
  plot: GlobalPlot = "beeswarm",
  feature?: string,
): string {
  if (!Object.hasOwn(PICTURES, plot))
    throw cannotPlot(`'${plot}'`, `of many rows there are ${GLOBAL_PLOTS.join(", ")}`);
  if (feature !== undefined && plot !== "dependence")
    throw new ExplainFault(
      "option_invalid",
      `'feature' is for the picture of a dependence, and this is to be ${plot}`,
      "feature",
    );
  return PICTURES[plot](global, feature);
}

function importance(global: PlottedGlobal): string {
  const shown = global.importances.slice(0, MOST_BARS);
  const print = alike(shown.map((one) => one.importance));
  const measure = MEASURE_TITLES[global.aggregation_method];
  const hasIntervals = shown.some(({ interval }) => interval !== null);
  const left = global.importances.length - shown.length;
  return figure({
    ...globalHeading(
      global,
      "what it goes by",
      `${hasIntervals ? "; whiskers are 95 % intervals" : ""}${left === 0 ? "" : `; the ${shown.length} most important of ${global.importances.length} features`}`,
    ),
    description: `The most important features by the ${measure}: ${shown.map((one) => `${one.feature} ${numeral(one.importance, 3)}`).join(", ")}.`,
    body: drawSpans(
      shown.map(({ feature, importance: much, interval }) => ({
        name: feature,
        from: 0,
        to: much,
        interval,
        text: print(much),
        tone: "amount",
        tooltip: `${feature}: ${numeral(much, 6)}`,
      })),
      { axis_title: measure, include: [0] },
    ),
  });
}

const STRENGTHS = {
  interaction_values: "mean |interaction value|",
  correlated_contributions: "correlation of the contributions",
} as const;

function interactions(global: PlottedGlobal): string {
  const { measure, pairs } = global.interactions;
  if (pairs.length === 0) throw cannotPlot("interactions", "it has no pairs of features");
  const isSigned = measure === "correlated_contributions";
  const strengths = pairs.map(({ strength }) => strength);
  const print = isSigned ? signedAlike(strengths) : alike(strengths);
  const hasIntervals = pairs.some(({ interval }) => interval !== null);
  return figure({
    ...globalHeading(
      global,
      isSigned ? "features that contribute together" : "features that act on each other",
      hasIntervals ? "; whiskers are 95 % intervals" : "",
    ),
    description: `The strongest pairs by ${STRENGTHS[measure]}: ${pairs.map(({ features, strength }) => `${features.join(" and ")} ${numeral(strength, 3)}`).join(", ")}.`,
    legend: isSigned
      ? [
          { tone: "raises", text: "rise together" },
          { tone: "lowers", text: "one rises where the other falls" },
        ]
      : [],
    body: drawSpans(
      pairs.map(({ features, strength, interval }) => ({
        name: features.join(" × "),
        from: 0,
        to: strength,
        interval,
        text: print(strength),
        tone: isSigned ? toneOf(strength) : "amount",
        tooltip: `${features.join(" and ")}: ${numeral(strength, 6)}`,
      })),
      { axis_title: STRENGTHS[measure], include: [0] },
    ),
  });
}
