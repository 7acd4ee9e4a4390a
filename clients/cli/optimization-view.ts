import type { OptimizeResult } from "@linnet/sdk";
import { formatBytes, formatRunMs, formatNumber, formatPercent } from "./format.ts";
import { type Column, renderFields, renderTable, type TableOptions } from "./table.ts";

/** The figures of an optimisation, as its answer and the refusal by its gate carry them. */
export type Figures = Omit<OptimizeResult, "version">;
type Measure = Figures["before"];
type Row = { what: string; before: string; after: string; change: string };

const COLUMNS: Column<Row>[] = [
  { title: "", value: ({ what }) => what },
  { title: "before", align: "right", value: ({ before }) => before },
  { title: "after", align: "right", value: ({ after }) => after },
  { title: "change", align: "right", value: ({ change }) => change },
];

/** The model before and after, side by side, then what else was found. */
export function renderFigures(figures: Figures, options: TableOptions): string {
  const { before, after, agreement, speed, report, gate, notes } = figures;
  const size = after.size_bytes / before.size_bytes;
  const rows = [
    row("size", formatBytes(before.size_bytes), formatBytes(after.size_bytes), times(size)),
    ...scores(before, after),
    ...(before.latency && after.latency && speed
      ? [
          row(
            `one run of ${speed.batch_size}, p50 ms`,
            formatRunMs(before.latency.p50_ms),
            formatRunMs(after.latency.p50_ms),
            `${times(speed.ratio)}${interval(speed.ratio_interval)}`,
          ),
        ]
      : []),
  ];
  const same = agreement?.same_class ?? null;
  const fields = renderFields(
    [
      ["same class", same === null ? null : `${formatPercent(same)} of ${agreement?.rows} rows`],
      ["largest difference", agreement ? formatNumber(agreement.max_difference) : null],
      ["report", brief(report)],
      ["gate", gate.passed ? null : gate.reasons.join("; ")],
      ["note", notes.join("; ")],
    ],
    options,
  );
  const table = renderTable(COLUMNS, rows, options);
  return fields === "" ? table : `${table}\n\n${fields}`;
}

const row = (what: string, before: string, after: string, change: string): Row => ({
  what,
  before,
  after,
  change,
});

const times = (ratio: number): string => `× ${ratio.toFixed(2)}`;

const interval = (bounds: [number, number] | null): string =>
  bounds === null ? "" : ` (${bounds.map((bound) => bound.toFixed(2)).join(" to ")})`;

function scores({ evaluation: a }: Measure, { evaluation: b }: Measure): Row[] {
  if (a?.task === "classification" && b?.task === "classification") {
    const points = ((b.accuracy - a.accuracy) * 100).toFixed(2);
    const change = `${b.accuracy >= a.accuracy ? "+" : ""}${points} points`;
    return [row("accuracy", formatPercent(a.accuracy), formatPercent(b.accuracy), change)];
  }
  if (a?.task !== "regression" || b?.task !== "regression") return [];
  return (["r2", "mae", "rmse"] as const).map((name) =>
    row(name, formatNumber(a[name]), formatNumber(b[name]), ""),
  );
}

/** The numbers of a report, and how long its lists are. */
const brief = (report: Figures["report"]): string =>
  Object.entries(report)
    .flatMap(([name, value]) => {
      if (Array.isArray(value)) return value.length === 0 ? [] : [`${name} ${value.length}`];
      return typeof value === "number" ? [`${name} ${formatNumber(value)}`] : [];
    })
    .join(", ")
    .replaceAll("_", " ");
