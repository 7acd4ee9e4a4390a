import { groups, type GroupSummary, type GroupView } from "@linnet/sdk";
import { argument, type Context, type Register } from "../command.ts";
import { formatTime } from "../format.ts";
import { type ListOptions, listOptions, showList } from "../lists.ts";
import { confirm } from "../prompt.ts";
import { renderFields, renderTable } from "../table.ts";

/** Groups of users, with whom datasets are shared. */
export const registerGroups: Register = (group, wire) => {
  wire(
    group.command("create <name>").description("make a group; you are its owner and first member"),
    async (context, command) => {
      const order = { name: argument(command, 0) };
      const { signal } = context.world;
      const made = await groups.create(await context.client(), order, { signal });
      context.show(made, () => made.id);
      context.note(`Add somebody: linnet groups add ${made.name} usr_…`);
    },
  );

  wire(
    listOptions(
      group
        .command("list")
        .description("list the groups that you own or are in, newest first")
        .option("--search <text>", "part of the name"),
    ),
    async (context, command) => {
      const { search, ...page } = command.opts<ListOptions & { search?: string }>();
      const client = await context.client();
      const { signal } = context.world;
      await showList(context, page, {
        list: (query) => groups.list(client, { ...query, search }, { signal }),
        all: (query) => groups.all(client, { ...query, search }, { signal }),
        none: "no groups; `linnet groups create <name>` makes one",
        table: (items) =>
          renderTable<GroupSummary>(
            [
              { title: "name", flexible: true, value: ({ name }) => name },
              { title: "owner", value: ({ owner_id }) => owner_id },
              { title: "created (UTC)", value: ({ created_at }) => formatTime(created_at) },
              { title: "id", value: ({ id }) => id },
            ],
            items,
            context,
          ),
      });
    },
  );

  wire(
    group.command("show <group>").description("show a group and who is in it"),
    async (context, command) => {
      const { signal } = context.world;
      const found = await groups.get(await context.client(), argument(command, 0), { signal });
      context.show(found, () => renderGroup(found, context));
    },
  );

  wire(
    group.command("add <group> <user>").description("make a user a member"),
    async (context, command) => {
      const [name, user] = [argument(command, 0), argument(command, 1)];
      const { signal } = context.world;
      const member = await groups.addMember(await context.client(), name, user, { signal });
      context.show(member, () => `${member.name} (${member.user_id}) is in ${name}`);
    },
  );

  wire(
    group.command("remove <group> <user>").description("take a user out, or yourself"),
    async (context, command) => {
      const [name, user] = [argument(command, 0), argument(command, 1)];
      const { signal } = context.world;
      await groups.removeMember(await context.client(), name, user, { signal });
      context.show({ removed: user }, () => `${user} is no longer in ${name}`);
    },
  );

  wire(
    group
      .command("delete <group>")
      .description("delete a group; its members lose what was shared with it")
      .option("--yes", "do not ask"),
    async (context, command) => {
      const name = argument(command, 0);
      const { yes } = command.opts<{ yes?: boolean }>();
      const client = await context.client();
      if (!(await confirm(context.world, `Delete group ${name}?`, yes === true))) return;
      await groups.remove(client, name, { signal: context.world.signal });
      context.show({ deleted: name }, () => `Deleted ${name}`);
    },
  );
};

function renderGroup(group: GroupView, context: Context): string {
  const fields = renderFields(
    [
      ["name", group.name],
      ["id", group.id],
      ["owner", group.owner_id],
      ["created", formatTime(group.created_at)],
    ],
    context,
  );
  if (group.members.length === 0) return fields;
  const members = renderTable(
    [
      { title: "member", value: ({ user_id }) => user_id },
      { title: "name", flexible: true, value: ({ name }) => name },
      { title: "since (UTC)", value: ({ added_at }) => formatTime(added_at) },
    ],
    group.members,
    context,
  );
  return `${fields}\n\n${members}`;
}
