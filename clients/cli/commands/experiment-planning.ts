import { type CreateExperiment, experiments, type SampleSizeReport } from "@linnet/sdk";
import { Option } from "commander";
import { collect, decimal, integer, type Register } from "../command.ts";
import { formatDuration } from "../duration.ts";
import { formatCount, formatNumber } from "../format.ts";
import { readObject } from "../json-input.ts";
import { type PlanOptions, planOf } from "../simulation-plan.ts";
import { renderSimulation } from "../simulation-view.ts";

/** A long plan takes the platform a while. */
const TIMEOUT_MS = 120_000;

const EXAMPLES = `
It is played twice: as asked, and with a variant like the control, to see how often the rule errs.

Examples:
  $ linnet experiments simulate --control-rate 0.02 --variant-rate 0.04 --rps 20
  $ linnet experiments simulate --control-rate 0.02 --variant-rate 0.04 --rps 20 \\
      --step 0.01:10m --step 0.1:1h --step 0.5
  $ linnet experiments simulate --file experiment.json --control-rate 0.02 --variant-rate 0.04 --rps 20`;

/** What to expect of an experiment before there is one. */
export const registerExperimentPlanning: Register = (group, wire) => {
  wire(
    group
      .command("simulate")
      .description("play a planned experiment against synthetic traffic")
      .option("--control-rate <share>", "of the control's requests with an error", decimal)
      .option("--variant-rate <share>", "of the canary's", decimal)
      .option("--rps <number>", "requests a second, of both together", decimal)
      .option("--file <spec.json>", "an experiment's definition, for its steps and its limits")
      .option("--step <weight[:hold[:outcomes]]>", "the canary's share; several", collect)
      .addOption(
        new Option("--harm <direction>", "of the rate").choices(["higher", "lower"] as const),
      )
      .option("--false-rollback-rate <share>", "of harmless experiments, at most", decimal)
      .option("--margin <share>", "the tolerated growth of the rate", decimal)
      .option("--replications <number>", "experiments to play", integer(1, 1_000))
      .option("--horizon <requests>", "where each of them ends", integer(100, 10_000_000))
      .option("--seed <text>", "the same seed gives the same answer")
      .addHelpText("after", EXAMPLES),
    async (context, command) => {
      const { file, ...options } = command.opts<PlanOptions & { file?: string }>();
      const { world } = context;
      const spec: Partial<CreateExperiment> =
        file === undefined ? {} : await readObject(world, file);
      const plan = planOf(options, spec);
      const call = { signal: world.signal, timeoutMs: TIMEOUT_MS };
      const client = await context.client();
      const asked = await experiments.simulate(client, plan, call);
      const { control_rate, variant_rate } = plan;
      const harmless =
        control_rate === variant_rate
          ? null
          : await experiments.simulate(client, { ...plan, variant_rate: control_rate }, call);
      const both = { asked, harmless };
      context.show({ plan, ...both }, () => renderSimulation(plan, both, context));
    },
  );

  wire(
    group
      .command("sample-size")
      .description("how many observations each variant needs for one look at the end")
      .requiredOption("--baseline <share>", "the rate now, such as 0.05", decimal)
      .requiredOption("--effect <share>", "the smallest change to find, of the rate", decimal)
      .option("--confidence <level>", "0.95 by default", decimal)
      .option("--power <share>", "0.8 by default", decimal)
      .option("--rps <number>", "requests a second, to say how long it takes", decimal)
      .option("--weight <share>", "the smaller variant's share of them, 0.5 by default", decimal)
      .addHelpText(
        "after",
        "\nExample: to find 5 % becoming 5.5 %\n" +
          "  $ linnet experiments sample-size --baseline 0.05 --effect 0.1 --rps 20",
      ),
    async (context, command) => {
      const { baseline, effect, confidence, power, rps, weight } = command.opts<SizeOptions>();
      const { signal } = context.world;
      const request = {
        baseline_rate: baseline,
        minimum_detectable_effect: effect,
        ...(confidence === undefined ? {} : { confidence_level: confidence }),
        ...(power === undefined ? {} : { power }),
      };
      const size = await experiments.sampleSize(await context.client(), request, { signal });
      context.show(size, () => renderSize(size, { rps, weight }));
    },
  );
};

type SizeOptions = {
  baseline: number;
  effect: number;
  confidence?: number;
  power?: number;
  rps?: number;
  weight?: number;
};

function renderSize(
  { required_sample_size }: SampleSizeReport,
  { rps, weight = 0.5 }: { rps: number | undefined; weight: number | undefined },
): string {
  const size = `${formatCount(required_sample_size)} observations of each variant`;
  const rate = (rps ?? 0) * Math.min(weight, 1 - weight);
  if (!(rate > 0)) return size;
  const time = formatDuration(required_sample_size / rate);
  return `${size}: ${time} at ${formatNumber(rate)} requests/s for the smaller one`;
}
