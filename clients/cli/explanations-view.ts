import type { AnyExplanationView, ExplanationView } from "@linnet/sdk";
import { renderDrift } from "./drift-view.ts";
import { byStrength, renderExplanation } from "./explanation-view.ts";
import { formatNumber, formatSigned } from "./format.ts";
import { renderGlobalExplanation } from "./global-explanation-view.ts";
import { renderTable, type TableOptions } from "./table.ts";

/** Features that are named for each row. */
const NAMED = 3;

/** A line for each row: what the model says, and what most of it comes from. */
export const renderExplanations = (
  items: readonly ExplanationView[],
  options: TableOptions,
): string =>
  renderTable(
    [
      { title: "row", align: "right", value: ({ row }) => String(row) },
      { title: "explanation", value: ({ view }) => view.explanation_id },
      { title: "class", value: ({ view: { target } }) => target.class_name ?? `${target.index}` },
      {
        title: "prediction",
        align: "right",
        value: ({ view }) => formatNumber(view.actual_prediction),
      },
      { title: "most of it", flexible: true, value: ({ view }) => strongest(view) },
    ],
    items.map((view, at) => ({ view, row: at + 1 })),
    options,
  );

const strongest = ({ feature_contributions }: ExplanationView): string =>
  byStrength(feature_contributions)
    .slice(0, NAMED)
    .map(({ feature_name, contribution }) => `${feature_name} ${formatSigned(contribution)}`)
    .join(", ");

/** An explanation of any kind. */
export function renderAnyExplanation(
  view: AnyExplanationView,
  options: TableOptions,
  top?: number,
): string {
  if ("importances" in view) return renderGlobalExplanation(view, options, top);
  if ("drifted" in view) return renderDrift(view, options, top);
  return renderExplanation(view, options, top);
}
