import {
  type CreateTransformation,
  type Linnet,
  LinnetError,
  type ReplayTransformations,
  type Reproducibility,
  transformations,
  type TransformationStateView,
} from "@linnet/sdk";
import { type Command, Option } from "commander";
import { argument, collect, type Context, type Register } from "../command.ts";
import { parseDataRef } from "../data-ref.ts";
import { UsageError } from "../exit-codes.ts";
import { readJsonOption } from "../json-input.ts";
import { type ListOptions, listOptions, showList } from "../lists.ts";
import {
  renderReproducibility,
  renderTransformation,
  renderTransformations,
} from "../transformation-view.ts";
import { waitingFor } from "../waiting.ts";

const TYPES = [
  "filter",
  "map",
  "join",
  "aggregate",
  "sample",
  "split",
  "feature_engineering",
  "normalization",
  "augmentation",
] as const;

type MakeOptions = { message?: string; tag?: string[]; wait: boolean };
type TransformOptions = MakeOptions & {
  source?: string[];
  params?: string;
  paramsOf?: string;
  output?: string[];
};

const makeOptions = (command: Command): Command =>
  command
    .option("--message <text>", "what is new in the version")
    .option("--tag <tag>", "give it this tag; several times", collect)
    .option("--no-wait", "begin it and do not wait for its end");

/** Transformations: versions that are made of others, and made again. */
export const registerDataTransform: Register = (group, wire) => {
  wire(
    makeOptions(
      group
        .command("transform <dataset> <type>")
        .description(`make a version of others; a type is one of ${TYPES.join(", ")}`)
        .option("--source <dataset@version>", "the head, if not told; of a join two", collect)
        .option("--params <json>", "or @file: what is to be done")
        .option("--params-of <version>", "as that version was made, with what was fitted then")
        .option(
          "--output <name=dataset>",
          "one of several, and where it goes; several times",
          collect,
        ),
    ).addHelpText(
      "after",
      '\nExample:\n  $ linnet data transform bearings filter --params \'{"where": "rpm > 1000"}\' --tag fast',
    ),
    async (context, command) => {
      const [dataset, type] = [argument(command, 0), typeOf(argument(command, 1))];
      const { source, params, paramsOf, output, message, tag, wait } =
        command.opts<TransformOptions>();
      const { world } = context;
      const order: CreateTransformation = {
        transformation_type: type,
        source_versions: (source ?? [dataset]).map(parseDataRef),
        ...(params !== undefined && {
          parameters: await readJsonOption(world, "--params", params),
        }),
        ...(paramsOf !== undefined && { parameters_of: paramsOf }),
        ...(output && { outputs: output.map(parseOutput) }),
        ...saidOf({ message, tag }),
        wait,
      };
      const client = await context.client();
      const work = transformations.create(client, dataset, order, { signal: world.signal });
      const begun = await waitingFor(context, type, work);
      const state = wait ? await whenEnded(context, client, begun) : begun;
      context.show(state, () => renderTransformation(state, context));
      assertSucceeded(state);
    },
  );

  wire(
    makeOptions(
      group
        .command("replay <dataset[@version]>")
        .description("do to other data what was done to make a version")
        .requiredOption("--source <dataset@version>", "what the version was made of")
        .requiredOption("--with <dataset@version>", "what is to stand in its place")
        .option("--refit", "fit anew what was fitted to data"),
    ),
    async (context, command) => {
      const {
        source,
        with: other,
        refit,
        message,
        tag,
        wait,
      } = command.opts<MakeOptions & { source: string; with: string; refit?: boolean }>();
      const { dataset, version } = parseDataRef(argument(command, 0));
      const order: ReplayTransformations = {
        target_version: version,
        source_version: parseDataRef(source),
        new_source_version: parseDataRef(other),
        refit: refit === true,
        ...saidOf({ message, tag }),
        wait,
      };
      const { signal } = context.world;
      const client = await context.client();
      const work = transformations.replay(client, dataset, order, { signal });
      const { transformations: begun } = await waitingFor(context, "replaying", work);
      const states: TransformationStateView[] = [];
      for (const one of begun) states.push(wait ? await whenEnded(context, client, one) : one);
      context.show({ transformations: states }, () =>
        states.map((state) => renderTransformation(state, context)).join("\n\n"),
      );
      for (const state of states) assertSucceeded(state);
    },
  );

  wire(
    group
      .command("check <dataset[@version]>")
      .description("find out whether a version can be made again, byte for byte")
      .option("--no-rederive", "only look whether anything is missing"),
    async (context, command) => {
      const { rederive } = command.opts<{ rederive: boolean }>();
      const { dataset, version } = parseDataRef(argument(command, 0));
      const { signal } = context.world;
      const client = await context.client();
      const work = transformations.validate(client, dataset, version, { rederive }, { signal });
      const found = await waitingFor(context, "making it again", work);
      const checked = await whenChecked(context, client, found);
      context.show(checked, () => renderReproducibility(checked, context));
      return checked.reproducible === false ? 1 : 0;
    },
  );

  wire(
    listOptions(
      group
        .command("transformations")
        .description("list your transformations, newest first")
        .option("--dataset <dataset>", "those made for this dataset")
        .addOption(
          new Option("--status <status>").choices([
            "queued",
            "running",
            "succeeded",
            "failed",
            "cancelled",
          ]),
        ),
    ),
    async (context, command) => {
      const { dataset, status, ...page } = command.opts<
        ListOptions & { dataset?: string; status?: TransformationStateView["status"] }
      >();
      const client = await context.client();
      const { signal } = context.world;
      const filter = { dataset, status };
      await showList(context, page, {
        list: (query) => transformations.list(client, { ...query, ...filter }, { signal }),
        all: (query) => transformations.all(client, { ...query, ...filter }, { signal }),
        none: "no transformations; `linnet data transform <dataset> <type>` makes one",
        table: (items) => renderTransformations(items, context),
      });
    },
  );
};

function typeOf(text: string): (typeof TYPES)[number] {
  const found = TYPES.find((type) => type === text);
  if (found) return found;
  throw new UsageError(`expected one of ${TYPES.join(", ")}, not '${text}'`);
}

const saidOf = ({
  message,
  tag,
}: {
  message?: string | undefined;
  tag?: string[] | undefined;
}) => ({
  ...(message !== undefined && { message }),
  ...(tag && { tags: tag }),
});

function parseOutput(text: string) {
  const [, output, dataset] = /^([^=]+)(?:=(.+))?$/.exec(text) ?? [];
  if (output === undefined) throw new UsageError(`expected <name>=<dataset>, not '${text}'`);
  return { output, ...(dataset !== undefined && { dataset }), tags: [] };
}

const whenEnded = (
  context: Context,
  client: Linnet,
  begun: TransformationStateView,
): Promise<TransformationStateView> =>
  waitingFor(
    context,
    begun.transformation_type,
    transformations.wait(client, begun, { signal: context.world.signal }),
  );

/** The verdict once every step has been carried out again. */
async function whenChecked(
  context: Context,
  client: Linnet,
  found: Reproducibility,
): Promise<Reproducibility> {
  if (found.reproducible !== null || found.checks.length === 0) return found;
  const checks: TransformationStateView[] = [];
  for (const check of found.checks) checks.push(await whenEnded(context, client, check));
  const isSame = ({ status, versions }: TransformationStateView): boolean =>
    status === "succeeded" && versions.every(({ matches }) => matches !== false);
  return { ...found, checks, reproducible: checks.every(isSame) };
}

function assertSucceeded({ status, problem, transformation_id }: TransformationStateView): void {
  if (status !== "failed" && status !== "cancelled") return;
  throw new LinnetError({
    code: problem?.code ?? "unexpected_answer",
    detail: problem?.detail ?? `${transformation_id} was ${status}`,
    status: problem?.status ?? 409,
    problem,
  });
}
