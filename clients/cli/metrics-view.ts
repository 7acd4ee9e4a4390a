import type { MetricsReport, VariantMetrics } from "@linnet/sdk";
import { paintStatus } from "./experiment-status.ts";
import { formatCount, formatMs, formatPercent } from "./format.ts";
import type { Paint } from "./paint.ts";
import { type Column, renderTable, type TableOptions } from "./table.ts";
import { plain } from "./text-width.ts";

const metricColumns = (paint: Paint): Column<VariantMetrics>[] => [
  { title: "variant", flexible: true, value: ({ name }) => name },
  { title: "role", value: ({ is_control }) => (is_control ? "control" : "") },
  {
    title: "requests",
    align: "right",
    value: ({ request_count }) => formatCount(request_count),
  },
  { title: "success", align: "right", value: ({ success_rate }) => formatPercent(success_rate) },
  {
    title: "errors",
    align: "right",
    value: ({ error_rate }) => formatPercent(error_rate),
    style: (cell, { error_rate }) =>
      error_rate === null || error_rate === 0 ? cell : paint.red(cell),
  },
  { title: "p50 ms", align: "right", value: ({ latency_p50_ms }) => formatMs(latency_p50_ms) },
  { title: "p95 ms", align: "right", value: ({ latency_p95_ms }) => formatMs(latency_p95_ms) },
  { title: "p99 ms", align: "right", value: ({ latency_p99_ms }) => formatMs(latency_p99_ms) },
];

/** The numbers of every variant, under the experiment's status. */
export function renderMetrics(
  report: MetricsReport,
  { title, ...options }: TableOptions & { title: string },
): string {
  const { paint } = options;
  const status = paintStatus(report.status, paint);
  const head = `${paint.bold(plain(title))}  ${status}  epoch ${report.epoch}`;
  return `${head}\n\n${renderTable(metricColumns(paint), report.variants, options)}`;
}
