import type { SimulateRequest, SimulationReport } from "@linnet/sdk";
import { renderBar } from "./bar.ts";
import { formatDuration } from "./duration.ts";
import { formatCount, formatNumber, formatPercent } from "./format.ts";
import { renderTable, type TableOptions } from "./table.ts";

const BAR = 24;
const NONE = "–";

/** What came of the plan as asked, and of the same plan with a variant like the control. */
export function renderSimulation(
  plan: SimulateRequest,
  { asked, harmless }: { asked: SimulationReport; harmless: SimulationReport | null },
  options: TableOptions,
): string {
  const { paint } = options;
  const head =
    `${asked.replications} experiments with ${formatNumber(plan.requests_per_second)} requests/s: ` +
    `${formatPercent(plan.variant_rate)} against ${formatPercent(plan.control_rate)} (seed ${asked.seed})`;
  const endings = [
    ["rolled back", "rolled_back", paint.red],
    ["went through", "completed", paint.green],
    ["undecided", "undecided", paint.yellow],
  ] as const;
  const histogram = (report: SimulationReport): string =>
    endings
      .map(([label, end, style]) => {
        const bar = renderBar(report[end], { width: BAR, paint, style });
        return `${label.padEnd(13)} ${bar} ${formatPercent(report[end]).padStart(9)}`;
      })
      .join("\n");
  const { seconds, requests, canary_requests } = asked.to_rollback;
  const time = (value: number | null) => (value === null ? NONE : formatDuration(value));
  const count = (value: number | null) => (value === null ? NONE : formatCount(Math.round(value)));
  const times = renderTable(
    [
      { title: "until a rollback", value: ({ label }) => label },
      { title: "10 %", align: "right", value: ({ p10 }) => p10 },
      { title: "half", align: "right", value: ({ p50 }) => p50 },
      { title: "90 %", align: "right", value: ({ p90 }) => p90 },
    ],
    [
      row("time", seconds, time),
      row("requests", requests, count),
      row("of the canary", canary_requests, count),
    ],
    options,
  );
  const parts = [`${head}\n\n${histogram(asked)}`, times, summaryOf(asked, harmless, plan)];
  return parts.join("\n\n");
}

const row = (
  label: string,
  { p10, p50, p90 }: SimulationReport["to_rollback"]["seconds"],
  format: (value: number | null) => string,
) => ({ label, p10: format(p10), p50: format(p50), p90: format(p90) });

function summaryOf(
  asked: SimulationReport,
  harmless: SimulationReport | null,
  plan: SimulateRequest,
): string {
  const { seconds } = asked.to_rollback;
  const harmed = `On average the canary serves ${formatCount(Math.round(asked.canary.requests))} requests, of which ${formatNumber(asked.canary.harmed_requests)} go wrong that would not have with the control.`;
  const found =
    seconds.p50 === null
      ? `It is rolled back in ${formatPercent(asked.rolled_back)}, so there is no typical time.`
      : `It is rolled back in ${formatPercent(asked.rolled_back)}, in half of all experiments within ${formatDuration(seconds.p50)}.`;
  const most = formatPercent(plan.false_rollback_rate ?? 0.05);
  const false_alarms = formatPercent((harmless ?? asked).rolled_back);
  const errs = `A variant that is like the control is rolled back in ${false_alarms}; at most ${most} is the rule.`;
  return (harmless ? [found, harmed, errs] : [errs]).join("\n");
}
