import { experiments } from "@linnet/sdk";
import { type Command, Option } from "commander";
import { collect, decimal, integer, type Register } from "../command.ts";
import { duration } from "../duration.ts";
import { UsageError } from "../exit-codes.ts";
import { isWeightless, type SpecOptions, specOf } from "../experiment-spec.ts";
import { variantsOf } from "../experiment-variants.ts";
import { renderExperiment } from "../experiment-view.ts";
import { readJsonOption, readObject } from "../json-input.ts";
import { resolveVersion } from "../model-ref.ts";

type CreateOptions = SpecOptions & {
  file?: string;
  targeting?: string;
  import?: string;
  idempotencyKey?: string;
  start?: boolean;
};

const EXAMPLES = `
A version is model@version or model@alias; without either it is what a prediction
would use now. The control has the weight that the challengers leave. Steps of a ramp
and a bandit say the weights themselves. Shares are decimals from 0 to 1, times are
such as 90s, 10m, 6h, 7d, and JSON may be @file.

Examples:
  $ linnet experiments create --name "new forest" --control wdbc@champion --challenger wdbc@2=0.1
  $ linnet experiments create --name "slowly" --control wdbc@1 --challenger wdbc@2 \\
      --step 0.01:10m:100 --step 0.1:1h:1000 --step 0.5:approval --on-degradation rollback
  $ linnet experiments create --name "best of three" --control wdbc@1 --challenger wdbc@2 \\
      --challenger wdbc@3 --bandit conversion_rate
  $ linnet experiments create --name "in France" --control wdbc@1 --challenger wdbc@2=0.1 \\
      --targeting '{"attribute":"country","in":["FR"]}' --max-errors 20
  $ linnet experiments create --file experiment.json --start`;

const choice = (flags: string, text: string, values: readonly string[]): Option =>
  new Option(flags, text).choices(values);

const addTraffic = (command: Command): Command =>
  command
    .option("--control <model@version>", "what the others are compared with")
    .option("--challenger <model@version[=weight]>", "may be given several times", collect)
    .option("--baseline [weight]", "a second arm of the control's version")
    .option("--step <weight[:hold[:outcomes]][:approval]>", "a step of a ramp; several", collect)
    .addOption(
      choice("--on-degradation <action>", "what a ramp does when a guardrail is worse", [
        "hold",
        "reverse",
        "rollback",
      ]),
    )
    .option("--bandit [metric]", "let the weights follow a metric; the primary one by default")
    .addOption(choice("--objective <goal>", "of a bandit", ["maximize", "minimize"]))
    .addOption(choice("--algorithm <name>", "of a bandit", ["thompson", "top_two"]))
    .option("--minimum-share <weight>", "that a bandit leaves every arm")
    .option("--import <json>", "take over a split that runs in another system")
    .option("--targeting <json>", "whom it is for: a condition on a request's attributes")
    .option("--layer <name=share>", "a share of a layer, disjoint from other experiments")
    .option("--holdout <layer>", "leave the held-out units of a layer alone");

const addLimits = (command: Command): Command =>
  command
    .addOption(
      choice("--rule <rule>", "what a rollback takes", ["always_valid", "threshold", "both"]),
    )
    .option("--false-rollback-rate <share>", "of harmless experiments, at most", decimal)
    .option("--min-requests <number>", "requests before the rule threshold judges", integer(1))
    .option("--error-rate <share>", "the largest error rate, such as 0.05", decimal)
    .option("--error-growth <share>", "the largest growth of the error rate, such as 0.1", decimal)
    .option("--latency <share>", "the largest growth of p95 latency, such as 0.2", decimal)
    .option("--guardrail <metric>", "may be given several times", collect)
    .option("--margin <metric=share>", "how much worse a guardrail may be; several", collect)
    .addOption(choice("--compare-with <arm>", "of a canary", ["control", "baseline"]))
    .option("--approval", "propose a rollback and wait for `experiments proposal`")
    .option("--cool-down <time>", "nothing by itself after a dismissal or a hold", duration)
    .option("--no-data <time=action>", "hold, pause or rollback without outcomes, as 1h=rollback")
    .option("--max-requests <number>", "of all canaries together, worldwide", integer(1))
    .option("--max-errors <number>", "of all canaries together, worldwide", integer(1));

export const registerExperimentCreation: Register = (group, wire) => {
  const command = group
    .command("create")
    .description("define an experiment; it begins as a draft")
    .option("--name <name>", "shown to people")
    .option("--file <spec.json>", "the body of the API; '-' is standard input; flags win")
    .option("--description <text>")
    .option("--flag-key <key>", "of its flag for OpenFeature clients");
  addLimits(addTraffic(command))
    .option("--metric <name>", "the primary metric")
    .option("--min-sample <number>", "requests a variant for a conclusion", integer(1))
    .option("--confidence <level>", "such as 0.95", decimal)
    .addOption(choice("--consistency <kind>", "leased by default", ["strict", "leased"]))
    .option("--lease <ms>", "how long an isolate may decide by itself", integer(100, 60_000))
    .option("--alias <alias>", "the alias that a winner gets")
    .option("--idempotency-key <key>", "the same key again answers with the same experiment")
    .option("--start", "start it at once")
    .addHelpText("after", EXAMPLES);
  wire(command, async (context, command) => {
    const {
      file,
      targeting,
      import: split,
      idempotencyKey,
      start,
      ...options
    } = command.opts<CreateOptions>();
    const { world } = context;
    const { signal } = world;
    const read = file === undefined ? {} : await readObject(world, file);
    if (read["variants"] !== undefined && (options.control ?? options.challenger) !== undefined)
      throw new UsageError("the variants come from --file or from flags, not from both");
    const json = async (option: string, text: string | undefined) =>
      text === undefined ? undefined : readJsonOption(world, option, text);
    const parts = {
      targeting: await json("--targeting", targeting),
      split: await json("--import", split),
    };
    const weightless = split !== undefined || isWeightless(read, options);
    const client = await context.client();
    const variants = await variantsOf(
      options,
      (ref) => resolveVersion(client, ref, signal),
      weightless,
    );
    const spec = specOf(read, options, { variants, ...parts });
    const made = await experiments.create(client, spec, { idempotencyKey, signal });
    // A repeated creation may answer with an experiment that has begun.
    const shown =
      start === true && made.status === "draft"
        ? await experiments.start(client, made.id, { signal })
        : made;
    context.show(shown, () => renderExperiment(shown, context));
    if (shown.status === "draft")
      context.note(`\nStart it with: linnet experiments start ${shown.id}`);
  });
};
