import {
  type BenchmarkRequest,
  type Linnet,
  LinnetError,
  type OptimizeRequest,
  versions,
} from "@linnet/sdk";
import { Option } from "commander";
import { renderBenchmark } from "../benchmark-view.ts";
import { argument, collect, type Context, decimal, integer, type Register } from "../command.ts";
import { renderInspection } from "../inspection-view.ts";
import { readJsonOption } from "../json-input.ts";
import { parseModelRef, resolveVersion } from "../model-ref.ts";
import { type Figures, renderFigures } from "../optimization-view.ts";
import { readData } from "../table-data.ts";
import { waitingFor } from "../waiting.ts";

const KINDS = [
  "quantize-dynamic",
  "quantize-static",
  "fp16",
  "prune",
  "graph",
  "describe",
] as const;

/** What the error itself says. */
const UNSAID: Figures["gate"] = { passed: true, reasons: [] };

type Source = { client: Linnet; model: string; version: number };
type DataOptions = { data?: string; labelColumn?: string; scale?: number; rows?: number };

type OptimizeOptions = DataOptions & {
  kind: (typeof KINDS)[number];
  options?: string;
  maxAccuracyLoss?: number;
  maxSizeRatio?: number;
  maxSlowdown?: number;
  minAgreement?: number;
  maxAttributionChange?: number;
  speed: boolean;
  description?: string;
  dryRun?: boolean;
};

type BenchmarkOptions = DataOptions & {
  batch?: string[];
  runs?: number;
  warmUp?: number;
  maxSeconds?: number;
};

const EXAMPLES = `
The data is a table (CSV, also .csv.gz) of one row of the input a line, or JSON as the API takes it:
{"inputs": {"image": [[…]]}, "labels": [0, 4, …]}. Static quantisation is calibrated with it, and the
two versions are compared on it.

Examples:
  $ linnet models optimize digits --kind fp16
  $ linnet models optimize digits@1 --kind quantize-static --data digits.csv --label-column digit --max-accuracy-loss 0.01
  $ linnet models optimize digits --kind prune --options '{"method":"structured","amount":0.5}' --data rows.json --dry-run`;

/** The commands that look into a version, measure it, or make another of it. */
export const registerModelOptimization: Register = (group, wire) => {
  wire(
    group
      .command("inspect <model[@version]>")
      .description("show what the ONNX file of a version is made of, and what it costs to run")
      .option("--batch <rows>", "rows of the run that is counted", integer(1)),
    async (context, command) => {
      const { batch } = command.opts<{ batch?: number }>();
      const { client, model, version } = await versionOf(context, argument(command, 0));
      const { signal } = context.world;
      const found = await versions.inspect(client, model, version, { batch }, { signal });
      context.show(found, () => renderInspection(found, context));
    },
  );

  wire(
    group
      .command("benchmark <model[@version]>")
      .description("measure how long a version takes to run, by batch size")
      .option("--batch <rows>", "a batch size; may be given several times", collect)
      .option("--runs <number>", "runs that are counted, for each size", integer(1))
      .option("--warm-up <number>", "runs before that are not", integer(0))
      .option("--max-seconds <number>", "begin no run after this time", decimal)
      .option("--data <file>", "rows to run on, as `optimize` takes them; else random ones")
      .option("--label-column <column>", "a column of a table that is no input")
      .option("--scale <number>", "what the numbers of a table are multiplied by", decimal),
    async (context, command) => {
      const options = command.opts<BenchmarkOptions>();
      const { batch, runs, warmUp, maxSeconds } = options;
      const source = await versionOf(context, argument(command, 0));
      const { client, model, version } = source;
      const data = await dataOf(context, source, options);
      const request: BenchmarkRequest = {
        ...(batch && { batch_sizes: batch.map(integer(1)) }),
        ...(runs !== undefined && { runs }),
        ...(warmUp !== undefined && { warm_up: warmUp }),
        ...(maxSeconds !== undefined && { max_seconds: maxSeconds }),
        ...(data && { data: { inputs: data.inputs } }),
      };
      const { signal } = context.world;
      const work = versions.benchmark(client, model, version, request, { signal });
      const found = await waitingFor(context, `running ${model}@${version}`, work);
      context.show(found, () => renderBenchmark(found, context));
    },
  );

  wire(
    group
      .command("optimize <model[@version]>")
      .description("make a smaller or faster version of a version")
      .addOption(
        new Option("--kind <kind>", "what is done").choices(KINDS).makeOptionMandatory(true),
      )
      .option("--options <json>", "options of the kind, as JSON or @file")
      .option("--data <file>", "rows to calibrate with and to compare on")
      .option("--label-column <column>", "the labels in a table, by name or number from 1")
      .option("--scale <number>", "what the numbers of a table are multiplied by", decimal)
      .option("--rows <number>", "use no more rows of a table", integer(1))
      .option("--max-accuracy-loss <share>", "refuse more; 0.01 is a point", decimal)
      .option("--max-size-ratio <ratio>", "refuse more: size after over before", decimal)
      .option("--max-slowdown <ratio>", "refuse more: time after over before", decimal)
      .option("--min-agreement <share>", "refuse fewer rows of the same class", decimal)
      .option(
        "--max-attribution-change <share>",
        "refuse more: how far contributions of features change",
        decimal,
      )
      .option("--no-speed", "do not time the two")
      .option("--description <text>", "of the new version")
      .option("--dry-run", "measure, and make no version")
      .addHelpText("after", EXAMPLES),
    async (context, command) => {
      const options = command.opts<OptimizeOptions>();
      const source = await versionOf(context, argument(command, 0));
      const { client, model, version } = source;
      const request = await requestOf(context, source, options);
      const { signal } = context.world;
      const work = versions.optimize(client, model, version, request, { signal });
      const label = `${options.kind} of ${model}@${version}`;
      const made = await waitingFor(context, label, work).catch((error: unknown) => {
        const figures = refusedFigures(error);
        if (figures) context.note(`${renderFigures({ ...figures, gate: UNSAID }, context)}\n`);
        throw error;
      });
      context.show(made, () => `${headOf(made, label)}\n\n${renderFigures(made, context)}`);
    },
  );
};

function headOf({ version, created }: versions.OptimizedVersion, label: string): string {
  if (version === null) return `A dry run of ${label}: no version was made`;
  const name = `${version.model}@${version.version}`;
  return created ? `${name}  ${version.description}` : `${name} has these bytes already`;
}

async function versionOf(context: Context, text: string): Promise<Source> {
  const ref = parseModelRef(text);
  const client = await context.client();
  return { client, ...(await resolveVersion(client, ref, context.world.signal)) };
}

/** The rows of --data, in the shape that the version takes them. */
async function dataOf(
  { world }: Context,
  { client, model, version }: Source,
  options: DataOptions,
) {
  const { data, labelColumn, scale, rows } = options;
  if (data === undefined) return undefined;
  const { inputs } = await versions.get(client, model, version, { signal: world.signal });
  return readData(world, data, inputs, { labelColumn, scale, rows });
}

async function requestOf(
  context: Context,
  source: Source,
  options: OptimizeOptions,
): Promise<OptimizeRequest> {
  const { description, dryRun, speed } = options;
  const given =
    options.options === undefined
      ? undefined
      : await readJsonOption(context.world, "--options", options.options);
  const data = await dataOf(context, source, options);
  const gate = {
    max_accuracy_loss: options.maxAccuracyLoss,
    max_size_ratio: options.maxSizeRatio,
    max_slowdown: options.maxSlowdown,
    min_agreement: options.minAgreement,
    max_attribution_change: options.maxAttributionChange,
  };
  const request = {
    kind: options.kind.replace("-", "_"),
    ...(given && { options: given }),
    ...(data && { data }),
    ...(Object.values(gate).some((limit) => limit !== undefined) && { gate }),
    ...(speed ? {} : { speed: false }),
    ...(description !== undefined && { description }),
    ...(dryRun === true && { dry_run: true }),
  };
  // The platform checks what is in --options and --data.
  return request as OptimizeRequest;
}

/** What the gate measured, where it was the gate that refused. */
function refusedFigures(error: unknown): Figures | null {
  if (!(error instanceof LinnetError) || error.code !== "release_gate_failed") return null;
  return { ...error.problem } as unknown as Figures;
}
