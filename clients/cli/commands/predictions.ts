import { predictions, type PredictionView } from "@linnet/sdk";
import { argument, type Context, decimal, integer, type Register } from "../command.ts";
import { UsageError } from "../exit-codes.ts";
import { formatBytes, formatCount, formatTime } from "../format.ts";
import { type ListOptions, listOptions, showList } from "../lists.ts";
import { confirm } from "../prompt.ts";
import { renderFields, renderTable } from "../table.ts";

type ListPredictions = ListOptions & { version?: number; experiment?: string };

export const registerPredictions: Register = (group, wire) => {
  wire(
    listOptions(
      group
        .command("list <model>")
        .description("list the kept predictions of a model, newest first")
        .option("--version <number>", "only those of this version", integer(1))
        .option("--experiment <id>", "only those whose version this experiment chose"),
    ),
    async (context, command) => {
      const model = argument(command, 0);
      const { version, experiment: experiment_id, ...page } = command.opts<ListPredictions>();
      const client = await context.client();
      const { signal } = context.world;
      const filter = { version, experiment_id };
      await showList(context, page, {
        list: (query) => predictions.list(client, model, { ...query, ...filter }, { signal }),
        all: (query) => predictions.all(client, model, { ...query, ...filter }, { signal }),
        none: `nothing is kept; \`linnet predict ${model} --store\` keeps a prediction`,
        table: (items) =>
          renderTable(
            [
              { title: "id", value: ({ prediction_id }) => prediction_id },
              { title: "version", align: "right", value: ({ version: of }) => String(of) },
              { title: "made (UTC)", value: ({ created_at }) => formatTime(created_at) },
              { title: "size", align: "right", value: ({ bytes }) => formatBytes(bytes) },
              { title: "experiment", value: ({ experiment_id: by }) => by ?? "" },
            ],
            items,
            context,
          ),
      });
    },
  );

  wire(
    group
      .command("get <model> <id>")
      .description("show a kept prediction with its inputs and outputs"),
    async (context, command) => {
      const client = await context.client();
      const { signal } = context.world;
      const [model, id] = [argument(command, 0), argument(command, 1)];
      const found = await predictions.get(client, model, id, { signal });
      context.show(found, () => renderPrediction(found, context));
    },
  );

  wire(
    group
      .command("delete <model> [id]")
      .description("delete a kept prediction, the old ones, or all of a model")
      .option("--older-than-days <days>", "those that were made longer ago than this", decimal)
      .option("--all", "all of the model")
      .option("--yes", "do not ask"),
    async (context, command) => {
      const [model = "", id] = command.args;
      const { olderThanDays, all, yes } = command.opts<{
        olderThanDays?: number;
        all?: boolean;
        yes?: boolean;
      }>();
      const ways = [id !== undefined, olderThanDays !== undefined, all === true];
      if (ways.filter((given) => given).length !== 1)
        throw new UsageError("give an id, --older-than-days or --all");
      const what =
        id ??
        (olderThanDays === undefined
          ? `all kept predictions of ${model}`
          : `the predictions of ${model} that are older than ${olderThanDays} days`);
      const client = await context.client();
      const { signal } = context.world;
      if (!(await confirm(context.world, `Delete ${what}?`, yes === true))) return;
      if (id !== undefined) {
        await predictions.remove(client, model, id, { signal });
        context.show({ deleted: 1 }, () => `Deleted ${id}`);
        return;
      }
      const query = { older_than_days: olderThanDays };
      const pruned = await predictions.prune(client, model, query, { signal });
      context.show(pruned, () => `Deleted ${formatCount(pruned.deleted)} predictions`);
    },
  );
};

const renderPrediction = (kept: PredictionView, context: Context): string =>
  renderFields(
    [
      ["id", kept.prediction_id],
      ["version", `${kept.model}@${kept.version}`],
      ["made", formatTime(kept.created_at)],
      ["experiment", kept.experiment_id],
      ["variant", kept.variant_id],
      ["inputs", JSON.stringify(kept.inputs)],
      ["outputs", JSON.stringify(kept.outputs)],
    ],
    context,
  );
