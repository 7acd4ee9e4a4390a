import type { DriftExplanationView } from "@linnet/sdk";
import { moreThan, TOP } from "./explanation-view.ts";
import { alignedTo, formatCount, formatMs, formatNumber, formatSigned } from "./format.ts";
import { renderFields, renderTable, type TableOptions } from "./table.ts";

type Feature = DriftExplanationView["features"][number];

const REASONS: Record<DriftExplanationView["reasons"][number], string> = {
  feature_changed: "a feature matters more or less than it did",
  shares_changed: "what matters is shared out differently",
  order_changed: "the features rank differently",
};
/** Below it a feature's own change stands out. */
const TOLD = 0.05;

/** What a model goes by now, beside what it went by. */
export function renderDrift(view: DriftExplanationView, options: TableOptions, top = TOP): string {
  const { paint } = options;
  const time = `${formatMs(view.computation_time_ms)} ms`;
  const fields = renderFields(
    [
      ["explanation", view.explanation_id],
      ["of", `${view.model}@${view.model_version}, by ${view.method}`],
      [
        "rows",
        `${formatCount(view.live_rows)} live, ${formatCount(view.baseline_rows)} of the baseline`,
      ],
      ["drifted", view.drifted ? view.reasons.map((one) => REASONS[one]).join("; ") : "no"],
      ["order", `NDCG ${formatNumber(view.ndcg)}, p ${formatNumber(view.ndcg_p_value)}`],
      [
        "shares",
        `${formatNumber(view.total_variation)} of 1 apart, p ${formatNumber(view.total_variation_p_value)}`,
      ],
      ["time", view.cached ? `cached; it took ${time}` : time],
    ],
    options,
  );
  const ranked = view.features.toSorted((a, b) => Math.abs(b.difference) - Math.abs(a.difference));
  const format = alignedTo(
    Math.max(...ranked.map(({ baseline, live }) => Math.max(baseline, live))),
  );
  const table = renderTable<Feature>(
    [
      { title: "feature", flexible: true, value: ({ feature }) => feature },
      { title: "baseline", align: "right", value: ({ baseline }) => format(baseline) },
      { title: "live", align: "right", value: ({ live }) => format(live) },
      {
        title: "change",
        align: "right",
        value: ({ difference }) => formatSigned(difference, format),
      },
      {
        title: "95 %",
        value: ({ interval }) => interval?.map(format).join(" to ") ?? "",
      },
      {
        title: "p",
        align: "right",
        value: ({ adjusted_p_value }) => formatNumber(adjusted_p_value),
        style: (cell, { adjusted_p_value: p }) =>
          p !== null && p <= TOLD ? paint.yellow(cell) : cell,
      },
    ],
    ranked.slice(0, top),
    options,
  );
  return `${fields}\n\n${table}${moreThan(top, ranked.length, options)}`;
}
