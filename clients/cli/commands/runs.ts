import { type CreateRun, runs, type RunView } from "@linnet/sdk";
import { type Command, Option } from "commander";
import { argument, collect, type Register } from "../command.ts";
import { parseDataRef } from "../data-ref.ts";
import { UsageError } from "../exit-codes.ts";
import { type ListOptions, listOptions, showList } from "../lists.ts";
import { parseModelRef } from "../model-ref.ts";
import { confirm } from "../prompt.ts";
import { renderRun, renderRuns } from "../run-view.ts";

const STATUSES = ["created", "running", "succeeded", "failed", "aborted"] as const;

type Said = { param?: string[]; metric?: string[]; madeData?: string[]; madeModel?: string[] };
type Output = NonNullable<CreateRun["outputs"]>[number];

const said = (command: Command): Command =>
  command
    .option("--param <name=value>", "a parameter, as JSON or text; several times", collect)
    .option("--metric <name=number>", "a metric; several times", collect)
    .option("--made-data <dataset@version>", "a version that it made; several times", collect)
    .option("--made-model <model@version>", "a model that it made; several times", collect);

/** Runs: what was trained or computed, of what, and what came of it. */
export const registerRuns: Register = (group, wire) => {
  wire(
    said(
      group
        .command("start <name>")
        .description("record a run; what it uses cannot be deleted while it is there")
        .option("--used <dataset[@version]>", "a version that it uses; several times", collect)
        .option("--code <hash>", "of the code that runs, such as a commit of git")
        .option("--id <run>", "an id of your own, so that the same command may be repeated"),
    )
      .addOption(new Option("--status <status>", "running by default").choices(STATUSES))
      .addHelpText(
        "after",
        "\nExample:\n  $ run=$(linnet runs start 'third try' --used bearings@3 --param lr=0.01)\n  $ linnet runs end $run --metric accuracy=0.97 --made-model bearings@2",
      ),
    async (context, command) => {
      const { used, code, id, status, ...options } = command.opts<
        Said & { used?: string[]; code?: string; id?: string; status?: RunView["status"] }
      >();
      const order = {
        run_id: id,
        name: argument(command, 0),
        inputs: used?.map(parseDataRef),
        code_hash: code,
        status,
        ...saidOf(options),
      };
      const { signal } = context.world;
      const run = await runs.create(await context.client(), order, { signal });
      context.show(run, () => run.run_id);
    },
  );

  wire(
    said(
      group.command("end <run>").description("say how a run ended, and what came of it"),
    ).addOption(
      new Option("--status <status>", "how it ended")
        .choices(["succeeded", "failed", "aborted"] as const)
        .default("succeeded"),
    ),
    async (context, command) => {
      const { status, ...options } = command.opts<Said & { status: RunView["status"] }>();
      const { signal } = context.world;
      const change = { status, ...saidOf(options) };
      const run = await runs.change(await context.client(), argument(command, 0), change, {
        signal,
      });
      context.show(run, () => renderRun(run, context));
    },
  );

  wire(
    said(group.command("add <run>").description("add parameters, metrics or outputs to a run")),
    async (context, command) => {
      const { signal } = context.world;
      const change = saidOf(command.opts<Said>());
      const run = await runs.change(await context.client(), argument(command, 0), change, {
        signal,
      });
      context.show(run, () => renderRun(run, context));
    },
  );

  wire(
    listOptions(
      group
        .command("list")
        .description("list your runs, newest first")
        .option("--search <text>", "part of the name")
        .option("--node <id>", "that used or made this: a version's id, or mdl_…@3")
        .addOption(new Option("--status <status>").choices(STATUSES)),
    ),
    async (context, command) => {
      const { search, node, status, ...page } = command.opts<
        ListOptions & { search?: string; node?: string; status?: RunView["status"] }
      >();
      const client = await context.client();
      const { signal } = context.world;
      const filter = { search, node, status };
      await showList(context, page, {
        list: (query) => runs.list(client, { ...query, ...filter }, { signal }),
        all: (query) => runs.all(client, { ...query, ...filter }, { signal }),
        none: "no runs; `linnet runs start <name>` records one",
        table: (items) => renderRuns(items, context),
      });
    },
  );

  wire(
    group.command("show <run>").description("show a run, what it used and what it made"),
    async (context, command) => {
      const { signal } = context.world;
      const run = await runs.get(await context.client(), argument(command, 0), { signal });
      context.show(run, () => renderRun(run, context));
    },
  );

  wire(
    group
      .command("delete <run>")
      .description("delete a run that has made nothing")
      .option("--yes", "do not ask"),
    async (context, command) => {
      const id = argument(command, 0);
      const { yes } = command.opts<{ yes?: boolean }>();
      const client = await context.client();
      if (!(await confirm(context.world, `Delete ${id}?`, yes === true))) return;
      await runs.remove(client, id, { signal: context.world.signal });
      context.show({ deleted: id }, () => `Deleted ${id}`);
    },
  );
};

function saidOf({ param, metric, madeData = [], madeModel = [] }: Said) {
  const outputs: Output[] = [...madeData.map(parseDataRef), ...madeModel.map(modelOutput)];
  return {
    ...(param && { parameters: Object.fromEntries(param.map((text) => pair(text, jsonOrText))) }),
    ...(metric && { metrics: Object.fromEntries(metric.map((text) => pair(text, numberOf))) }),
    ...(outputs.length > 0 && { outputs }),
  };
}

function modelOutput(text: string): Output {
  const { model, version } = parseModelRef(text);
  if (version === undefined)
    throw new UsageError(`expected a model with its number, such as ${model}@3`);
  return { model, version };
}

function pair<T>(text: string, read: (value: string, name: string) => T): [string, T] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, read(value, name)];
  throw new UsageError(`expected <name>=<value>, not '${text}'`);
}

type Json = NonNullable<CreateRun["parameters"]>[string];

function jsonOrText(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function numberOf(text: string, name: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new UsageError(`expected a number for ${name}, not '${text}'`);
}
