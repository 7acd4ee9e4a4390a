import { experiments, models, type PredictResponse } from "@linnet/sdk";
import { attributesOf } from "../attributes.ts";
import { type Context, integer, type Register } from "../command.ts";
import { UsageError } from "../exit-codes.ts";
import { formatMs } from "../format.ts";
import { readJsonOption, readNamed } from "../json-input.ts";
import { parseInputs } from "../model-inputs.ts";
import { parseModelRef } from "../model-ref.ts";
import { readStdin } from "../prompt.ts";
import type { World } from "../world.ts";

type PredictOptions = {
  input?: string;
  file?: string;
  version?: number;
  alias?: string;
  experiment?: string;
  user?: string;
  requestId?: string;
  attributes?: string;
  preview?: string;
  sticky: boolean;
  store?: boolean;
};

const EXAMPLES = `
The input is JSON: one nested array for each input of the model, by name.

Examples:
  $ linnet predict wdbc --input '{"features": [[17.99, 10.38, 122.8]]}'
  $ linnet predict wdbc@2 --file input.json --store
  $ jq '{features: .rows}' rows.json | linnet predict --experiment exp_01… --user alice`;

export const registerPredict: Register = (program, wire) => {
  wire(
    program
      .command("predict [model[@version]]")
      .description("run a model, or the variant of an experiment that a user gets")
      .option("--input <json>", "the input; standard input without this and --file")
      .option("--file <path>", "read the input from a file")
      .option("--version <number>", "a version instead of champion", integer(1))
      .option("--alias <alias>", "an alias instead of champion")
      .option("--experiment <id>", "let an experiment choose the version")
      .option("--user <id>", "the user it chooses for")
      .option("--request-id <id>", "the request, as a later outcome names it")
      .option("--no-sticky", "draw this request on its own")
      .option("--attributes <json>", "what targeting looks at, as JSON or @file")
      .option("--preview <variant>", "this variant, by id or name, without being counted")
      .option("--store", "keep each row, to be explained later")
      .addHelpText("after", EXAMPLES),
    async (context, command) => {
      const options = command.opts<PredictOptions>();
      const [model] = command.args;
      if (options.experiment === undefined) {
        if (model === undefined) throw new UsageError("name a model, or an --experiment");
        await predictWithModel(context, model, options);
      } else {
        if (model !== undefined) throw new UsageError("name a model or an --experiment, not both");
        await predictWithExperiment(context, options.experiment, options);
      }
    },
  );
};

async function predictWithModel(
  context: Context,
  text: string,
  options: PredictOptions,
): Promise<void> {
  const ref = parseModelRef(text);
  const version = options.version ?? ref.version;
  const alias = options.alias ?? ref.alias;
  if (version !== undefined && alias !== undefined)
    throw new UsageError("name a version or an alias, not both");
  for (const name of ["user", "attributes", "preview"] as const)
    if (options[name] !== undefined) throw new UsageError(`--${name} belongs to --experiment`);
  const { world } = context;
  const inputs = await readInputs(world, options);
  const call = { signal: world.signal, requestId: options.requestId };
  const client = await context.client();
  const { store } = options;
  const asked = { inputs, version, alias, ...(store === true ? { store } : {}) };
  const answer = await models.predict(client, ref.model, asked, call);
  context.show(answer, () => JSON.stringify(answer.outputs));
  context.note(`${answer.model}@${answer.version}, ${formatMs(answer.latency_ms)} ms`);
  noteKept(context, answer);
}

function noteKept(context: Context, { prediction_ids }: Pick<PredictResponse, "prediction_ids">) {
  for (const id of prediction_ids ?? []) context.note(`kept as ${id}`);
}

async function predictWithExperiment(
  context: Context,
  id: string,
  options: PredictOptions,
): Promise<void> {
  if (options.version !== undefined || options.alias !== undefined)
    throw new UsageError("the experiment chooses the version");
  const { world } = context;
  const inputs = await readInputs(world, options);
  const { user, requestId, sticky, preview } = options;
  const attributes =
    options.attributes === undefined
      ? undefined
      : attributesOf(await readJsonOption(world, "--attributes", options.attributes));
  const answer = await experiments.predict(
    await context.client(),
    id,
    {
      inputs,
      ...(user === undefined ? {} : { user_id: user }),
      ...(requestId === undefined ? {} : { request_id: requestId }),
      ...(sticky ? {} : { sticky: false }),
      ...(options.store === true ? { store: true } : {}),
      attributes,
      preview,
    },
    { signal: world.signal },
  );
  context.show(answer, () => JSON.stringify(answer.outputs));
  const { model, version, variant_id, epoch, reason, latency_ms, request_id } = answer;
  const chosen = `${model}@${version} (${variant_id}, ${reason} in epoch ${epoch})`;
  context.note(`${chosen}, ${formatMs(latency_ms)} ms, request ${request_id}`);
  noteKept(context, answer);
}

/** The inputs by name; `{"inputs": {…}}`, the body of the API, will do as well. */
async function readInputs(
  world: World,
  { input, file }: PredictOptions,
): Promise<Record<string, unknown>> {
  if (input !== undefined && file !== undefined)
    throw new UsageError("give --input or --file, not both");
  const text =
    input ?? (file === undefined ? await readPiped(world) : await readNamed(world, file));
  return parseInputs(text, "the input");
}

async function readPiped(world: World): Promise<string> {
  if (world.stdin.isTTY === true)
    throw new UsageError("give the input as --input '<json>', with --file, or on standard input");
  return readStdin(world);
}
