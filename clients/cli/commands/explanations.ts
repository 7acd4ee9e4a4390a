import { explanations, type ExplanationStatistics } from "@linnet/sdk";
import { type Command, Option } from "commander";
import { argument, type Context, decimal, integer, type Register } from "../command.ts";
import { renderAnyExplanation } from "../explanations-view.ts";
import { formatBytes, formatCount, formatMs, formatPercent, formatTime } from "../format.ts";
import { type ListOptions, listOptions, showList } from "../lists.ts";
import { type ModelRef, parseModelRef, resolveVersion } from "../model-ref.ts";
import { checkPicture, type PictureOptions, pictureOptions, showPicture } from "../picture.ts";
import { confirm } from "../prompt.ts";
import { renderFields, renderTable } from "../table.ts";
import { UsageError } from "../exit-codes.ts";

type FilterOptions = {
  model?: string;
  kind?: "local" | "global" | "drift";
  method?: string;
  prediction?: string;
};
type Filter = Omit<explanations.PruneQuery, "older_than_days">;

const filterOptions = (command: Command): Command =>
  command
    .option("--model <model[@version]>", "of this model, or of this version")
    .addOption(
      new Option("--kind <kind>", "of one row, of many, or of change").choices([
        "local",
        "global",
        "drift",
      ]),
    )
    .option("--method <method>", "by this method")
    .option("--prediction <id>", "of this kept prediction");

/** Explanations that are kept. */
export const registerExplanations: Register = (group, wire) => {
  wire(
    filterOptions(
      listOptions(group.command("list").description("list your explanations, newest first")),
    ),
    async (context, command) => {
      const { limit, cursor, all, ...typed } = command.opts<ListOptions & FilterOptions>();
      const client = await context.client();
      const { signal } = context.world;
      const filter = await filterOf(context, typed);
      await showList(
        context,
        { limit, ...(cursor && { cursor }), ...(all && { all }) },
        {
          list: (query) => explanations.list(client, { ...filter, ...query }, { signal }),
          all: (query) => explanations.all(client, { ...filter, ...query }, { signal }),
          none: "no explanations; `linnet explain <model> --data <file> --row 1` makes one",
          table: (items) =>
            renderTable(
              [
                { title: "explanation", value: ({ explanation_id }) => explanation_id },
                { title: "kind", value: ({ kind }) => kind },
                { title: "method", flexible: true, value: ({ method }) => method },
                {
                  title: "version",
                  align: "right",
                  value: ({ model_version }) => String(model_version),
                },
                {
                  title: "ms",
                  align: "right",
                  value: ({ computation_time_ms }) => formatMs(computation_time_ms),
                },
                { title: "created (UTC)", value: ({ created_at }) => formatTime(created_at) },
              ],
              items,
              context,
            ),
        },
      );
    },
  );

  wire(
    pictureOptions(
      group
        .command("get <id>")
        .description("show an explanation that is kept")
        .option("--top <number>", "features to show", integer(1, 1_000)),
    ).option("--feature <name>", "of a dependence plot: whose"),
    async (context, command) => {
      const options = command.opts<PictureOptions & { top?: number }>();
      checkPicture(options);
      const id = argument(command, 0);
      const client = await context.client();
      const view = await explanations.get(client, id, { signal: context.world.signal });
      context.show(view, () => renderAnyExplanation(view, context, options.top));
      await showPicture(context, client, id, options);
    },
  );

  wire(
    group.command("delete <id>").description("delete an explanation").option("--yes", "do not ask"),
    async (context, command) => {
      const id = argument(command, 0);
      const { yes } = command.opts<{ yes?: boolean }>();
      const client = await context.client();
      if (!(await confirm(context.world, `Delete explanation ${id}?`, yes === true))) return;
      await explanations.remove(client, id, { signal: context.world.signal });
      context.show({ deleted: id }, () => `Deleted ${id}`);
    },
  );

  wire(
    filterOptions(
      group
        .command("prune")
        .description("delete the explanations of a model, or old ones")
        .option("--older-than-days <days>", "only those made longer ago than this", decimal),
    )
      .option("--yes", "do not ask")
      .addHelpText("after", "\nExample:\n  $ linnet explanations prune --older-than-days 30"),
    async (context, command) => {
      const { olderThanDays, yes, ...typed } = command.opts<
        FilterOptions & { olderThanDays?: number; yes?: boolean }
      >();
      if (typed.model === undefined && olderThanDays === undefined)
        throw new UsageError("say what goes: --older-than-days, --model, or both");
      const client = await context.client();
      const filter = await filterOf(context, typed);
      const age = olderThanDays === undefined ? "" : ` older than ${olderThanDays} days`;
      const question = `Delete all explanations${age}${whichOf(typed)}?`;
      if (!(await confirm(context.world, question, yes === true))) return;
      const { signal } = context.world;
      const query = { ...filter, older_than_days: olderThanDays };
      const deleted = await explanations.prune(client, query, { signal });
      context.show({ deleted }, () => `Deleted ${formatCount(deleted)} explanations`);
    },
  );

  wire(
    group
      .command("stats")
      .description("show how often explanations were there already, and what is kept")
      .option("--model <model>", "of this model")
      .option("--days <number>", "the last days, today included", integer(1, 365)),
    async (context, command) => {
      const query = command.opts<{ model?: string; days?: number }>();
      const { signal } = context.world;
      const found = await explanations.statistics(await context.client(), query, { signal });
      context.show(found, () => renderStatistics(found, context));
    },
  );
};

async function filterOf(context: Context, options: FilterOptions): Promise<Filter> {
  const { model, kind, method, prediction } = options;
  const filter = {
    ...(model === undefined ? {} : await whose(context, parseModelRef(model))),
    kind,
    method,
    prediction_id: prediction,
  };
  // The platform checks the method.
  return filter as Filter;
}

/** Without a version or an alias: all versions of the model. */
const whose = async (context: Context, ref: ModelRef): Promise<Filter> =>
  ref.alias === undefined ? ref : resolveVersion(await context.client(), ref, context.world.signal);

const whichOf = ({ model, kind, method, prediction }: FilterOptions): string =>
  [
    model && ` of ${model}`,
    kind && ` of kind ${kind}`,
    method && ` by ${method}`,
    prediction && ` of ${prediction}`,
  ].join("");

function renderStatistics(found: ExplanationStatistics, context: Context): string {
  const asked = found.hits + found.misses;
  const fields = renderFields(
    [
      ["last days", String(found.days)],
      ["asked for", formatCount(asked)],
      ["cached", `${formatCount(found.hits)} (${formatPercent(found.hit_rate)})`],
      ["computing", `${formatMs(found.computation_time_ms)} ms`],
      ["kept", `${formatCount(found.kept)}, ${formatBytes(found.kept_bytes)}`],
      ["oldest", found.oldest_at && formatTime(found.oldest_at)],
      ["newest", found.newest_at && formatTime(found.newest_at)],
    ],
    context,
  );
  if (found.by_method.length === 0) return fields;
  const table = renderTable(
    [
      { title: "kind", value: ({ kind }) => kind },
      { title: "method", value: ({ method }) => method },
      { title: "kept", align: "right", value: ({ count }) => formatCount(count) },
      { title: "size", align: "right", value: ({ bytes }) => formatBytes(bytes) },
    ],
    found.by_method,
    context,
  );
  return `${fields}\n\n${table}`;
}
