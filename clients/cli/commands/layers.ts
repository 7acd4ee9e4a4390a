import { layers, type LayerView } from "@linnet/sdk";
import { argument, type Context, type Register } from "../command.ts";
import { formatTime } from "../format.ts";
import { type ListOptions, listOptions, showList } from "../lists.ts";
import { confirm } from "../prompt.ts";
import { renderFields, renderTable } from "../table.ts";
import { formatWeight, parseWeight } from "../weight-text.ts";

/** Layers: experiments of one layer share no user. */
export const registerLayers: Register = (group, wire) => {
  wire(
    group
      .command("put <name>")
      .description("make a layer, or change it; no experiment's part moves")
      .option("--holdout <share>", "the share of users that no experiment of the layer gets")
      .option("--description <text>"),
    async (context, command) => {
      const { holdout, description } = command.opts<{ holdout?: string; description?: string }>();
      const { signal } = context.world;
      const share = holdout === undefined ? undefined : formatWeight(parseWeight(holdout));
      const change = { holdout: share, description };
      const client = await context.client();
      const layer = await layers.put(client, argument(command, 0), change, { signal });
      context.show(layer, () => renderLayer(layer, context));
    },
  );

  wire(
    listOptions(group.command("list").description("list your layers, newest first")),
    async (context, command) => {
      const client = await context.client();
      const { signal } = context.world;
      await showList(context, command.opts<ListOptions>(), {
        list: (query) => layers.list(client, query, { signal }),
        all: (query) => layers.all(client, query, { signal }),
        none: "no layers; `linnet layers put <name>` makes one",
        table: (items) =>
          renderTable(
            [
              { title: "name", value: ({ name }) => name },
              { title: "holdout", align: "right", value: ({ holdout }) => holdout },
              { title: "updated (UTC)", value: ({ updated_at }) => formatTime(updated_at) },
              { title: "description", flexible: true, value: ({ description }) => description },
            ],
            items,
            context,
          ),
      });
    },
  );

  wire(
    group.command("get <name>").description("show a layer and who holds a share of it"),
    async (context, command) => {
      const { signal } = context.world;
      const layer = await layers.get(await context.client(), argument(command, 0), { signal });
      context.show(layer, () => renderLayer(layer, context));
    },
  );

  wire(
    group
      .command("delete <name>")
      .description("delete a layer that no experiment holds a share of")
      .option("--yes", "do not ask"),
    async (context, command) => {
      const name = argument(command, 0);
      const { yes } = command.opts<{ yes?: boolean }>();
      const client = await context.client();
      if (!(await confirm(context.world, `Delete layer ${name}?`, yes === true))) return;
      await layers.remove(client, name, { signal: context.world.signal });
      context.show({ deleted: name }, () => `Deleted ${name}`);
    },
  );
};

function renderLayer(layer: LayerView, context: Context): string {
  const fields = renderFields(
    [
      ["name", layer.name],
      ["id", layer.id],
      ["description", layer.description],
      ["holdout", layer.holdout],
      ["free", layer.free],
      ["created", formatTime(layer.created_at)],
      ["updated", formatTime(layer.updated_at)],
    ],
    context,
  );
  if (layer.holders.length === 0) return fields;
  const holders = renderTable(
    [
      { title: "experiment", value: ({ experiment_id }) => experiment_id },
      { title: "share", align: "right", value: ({ share }) => share },
      {
        title: "free (UTC)",
        value: ({ free_at }) => (free_at === null ? "" : formatTime(free_at)),
      },
    ],
    layer.holders,
    context,
  );
  return `${fields}\n\n${holders}`;
}
