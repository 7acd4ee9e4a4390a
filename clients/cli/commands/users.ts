import { users } from "@linnet/sdk";
import { argument, type Register } from "../command.ts";
import { formatTime } from "../format.ts";
import { type ListOptions, listOptions, showList } from "../lists.ts";
import { renderTable } from "../table.ts";

export const registerUsers: Register = (group, wire) => {
  wire(
    group.command("create <name>").description("add a user, who owns models, experiments and keys"),
    async (context, command) => {
      const name = argument(command, 0);
      const { signal } = context.world;
      const user = await users.create(await context.client(), { name }, { signal });
      context.show(user, () => user.id);
      context.note(`Give ${name} a key: linnet keys create <name> --owner ${user.id} --scope …`);
    },
  );

  wire(
    listOptions(group.command("list").description("list the users, oldest first")),
    async (context, command) => {
      const client = await context.client();
      const { signal } = context.world;
      await showList(context, command.opts<ListOptions>(), {
        list: (query) => users.list(client, query, { signal }),
        all: (query) => users.all(client, query, { signal }),
        none: "no users",
        table: (items) =>
          renderTable(
            [
              { title: "id", value: ({ id }) => id },
              { title: "name", flexible: true, value: ({ name }) => name },
              { title: "created (UTC)", value: ({ created_at }) => formatTime(created_at) },
            ],
            items,
            context,
          ),
      });
    },
  );
};
