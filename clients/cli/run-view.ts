import type { RunSummary, RunView } from "@linnet/sdk";
import { formatNumber, formatTime } from "./format.ts";
import { renderFields, renderTable, type TableOptions } from "./table.ts";

export const renderRuns = (runs: readonly RunSummary[], options: TableOptions): string =>
  renderTable(
    [
      { title: "run", value: ({ run_id }) => run_id },
      { title: "name", flexible: true, value: ({ name }) => name },
      { title: "status", value: ({ status }) => status },
      { title: "metrics", flexible: true, value: ({ metrics }) => metricsOf(metrics) },
      { title: "started (UTC)", value: ({ started_at }) => formatTime(started_at) },
    ],
    runs,
    options,
  );

export const renderRun = (run: RunView, options: TableOptions): string =>
  renderFields(
    [
      ["run", run.run_id],
      ["name", run.name],
      ["status", run.status],
      ["used", run.inputs.map(({ label }) => label).join(", ")],
      ["made", run.outputs.map(({ label }) => label).join(", ")],
      ["parameters", parametersOf(run.parameters)],
      ["metrics", metricsOf(run.metrics)],
      ["code", run.code_hash],
      ["job", run.job && `${run.job.namespace}/${run.job.name}`],
      ["started", run.started_at && formatTime(run.started_at)],
      ["ended", run.ended_at && formatTime(run.ended_at)],
      ["created", `${formatTime(run.created_at)} by ${run.created_by}`],
    ],
    options,
  );

const metricsOf = (metrics: RunSummary["metrics"]): string =>
  Object.entries(metrics)
    .map(([name, value]) => `${name} ${formatNumber(value)}`)
    .join(", ");

const parametersOf = (parameters: RunView["parameters"]): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
