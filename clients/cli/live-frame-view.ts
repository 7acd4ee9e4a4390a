import type { LiveFrame } from "@linnet/sdk";
import { renderBar } from "./bar.ts";
import { paintStatus } from "./experiment-status.ts";
import { roleOf } from "./experiment-view.ts";
import { formatCount, formatMs, formatNumber, formatPercent, formatTime } from "./format.ts";
import type { Paint } from "./paint.ts";
import { renderFields, renderTable, type TableOptions } from "./table.ts";
import { plain } from "./text-width.ts";

export type LiveEvent = NonNullable<LiveFrame["last_event"]>;
type Arm = LiveFrame["variants"][number];
type Verdict = LiveFrame["guardrails"][number];

const BAR = 20;

/** The share of the evidence that a rollback takes. */
const progressOf = (log: number | null, threshold: number | null): number =>
  log === null || threshold === null || threshold <= 0 ? 0 : Math.max(0, log / threshold);

/** An experiment as it stands: for a terminal that is redrawn. */
export function renderFrame(
  frame: LiveFrame,
  { events, trouble, ...options }: TableOptions & { events: LiveEvent[]; trouble: string | null },
): string {
  const { paint } = options;
  const head = `${paint.bold(plain(frame.name))}  ${paintStatus(frame.status, paint)}  epoch ${frame.epoch}  ${paint.dim(`${formatTime(frame.at)} UTC`)}`;
  const fields = renderFields(
    [
      ["traffic", trafficOf(frame)],
      ["ramp", frame.ramp && frame.ramp.reason],
      ["next step", nextOf(frame)],
      ["evidence", evidenceOf(frame)],
      ["sample ratio", sampleRatioOf(frame)],
      ["trouble", trouble],
    ],
    options,
  );
  const rails = frame.guardrails.length === 0 ? [] : [renderGuardrails(frame, options)];
  const log = events.map(({ at, type, data }) =>
    `${paint.dim(formatTime(at))}  ${type}  ${plain(reasonOf(data))}`.trimEnd(),
  );
  const parts = [renderArms(frame, options), ...rails, ...(log.length > 0 ? [log.join("\n")] : [])];
  return [fields === "" ? head : `${head}\n${fields}`, ...parts].join("\n\n");
}

/** The same as one line without the time, which differs where the experiment does. */
export function summariseFrame(frame: LiveFrame): string {
  const arms = frame.variants.map(
    ({ name, traffic_weight, request_count, error_rate, latency_p95_ms }) =>
      `${plain(name)} ${traffic_weight} ${request_count} requests ${formatPercent(error_rate)} errors p95 ${formatMs(latency_p95_ms)} ms`,
  );
  const proven = progressOf(frame.log_e_value, frame.log_threshold);
  const extras = [
    frame.log_threshold === null ? [] : [`evidence ${Math.floor(proven * 100)} %`],
    frame.sample_ratio?.mismatch === true ? ["SAMPLE RATIO MISMATCH"] : [],
    frame.ramp ? [frame.ramp.reason] : [],
  ].flat();
  return [`${frame.status} epoch ${frame.epoch}`, ...arms, ...extras].join(" | ");
}

/** Where everybody goes while the weights are not in force. */
const trafficOf = ({ status }: LiveFrame): string | null =>
  ({
    draft: "none yet",
    running: null,
    paused: "everybody gets the control",
    rolled_back: "everybody gets the control",
    concluded: "everybody gets the winner, or the control without one",
  })[status];

const nextOf = ({ ramp }: LiveFrame): string | null => {
  if (!ramp || ramp.next_at === null) return null;
  return `${formatTime(new Date(ramp.next_at).toISOString())} UTC, by time alone`;
};

function evidenceOf({ log_e_value, log_threshold }: LiveFrame): string | null {
  if (log_e_value === null || log_threshold === null) return null;
  const share = Math.floor(progressOf(log_e_value, log_threshold) * 100);
  return `${share} % of what a rollback takes (log e ${formatNumber(log_e_value)} of ${formatNumber(log_threshold)})`;
}

function sampleRatioOf({ sample_ratio: ratio }: LiveFrame): string | null {
  if (!ratio) return null;
  const found = ratio.mismatch ? "MISMATCH: the traffic contradicts the weights" : "agrees";
  return `${found} (p ${formatNumber(ratio.p_value)}, by ${ratio.counted})`;
}

function renderArms({ variants }: LiveFrame, options: TableOptions): string {
  const { paint } = options;
  return renderTable<Arm>(
    [
      { title: "variant", flexible: true, value: ({ name }) => name },
      { title: "role", value: roleOf },
      barColumn("", ({ traffic_weight }) => Number(traffic_weight), paint.cyan, paint),
      { title: "weight", align: "right", value: ({ traffic_weight }) => traffic_weight },
      { title: "requests", align: "right", value: (arm) => formatCount(arm.request_count) },
      { title: "users", align: "right", value: ({ user_count }) => formatCount(user_count) },
      {
        title: "errors",
        align: "right",
        value: ({ error_count }) => formatCount(error_count),
        style: (cell, { error_count }) => (error_count === 0 ? cell : paint.red(cell)),
      },
      { title: "rate", align: "right", value: ({ error_rate }) => formatPercent(error_rate) },
      { title: "success", align: "right", value: (arm) => formatPercent(arm.success_rate) },
      { title: "p50 ms", align: "right", value: (arm) => formatMs(arm.latency_p50_ms) },
      { title: "p95 ms", align: "right", value: (arm) => formatMs(arm.latency_p95_ms) },
      { title: "p99 ms", align: "right", value: (arm) => formatMs(arm.latency_p99_ms) },
    ],
    variants,
    options,
  );
}

/** A bar of plain characters, coloured when its cell is finished. */
const barColumn = <Row>(
  title: string,
  shareOf: (row: Row) => number,
  style: (text: string) => string,
  paint: Paint,
) => ({
  title,
  value: () => "░".repeat(BAR),
  style: (_: string, row: Row) => renderBar(shareOf(row), { width: BAR, paint, style }),
});

function renderGuardrails(frame: LiveFrame, options: TableOptions): string {
  const { paint } = options;
  const names = new Map(frame.variants.map(({ variant_id, name }) => [variant_id, name]));
  const progress = ({ log_e_value }: Verdict) => progressOf(log_e_value, frame.log_threshold);
  return renderTable<Verdict>(
    [
      { title: "guardrail", value: ({ guardrail, method }) => `${guardrail} (${method})` },
      { title: "variant", flexible: true, value: (one) => names.get(one.variant_id) ?? "" },
      { title: "value", align: "right", value: ({ value }) => formatNumber(value) },
      { title: "control", align: "right", value: (one) => formatNumber(one.control_value) },
      { title: "limit", align: "right", value: ({ limit }) => formatNumber(limit) },
      barColumn("evidence", progress, paint.red, paint),
      { title: "", align: "right", value: (one) => `${Math.floor(progress(one) * 100)} %` },
      {
        title: "",
        value: ({ degraded }) => (degraded ? "worse" : ""),
        style: (cell) => paint.yellow(cell),
      },
    ],
    frame.guardrails,
    options,
  );
}

const reasonOf = (data: Record<string, unknown>): string => {
  const { reason } = data;
  return typeof reason === "string" ? reason : "";
};
