import { experiments } from "@linnet/sdk";
import { Option } from "commander";
import { argument, integer, type Register } from "../command.ts";
import { showChange } from "../experiment-change.ts";
import { paintStatus, type Status } from "../experiment-status.ts";
import { renderExperiment } from "../experiment-view.ts";
import { formatTime } from "../format.ts";
import { type ListOptions, listOptions, showList } from "../lists.ts";
import { confirm } from "../prompt.ts";
import { renderTable } from "../table.ts";
import { variantNamed } from "../variant-names.ts";

type ListExperiments = ListOptions & {
  status?: Status;
  search?: string;
  order?: "newest" | "oldest";
};

const CHANGES = [
  {
    name: "start",
    summary: "start a draft: split traffic by the weights",
    send: experiments.start,
  },
  { name: "pause", summary: "send everybody to the control", send: experiments.pause },
  { name: "resume", summary: "go on with a paused experiment", send: experiments.resume },
] as const;

/** List, get and the changes of status. */
export const registerExperiments: Register = (group, wire) => {
  wire(
    listOptions(
      group
        .command("list")
        .description("list your experiments")
        .addOption(
          new Option("--status <status>").choices([
            "draft",
            "running",
            "paused",
            "concluded",
            "rolled_back",
          ] as const),
        )
        .option("--search <text>", "part of the name or description")
        .addOption(new Option("--order <order>").choices(["newest", "oldest"] as const)),
    ),
    async (context, command) => {
      const { status, search, order, ...page } = command.opts<ListExperiments>();
      const client = await context.client();
      const { signal } = context.world;
      const filter = { status, search, order };
      await showList(context, page, {
        list: (query) => experiments.list(client, { ...query, ...filter }, { signal }),
        all: (query) => experiments.all(client, { ...query, ...filter }, { signal }),
        none: "no experiments; `linnet experiments create --help` shows how to make one",
        table: (items) =>
          renderTable(
            [
              { title: "id", value: ({ id }) => id },
              { title: "name", flexible: true, value: ({ name }) => name },
              {
                title: "status",
                value: (one) => one.status,
                style: (cell, one) =>
                  cell.replace(one.status, paintStatus(one.status, context.paint)),
              },
              { title: "started (UTC)", value: ({ start_time }) => formatTime(start_time) },
              { title: "ended (UTC)", value: ({ end_time }) => formatTime(end_time) },
            ],
            items,
            context,
          ),
      });
    },
  );

  wire(group.command("get <id>").description("show an experiment"), async (context, command) => {
    const { signal } = context.world;
    const found = await experiments.get(await context.client(), argument(command, 0), { signal });
    context.show(found, () => renderExperiment(found, context));
  });

  for (const { name, summary, send } of CHANGES)
    wire(group.command(`${name} <id>`).description(summary), (context, command) =>
      showChange(context, (client, options) => send(client, argument(command, 0), options)),
    );

  wire(
    group
      .command("rollback <id>")
      .description("send everybody to the control, for good")
      .option("--reason <text>", "kept with the experiment"),
    (context, command) =>
      showChange(context, (client, options) =>
        experiments.rollback(
          client,
          argument(command, 0),
          command.opts<{ reason?: string }>(),
          options,
        ),
      ),
  );

  wire(
    group
      .command("conclude <id>")
      .description("end an experiment, with a winner or without")
      .option("--winner <variant>", "its id, its name or model@version; it gets the alias")
      .option("--expected-epoch <number>", "refuse if it is in another epoch", integer(0)),
    (context, command) =>
      showChange(context, async (client, options) => {
        const id = argument(command, 0);
        const { winner, expectedEpoch: expected_epoch } = command.opts<{
          winner?: string;
          expectedEpoch?: number;
        }>();
        const winning_variant_id =
          winner === undefined ? undefined : await variantNamed(client, id, winner, options);
        const request = { winning_variant_id, expected_epoch };
        return experiments.conclude(client, id, request, options);
      }),
  );

  wire(
    group
      .command("delete <id>")
      .description("delete a draft or an experiment that has ended, with its counts and events")
      .option("--yes", "do not ask"),
    async (context, command) => {
      const id = argument(command, 0);
      const { yes } = command.opts<{ yes?: boolean }>();
      const client = await context.client();
      if (!(await confirm(context.world, `Delete experiment ${id}?`, yes === true))) return;
      await experiments.remove(client, id, { signal: context.world.signal });
      context.show({ deleted: id }, () => `Deleted ${id}`);
    },
  );
};
