import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { experiments } from "@linnet/sdk";
import { Option } from "commander";
import { collect, decimal, integer, type Register } from "../command.ts";
import { UsageError } from "../exit-codes.ts";
import { type SpecOptions, specOf, variantsOf } from "../experiment-spec.ts";
import { renderExperiment } from "../experiment-view.ts";
import { resolveVersion } from "../model-ref.ts";
import { readStdin } from "../prompt.ts";
import type { World } from "../world.ts";

type CreateOptions = SpecOptions & { file?: string; idempotencyKey?: string; start?: boolean };

const EXAMPLES = `
A version is model@version or model@alias; without either it is what a prediction
would use now. The control has the weight that the challengers leave.

Examples:
  $ linnet experiments create --name "new forest" --control wdbc@champion --challenger wdbc@2=0.1
  $ linnet experiments create --file experiment.json --start`;

export const registerExperimentCreation: Register = (group, wire) => {
  wire(
    group
      .command("create")
      .description("define an experiment; it begins as a draft")
      .option("--name <name>", "shown to people")
      .option("--control <model@version>", "what the others are compared with")
      .option("--challenger <model@version=weight>", "may be given several times", collect)
      .option("--file <spec.json>", "the body of the API; '-' is standard input; flags win")
      .option("--description <text>")
      .option("--min-requests <number>", "requests before a guardrail judges", integer(1))
      .option("--error-rate <share>", "the largest error rate, such as 0.05", decimal)
      .option("--latency <share>", "the largest growth of p95 latency, such as 0.2", decimal)
      .option("--metric <name>", "the primary metric")
      .option("--guardrail <metric>", "may be given several times", collect)
      .option("--min-sample <number>", "requests a variant for a conclusion", integer(1))
      .option("--confidence <level>", "such as 0.95", decimal)
      .addOption(
        new Option("--consistency <kind>", "leased by default").choices([
          "strict",
          "leased",
        ] as const),
      )
      .option("--alias <alias>", "the alias that a winner gets")
      .option("--idempotency-key <key>", "the same key again answers with the same experiment")
      .option("--start", "start it at once")
      .addHelpText("after", EXAMPLES),
    async (context, command) => {
      const { file, idempotencyKey, start, ...options } = command.opts<CreateOptions>();
      const { world } = context;
      const { signal } = world;
      const read = file === undefined ? {} : await readSpec(world, file);
      if (read["variants"] !== undefined && (options.control ?? options.challenger) !== undefined)
        throw new UsageError("the variants come from --file or from flags, not from both");
      const client = await context.client();
      const variants = await variantsOf(options, (ref) => resolveVersion(client, ref, signal));
      const spec = specOf(read, options, variants);
      const made = await experiments.create(client, spec, { idempotencyKey, signal });
      // A repeated creation may answer with an experiment that has begun.
      const shown =
        start === true && made.status === "draft"
          ? await experiments.start(client, made.id, { signal })
          : made;
      context.show(shown, () => renderExperiment(shown, context));
      if (shown.status === "draft")
        context.note(`\nStart it with: linnet experiments start ${shown.id}`);
    },
  );
};

async function readSpec(world: World, file: string): Promise<Record<string, unknown>> {
  try {
    const text =
      file === "-" ? await readStdin(world) : await readFile(resolve(world.cwd, file), "utf8");
    const spec: unknown = JSON.parse(text);
    if (typeof spec === "object" && spec !== null) return { ...spec };
  } catch (cause) {
    throw new UsageError(`cannot read ${file} as JSON`, { cause });
  }
  throw new UsageError(`${file} does not hold an object`);
}
