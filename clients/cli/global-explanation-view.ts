import type { GlobalExplanationView } from "@linnet/sdk";
import { renderBar } from "./bar.ts";
import { moreThan, TOP } from "./explanation-view.ts";
import { alignedTo, formatCount, formatMs, formatNumber, formatSigned } from "./format.ts";
import { renderFields, renderTable, type TableOptions } from "./table.ts";

type Interval = GlobalExplanationView["importances"][number]["interval"];

const BAR_WIDTH = 10;
const MOST_PAIRS = 5;
/** Features that are named for each segment. */
const SEGMENT_FEATURES = 3;

/** What a model goes by: importances, how stable they are, what acts together, and by segment. */
export function renderGlobalExplanation(
  view: GlobalExplanationView,
  options: TableOptions,
  top = TOP,
): string {
  const { cached, stability } = view;
  const time = `${formatMs(view.computation_time_ms)} ms`;
  const fields = renderFields(
    [
      ["explanation", view.explanation_id],
      ["of", `${view.model}@${view.model_version}, ${formatCount(view.sample_count)} rows`],
      ["importance", `${view.aggregation_method} of the sizes of contributions, by ${view.method}`],
      ["agreement", agreementOf(stability.agreement)],
      ["time", cached ? `cached; it took ${time}` : time],
      ["note", view.notes.join("; ")],
    ],
    options,
  );
  const parts = [fields, renderImportances(view, options, top)];
  if (view.interactions.pairs.length > 0) parts.push(renderPairs(view, options));
  const segments = view.segments.filter(({ rows }) => rows > 0);
  if (segments.length > 0) parts.push(renderSegments(segments, options));
  return parts.join("\n\n");
}

/** Kendall's W of the rankings of single rows. */
const agreementOf = (agreement: number | null): string | null =>
  agreement === null ? null : `${formatNumber(agreement)} (1: each row ranks the features alike)`;

const intervalOf = (interval: Interval, format: (value: number) => string): string =>
  interval === null ? "" : interval.map(format).join(" to ");

function renderImportances(
  { importances, stability }: GlobalExplanationView,
  options: TableOptions,
  top: number,
): string {
  const ranked = importances.toSorted((a, b) => b.importance - a.importance);
  const largest = ranked[0]?.importance ?? 0;
  const { paint } = options;
  const format = alignedTo(largest);
  const bar = (value: number) =>
    renderBar(largest > 0 ? value / largest : 0, { width: BAR_WIDTH, paint });
  const share = (feature: string) => `${Math.round((stability.shares[feature] ?? 0) * 100)} %`;
  const table = renderTable(
    [
      { title: "feature", flexible: true, value: ({ feature }) => feature },
      {
        title: "importance",
        align: "right",
        value: ({ importance }) => format(importance),
      },
      { title: "95 %", value: ({ interval }) => intervalOf(interval, format) },
      {
        title: "mean",
        align: "right",
        value: ({ mean_contribution }) => formatSigned(mean_contribution, format),
      },
      {
        title: `top ${stability.top_k}`,
        align: "right",
        value: ({ feature }) => share(feature),
      },
      {
        title: "",
        value: () => " ".repeat(BAR_WIDTH),
        style: (_, { importance }) => bar(importance),
      },
    ],
    ranked.slice(0, top),
    options,
  );
  return table + moreThan(top, ranked.length, options);
}

function renderPairs({ interactions }: GlobalExplanationView, options: TableOptions): string {
  const title = interactions.measure === "interaction_values" ? "interaction" : "correlation";
  return renderTable(
    [
      { title: "feature", flexible: true, value: ({ features }) => features[0] },
      { title: "with", flexible: true, value: ({ features }) => features[1] },
      { title, align: "right", value: ({ strength }) => formatNumber(strength) },
      { title: "95 %", value: ({ interval }) => intervalOf(interval, formatNumber) },
    ],
    interactions.pairs
      .toSorted((a, b) => Math.abs(b.strength) - Math.abs(a.strength))
      .slice(0, MOST_PAIRS),
    options,
  );
}

const rangeOf = ({ low, high }: GlobalExplanationView["segments"][number]): string => {
  // Four digits would make one of the edges that lie close to 1.
  const edge = (value: number) => String(Number(value.toPrecision(6)));
  if (low === null) return high === null ? "all" : `below ${edge(high)}`;
  return high === null ? `from ${edge(low)} on` : `${edge(low)} to ${edge(high)}`;
};

const renderSegments = (
  segments: GlobalExplanationView["segments"],
  options: TableOptions,
): string =>
  renderTable(
    [
      { title: "prediction", value: rangeOf },
      { title: "rows", align: "right", value: ({ rows }) => formatCount(rows) },
      {
        title: "most important",
        flexible: true,
        value: ({ importance }) =>
          (importance?.features ?? [])
            .toSorted((a, b) => b.importance - a.importance)
            .slice(0, SEGMENT_FEATURES)
            .map(({ feature }) => feature)
            .join(", "),
      },
    ],
    segments,
    options,
  );
