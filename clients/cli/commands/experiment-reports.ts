import { experiments } from "@linnet/sdk";
import { Option } from "commander";
import { renderAnalysis } from "../analysis-view.ts";
import { argument, decimal, integer, type Register } from "../command.ts";
import { renderMetrics } from "../metrics-view.ts";
import { formatTime } from "../format.ts";
import { renderTable } from "../table.ts";

const TESTS = ["auto", "two_proportion_z", "fisher_exact", "welch_t", "mann_whitney"] as const;
const INTERVALS = ["newcombe", "score", "agresti_caffo", "wald"] as const;

type AnalysisOptions = {
  metric?: string;
  test?: (typeof TESTS)[number];
  interval?: (typeof INTERVALS)[number];
  compareWith?: "control" | "baseline";
  confidence?: number;
};

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
      .option("--metric <name>", "another metric than the primary one")
      .addOption(new Option("--test <test>", "for one look; auto by default").choices(TESTS))
      .addOption(new Option("--interval <method>", "of a difference of rates").choices(INTERVALS))
      .addOption(new Option("--compare-with <arm>").choices(["control", "baseline"] as const))
      .option("--confidence <level>", "the experiment's by default", decimal),
    async (context, command) => {
      const { metric, test, interval, compareWith, confidence } = command.opts<AnalysisOptions>();
      const query = {
        metric,
        test,
        interval,
        compare_with: compareWith,
        confidence_level: confidence,
      };
      const id = argument(command, 0);
      const { signal } = context.world;
      const client = await context.client();
      const report = await experiments.analysis(client, id, query, { signal });
      const { variants } = context.json
        ? { variants: [] }
        : await experiments.get(client, id, { signal });
      const names = new Map(variants.map(({ variant_id, name }) => [variant_id, name]));
      context.show(report, () => renderAnalysis(report, { ...context, names }));
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
