import type { Context } from "hono";
import type { ExplanationRow } from "../../../database/explanation-row.ts";
import { plotDrift } from "../../../domain/explain/plots/plot-drift.ts";
import { type Plot, plotExplanation } from "../../../domain/explain/plots/plot-explanation.ts";
import { type GlobalPlot, plotGlobal } from "../../../domain/explain/plots/plot-global.ts";
import type { AppEnv } from "../http/app-env.ts";
import { accepts, SVG, SVG_HEADERS } from "../http/pictures.ts";
import { orExplainProblem } from "./explain-problem.ts";
import { viewDrift, viewExplanation, viewGlobal } from "./view-explanation.ts";

export type Picture = { plot?: Plot | GlobalPlot | undefined; feature?: string | undefined };

/** An explanation of either kind as JSON, or as the picture that was asked for. */
export function answerExplanation(
  c: Context<AppEnv>,
  row: ExplanationRow,
  cached: boolean,
  { plot, feature }: Picture,
) {
  const isPicture = plot !== undefined || accepts(c, SVG);
  if (row.kind === "global") {
    const view = viewGlobal(row, cached);
    if (!isPicture) return c.json(view, 200);
    return answerSvg(c, () => plotGlobal(view, plot as GlobalPlot | undefined, feature));
  }
  if (row.kind === "drift") {
    const view = viewDrift(row, cached);
    return isPicture ? answerSvg(c, () => plotDrift(view)) : c.json(view, 200);
  }
  const view = viewExplanation(row, cached);
  if (!isPicture) return c.json(view, 200);
  return answerSvg(c, () => plotExplanation(view, plot as Plot | undefined));
}

const answerSvg = (c: Context<AppEnv>, draw: () => string) =>
  c.body(orExplainProblem(draw), 200, SVG_HEADERS);
