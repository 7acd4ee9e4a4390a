import { type AnalysisReport, experiments } from "@linnet/sdk";
import { argument, type Context, integer, type Register } from "../command.ts";
import { renderMetrics } from "../experiment-view.ts";
import { formatNumber, formatTime } from "../format.ts";
import { renderTable } from "../table.ts";

/** Metrics, analysis and events: what an experiment has found. */
export const registerExperimentReports: Register = (group, wire) => {
  wire(
    group.command("metrics <id>").description("the counts, rates and latencies of every variant"),
    async (context, command) => {
      const id = argument(command, 0);
      const { signal } = context.world;
      const report = await experiments.metrics(await context.client(), id, { signal });
      context.show(report, () => renderMetrics(report, { ...context, title: id }));
    },
  );

  wire(
    group
      .command("analysis <id>")
      .description("whether a variant differs from the control")
      .option("--metric <name>", "another metric than the primary one"),
    async (context, command) => {
      const query = command.opts<{ metric?: string }>();
      const { signal } = context.world;
      const client = await context.client();
      const report = await experiments.analysis(client, argument(command, 0), query, { signal });
      context.show(report, () => renderAnalysis(report, context));
    },
  );

  wire(
    group
      .command("events <id>")
      .description("what has happened to an experiment, oldest first")
      .option("--limit <number>", "events to show, 1 to 100", integer(1, 100), 50)
      .option("--after <sequence>", "go on after this event", integer(0)),
    async (context, command) => {
      const { limit, after } = command.opts<{ limit: number; after?: number }>();
      const { signal } = context.world;
      const client = await context.client();
      const query = { limit, cursor: after };
      const page = await experiments.events(client, argument(command, 0), query, { signal });
      context.show(page, () =>
        renderTable(
          [
            { title: "#", align: "right", value: ({ sequence }) => String(sequence) },
            { title: "at (UTC)", value: ({ at }) => formatTime(at) },
            { title: "event", value: ({ type }) => type },
            { title: "epoch", align: "right", value: ({ epoch }) => String(epoch) },
            { title: "by", value: ({ by }) => by },
            { title: "data", flexible: true, value: ({ data }) => dataOf(data) },
          ],
          page.items,
          context,
        ),
      );
      if (page.next_cursor !== null)
        context.note(`there are more: add --after ${page.next_cursor}`);
    },
  );
};

const dataOf = (data: Record<string, unknown>): string =>
  Object.entries(data)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");

const range = (interval: [number, number] | null): string =>
  interval === null ? "–" : interval.map(formatNumber).join(" to ");

function renderAnalysis(report: AnalysisReport, context: Context): string {
  const { results, guardrails, metric, confidence_level, minimum_sample_size } = report;
  const { paint } = context;
  const head = `${metric}, confidence ${confidence_level}, from ${minimum_sample_size} requests on`;
  const tests = renderTable(
    [
      { title: "variant", value: ({ variant_id }) => variant_id },
      { title: "value", align: "right", value: ({ variant_value }) => formatNumber(variant_value) },
      {
        title: "control",
        align: "right",
        value: ({ control_value }) => formatNumber(control_value),
      },
      { title: "p", align: "right", value: ({ p_value }) => formatNumber(p_value) },
      { title: "interval", value: ({ confidence_interval }) => range(confidence_interval) },
      {
        title: "sample",
        value: ({ sample_size_adequate }) => (sample_size_adequate ? "enough" : "too small"),
      },
      { title: "advice", value: ({ recommended_action }) => recommended_action },
      { title: "reason", flexible: true, value: ({ reason }) => reason ?? "" },
    ],
    results,
    context,
  );
  if (guardrails.length === 0) return `${head}\n\n${tests}`;
  const rails = renderTable(
    [
      { title: "guardrail", value: (one) => one.metric },
      { title: "variant", value: ({ variant_id }) => variant_id },
      { title: "value", align: "right", value: ({ variant_value }) => formatNumber(variant_value) },
      {
        title: "control",
        align: "right",
        value: ({ control_value }) => formatNumber(control_value),
      },
      { title: "worse by", align: "right", value: ({ degradation }) => formatNumber(degradation) },
      { title: "limit", align: "right", value: ({ threshold }) => formatNumber(threshold) },
      {
        title: "",
        value: ({ passed }) => (passed ? "passed" : "broken"),
        style: (cell, { passed }) => (passed ? paint.green(cell) : paint.red(cell)),
      },
      { title: "reason", flexible: true, value: ({ reason }) => reason ?? "" },
    ],
    guardrails,
    context,
  );
  return `${head}\n\n${tests}\n\n${rails}`;
}
