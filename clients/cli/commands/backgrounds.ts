import { backgrounds, type BackgroundView, type PutBackground } from "@linnet/sdk";
import { Option } from "commander";
import { argument, type Context, integer, type Register } from "../command.ts";
import { UsageError } from "../exit-codes.ts";
import { rowOptions, rowsFrom, subjectOf } from "../explain-request.ts";
import { formatCount, formatTime } from "../format.ts";
import { parseModelRef, resolveVersion } from "../model-ref.ts";
import { confirm } from "../prompt.ts";
import { renderFields, renderTable } from "../table.ts";

const METHODS = { all: "all", "k-means": "k_means", stratified: "stratified" } as const;

type PutOptions = Parameters<typeof rowsFrom>[2] & {
  method?: keyof typeof METHODS;
  size?: number;
  seed?: number;
};

const HELP = `
Explanations compare a row with these. The set 'default' is taken where none is named. Of many rows
k-means keeps the centres of clusters, each with the weight of its rows; stratified keeps a sample in
proportion to the labels of --label-column.

Example:
  $ linnet backgrounds put wdbc default --data held-out.csv --label-column 31`;

/** Sets of rows that predictions of a version are compared with. */
export const registerBackgrounds: Register = (group, wire) => {
  const put = group
    .command("put <model[@version]> <name>")
    .description("keep rows to compare with, in the place of those of this name");
  rowOptions(put)
    .option("--rows <number>", "use no more rows of a table", integer(1))
    .addOption(
      new Option("--method <method>", "how they become fewer").choices(Object.keys(METHODS)),
    )
    .option("--size <number>", "rows to keep; 100 if not told", integer(1, 1_000))
    .option("--seed <number>", "another seed gives other rows", integer(0))
    .addHelpText("after", HELP);
  wire(put, async (context, command) => {
    const options = command.opts<PutOptions>();
    const { method, size, seed } = options;
    const subject = await subjectOf(context, argument(command, 0));
    const found = await rowsFrom(context, subject, options);
    if (found === null) throw new UsageError("give the rows with --data or --input");
    const { signal } = context.world;
    const { inputs, labels } = found;
    const request: PutBackground = {
      inputs,
      method: method && METHODS[method],
      size,
      seed,
      strata: method === "stratified" ? strataOf(labels) : undefined,
    };
    const { client, ref } = subject;
    const { model, version } = await resolveVersion(client, ref, signal);
    const name = argument(command, 1);
    const set = await backgrounds.put(client, model, version, name, request, { signal });
    context.show(set, () => renderBackground(set, context));
  });

  wire(
    group
      .command("list <model[@version]>")
      .description("list the background sets of a version, by name"),
    async (context, command) => {
      const { client, model, version } = await versionOf(context, argument(command, 0));
      const items = await backgrounds.list(client, model, version, {
        signal: context.world.signal,
      });
      context.show({ items }, () => (items.length === 0 ? "" : renderList(items, context)));
      if (items.length === 0)
        context.note(
          `no sets; \`linnet backgrounds put ${argument(command, 0)} default --data <file>\` keeps one`,
        );
    },
  );

  wire(
    group
      .command("get <model[@version]> <name>")
      .description("show a background set; with --json its rows, too"),
    async (context, command) => {
      const { client, model, version } = await versionOf(context, argument(command, 0));
      const { signal } = context.world;
      const set = await backgrounds.get(client, model, version, argument(command, 1), { signal });
      context.show(set, () => renderBackground(set, context));
    },
  );

  wire(
    group
      .command("delete <model[@version]> <name>")
      .description("delete a background set; explanations that were made with it stay")
      .option("--yes", "do not ask"),
    async (context, command) => {
      const { yes } = command.opts<{ yes?: boolean }>();
      const { client, model, version } = await versionOf(context, argument(command, 0));
      const name = argument(command, 1);
      const whole = `${name} of ${model}@${version}`;
      if (!(await confirm(context.world, `Delete background set ${whole}?`, yes === true))) return;
      await backgrounds.remove(client, model, version, name, { signal: context.world.signal });
      context.show({ deleted: name }, () => `Deleted ${whole}`);
    },
  );
};

/** The labels of a table are numbers or texts; those of JSON the platform checks. */
const strataOf = (labels: unknown[] | undefined) => labels as (number | string)[] | undefined;

async function versionOf(context: Context, text: string) {
  const ref = parseModelRef(text);
  const client = await context.client();
  return { client, ...(await resolveVersion(client, ref, context.world.signal)) };
}

const renderBackground = (set: BackgroundView, context: Context): string =>
  renderFields(
    [
      ["name", set.name],
      ["id", set.background_id],
      ["of", `${set.model}@${set.version}`],
      ["rows", rowsText(set)],
      ["created", `${formatTime(set.created_at)} by ${set.created_by}`],
    ],
    context,
  );

/** How many are kept, and what they were made of. */
const rowsText = ({ rows, source_rows, method }: BackgroundView): string =>
  method === "all"
    ? formatCount(rows)
    : `${formatCount(rows)} of ${formatCount(source_rows)}, by ${method.replace("_", "-")}`;

const renderList = (items: readonly BackgroundView[], context: Context): string =>
  renderTable(
    [
      { title: "name", flexible: true, value: ({ name }) => name },
      { title: "rows", align: "right", value: ({ rows }) => formatCount(rows) },
      { title: "of", align: "right", value: ({ source_rows }) => formatCount(source_rows) },
      { title: "method", value: ({ method }) => method.replace("_", "-") },
      { title: "created (UTC)", value: ({ created_at }) => formatTime(created_at) },
    ],
    items,
    context,
  );
