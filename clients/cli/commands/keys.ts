import { type CreateKey, keys } from "@linnet/sdk";
import { Option } from "commander";
import { argument, collect, integer, type Register } from "../command.ts";
import { formatCount, formatMs, formatPercent, formatTime } from "../format.ts";
import { type ListOptions, listOptions, showList } from "../lists.ts";
import { confirm } from "../prompt.ts";
import { renderFields, renderTable } from "../table.ts";

type CreateOptions = {
  scope: CreateKey["scopes"];
  environment?: "live" | "test";
  rateLimit?: number;
  expiresInDays?: number;
  owner?: string;
};

export const registerKeys: Register = (group, wire) => {
  wire(
    group
      .command("create <name>")
      .description("create a key; it is shown once")
      .requiredOption("--scope <scope>", "what it may do; give it several times", collect)
      .addOption(
        new Option("--environment <name>", "live by default").choices(["live", "test"] as const),
      )
      .option("--rate-limit <number>", "requests an hour, 1000 by default", integer(1))
      .option("--expires-in-days <number>", "never by default", integer(1, 3_650))
      .option("--owner <user>", "another user's key, for administrators")
      .addHelpText(
        "after",
        "\nExample:\n  $ linnet keys create checkout --scope predict --scope outcomes:write",
      ),
    async (context, command) => {
      const { scope, environment, rateLimit, expiresInDays, owner } = command.opts<CreateOptions>();
      const key = await keys.create(
        await context.client(),
        {
          name: argument(command, 0),
          scopes: scope,
          environment,
          rate_limit: rateLimit,
          expires_in_days: expiresInDays,
          owner_id: owner,
        },
        { signal: context.world.signal },
      );
      context.show(key, () => key.key);
      context.note(`${key.id}: keep the key now, it is not shown again.`);
    },
  );

  wire(
    listOptions(
      group
        .command("list")
        .description("list your keys, newest first")
        .option("--include-revoked", "revoked keys too"),
    ),
    async (context, command) => {
      const { includeRevoked, ...page } = command.opts<
        ListOptions & { includeRevoked?: boolean }
      >();
      const client = await context.client();
      const { signal } = context.world;
      await showList(context, page, {
        list: (query) =>
          keys.list(client, { ...query, include_revoked: includeRevoked }, { signal }),
        all: (query) => keys.all(client, { ...query, include_revoked: includeRevoked }, { signal }),
        none: "no keys",
        table: (items) =>
          renderTable(
            [
              { title: "id", value: ({ id }) => id },
              { title: "name", flexible: true, value: ({ name }) => name },
              { title: "scopes", flexible: true, value: ({ scopes }) => scopes.join(", ") },
              {
                title: "an hour",
                align: "right",
                value: ({ rate_limit }) => formatCount(rate_limit),
              },
              { title: "expires (UTC)", value: ({ expires_at }) => formatTime(expires_at) },
              { title: "revoked (UTC)", value: ({ revoked_at }) => formatTime(revoked_at) },
            ],
            items,
            context,
          ),
      });
    },
  );

  wire(
    group.command("revoke <id>").description("revoke a key for good").option("--yes", "do not ask"),
    async (context, command) => {
      const id = argument(command, 0);
      const { yes } = command.opts<{ yes?: boolean }>();
      const client = await context.client();
      if (!(await confirm(context.world, `Revoke ${id} for good?`, yes === true))) return;
      const key = await keys.revoke(client, id, { signal: context.world.signal });
      context.show(key, () => `Revoked ${key.name} (${key.id})`);
    },
  );

  wire(
    group
      .command("usage <id>")
      .description("how a key was used, hour by hour")
      .option("--hours <number>", "hours back from now", integer(1, 720), 24),
    async (context, command) => {
      const query = command.opts<{ hours: number }>();
      const { signal } = context.world;
      const usage = await keys.usage(await context.client(), argument(command, 0), query, {
        signal,
      });
      context.show(usage, () => {
        const totals = renderFields(
          [
            ["requests", formatCount(usage.total_requests)],
            ["errors", formatPercent(usage.error_rate)],
            ["mean ms", formatMs(usage.avg_response_time_ms)],
          ],
          context,
        );
        if (usage.by_hour.length === 0) return totals;
        const hours = renderTable(
          [
            { title: "hour (UTC)", value: ({ hour }) => formatTime(hour) },
            { title: "requests", align: "right", value: ({ requests }) => formatCount(requests) },
            { title: "errors", align: "right", value: ({ errors }) => formatCount(errors) },
            {
              title: "mean ms",
              align: "right",
              value: ({ avg_response_time_ms }) => formatMs(avg_response_time_ms),
            },
          ],
          usage.by_hour,
          context,
        );
        return `${totals}\n\n${hours}`;
      });
    },
  );
};
