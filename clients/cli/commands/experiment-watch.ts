import { setTimeout as sleep } from "node:timers/promises";
import { experiments } from "@linnet/sdk";
import { argument, type Context, decimal, type Register } from "../command.ts";
import { UsageError } from "../exit-codes.ts";
import { hasEnded, renderExperiment, renderMetrics } from "../experiment-view.ts";
import { createLiveView } from "../live.ts";

/** An experiment is watched for longer than a platform is restarted. */
const RETRIES = 5;

export const registerExperimentWatch: Register = (group, wire) => {
  wire(
    group
      .command("watch <id>")
      .description("show the metrics as they change, until the experiment ends")
      .option("--interval <seconds>", "time between two looks; each is one request", decimal, 1)
      .addHelpText(
        "after",
        "\nWith --json every look is one line of JSON. Ctrl-C leaves with exit code 130.",
      ),
    async (context, command) => {
      const { interval } = command.opts<{ interval: number }>();
      if (interval < 0.1) throw new UsageError("--interval is at least 0.1 seconds");
      await watch(context, argument(command, 0), interval * 1_000);
    },
  );
};

async function watch(context: Context, id: string, intervalMs: number): Promise<void> {
  const { stdout, signal } = context.world;
  const options = { signal, retries: RETRIES };
  const client = await context.client();
  const { name } = await experiments.get(client, id, options);
  const view = createLiveView(stdout);
  try {
    for (;;) {
      const report = await experiments.metrics(client, id, options);
      if (context.json) stdout.write(`${JSON.stringify(report)}\n`);
      else {
        const width = stdout.isTTY === true ? stdout.columns : undefined;
        view.draw(renderMetrics(report, { paint: context.paint, width, title: name }));
      }
      if (hasEnded(report.status)) break;
      await sleep(intervalMs, undefined, { signal });
    }
  } finally {
    view.end();
  }
  if (context.json) return;
  const ended = await experiments.get(client, id, options);
  stdout.write(`\n${renderExperiment(ended, context)}\n`);
}
