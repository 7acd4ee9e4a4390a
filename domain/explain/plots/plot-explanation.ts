import { ADDITIVE } from "../explanation.ts";
import { attention } from "./attention.ts";
import { bar } from "./bar.ts";
import { force } from "./force.ts";
import { heatStrip, isOverSignal } from "./heat-strip.ts";
import { isOverImage, overlay } from "./overlay.ts";
import { cannotPlot, type PlottedExplanation } from "./plotted-explanation.ts";
import { text } from "./text.ts";
import { waterfall } from "./waterfall.ts";

export type { PlottedExplanation } from "./plotted-explanation.ts";

const PICTURES = {
  waterfall,
  force,
  bar,
  heat_strip: heatStrip,
  overlay,
  text,
  attention,
} as const satisfies Record<string, (explained: PlottedExplanation) => string>;
export type Plot = keyof typeof PICTURES;
export const PLOTS = Object.keys(PICTURES) as [Plot, ...Plot[]];

/**
 * A picture of an explanation as an SVG; where none is asked for, the one that suits it. Throws
 * `ExplainFault` (option_invalid) for a picture that it cannot give.
 */
export function plotExplanation(
  explained: PlottedExplanation,
  plot: Plot = suiting(explained),
): string {
  if (!Object.hasOwn(PICTURES, plot))
    throw cannotPlot(`'${plot}'`, `of one prediction there are ${PLOTS.join(", ")}`);
  return PICTURES[plot](explained);
}

function suiting({
  method,
  counterfactual,
  attention,
  words,
  input,
  map,
}: PlottedExplanation): Plot {
  if (attention !== null) return "attention";
  if (words !== null) return "text";
  if (counterfactual !== null) return "bar";
  if (input !== null && map !== null) {
    const isImage = input.shape.length > 2;
    if (isImage ? isOverImage(map, input) : isOverSignal(map, input))
      return isImage ? "overlay" : "heat_strip";
  }
  return ADDITIVE.has(method) ? "waterfall" : "bar";
}
