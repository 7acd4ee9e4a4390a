import type { ExperimentView, MetricsReport, VariantMetrics } from "@linnet/sdk";
import { formatCount, formatMs, formatNumber, formatPercent, formatTime } from "./format.ts";
import type { Paint } from "./paint.ts";
import { type Column, renderFields, renderTable, type TableOptions } from "./table.ts";
import { plain } from "./text-width.ts";

export type Status = ExperimentView["status"];

export const hasEnded = (status: Status): boolean =>
  status === "concluded" || status === "rolled_back";

export const paintStatus = (status: Status, paint: Paint): string => {
  const styles = {
    draft: paint.dim,
    running: paint.green,
    paused: paint.yellow,
    concluded: paint.cyan,
    rolled_back: paint.red,
  };
  return styles[status](status);
};

/** An experiment as it is defined and what has become of it. */
export function renderExperiment(experiment: ExperimentView, options: TableOptions): string {
  const { rollback, promotion } = experiment;
  const winner = experiment.variants.find(
    ({ variant_id }) => variant_id === experiment.winning_variant_id,
  );
  const status = paintStatus(experiment.status, options.paint);
  const title = options.paint.bold(plain(experiment.name));
  const fields = renderFields(
    [
      ["id", experiment.id],
      ["description", experiment.description],
      ["consistency", experiment.consistency],
      ["metric", experiment.primary_metric],
      [
        "rolls back",
        `above ${formatNumber(rollback.error_rate_threshold * 100)} % errors or ` +
          `${formatNumber(rollback.latency_degradation_threshold * 100)} % slower, ` +
          `from ${formatCount(rollback.min_requests)} requests on`,
      ],
      ["created", formatTime(experiment.created_at)],
      ["started", experiment.start_time && formatTime(experiment.start_time)],
      ["ended", experiment.end_time && formatTime(experiment.end_time)],
      ["winner", winner && `${winner.name} (${winner.variant_id})`],
      ["reason", experiment.reason],
      ["promoted", promotion && `${promotion.model}@${promotion.alias} is ${promotion.version}`],
    ],
    options,
  );
  const variants = renderTable(
    [
      { title: "variant", flexible: true, value: ({ name }) => name },
      { title: "model", value: ({ model, version }) => `${model}@${version}` },
      { title: "weight", align: "right", value: ({ traffic_weight }) => traffic_weight },
      { title: "role", value: ({ is_control }) => (is_control ? "control" : "") },
      { title: "id", value: ({ variant_id }) => variant_id },
    ],
    experiment.variants,
    options,
  );
  return `${title}  ${status}  epoch ${experiment.epoch}\n${fields}\n\n${variants}`;
}

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
