import { aliases, type ModelView, models, versions, type VersionView } from "@linnet/sdk";
import { InvalidArgumentError, Option } from "commander";
import { argument, type Context, integer, type Register } from "../command.ts";
import { UsageError } from "../exit-codes.ts";
import { formatBytes, formatTime } from "../format.ts";
import { type ListOptions, listOptions, showList } from "../lists.ts";
import { parseModelRef, resolveVersion } from "../model-ref.ts";
import { confirm } from "../prompt.ts";
import { renderFields, renderTable } from "../table.ts";
import { renderAliasHistory } from "./alias-history.ts";

type ListModels = ListOptions & { search?: string; order?: "newest" | "oldest" | "name" };

export const registerModels: Register = (group, wire) => {
  wire(
    listOptions(
      group
        .command("list")
        .description("list your models")
        .option("--search <text>", "part of the name or description")
        .addOption(new Option("--order <order>").choices(["newest", "oldest", "name"] as const)),
    ),
    async (context, command) => {
      const { search, order, ...page } = command.opts<ListModels>();
      const client = await context.client();
      const { signal } = context.world;
      await showList(context, page, {
        list: (query) => models.list(client, { ...query, search, order }, { signal }),
        all: (query) => models.all(client, { ...query, search, order }, { signal }),
        none: "no models; `linnet models push <file> --model <name>` adds one",
        table: (items) =>
          renderTable(
            [
              { title: "name", value: ({ name }) => name },
              {
                title: "latest",
                align: "right",
                value: ({ latest_version }) => String(latest_version ?? "–"),
              },
              { title: "aliases", flexible: true, value: aliasesOf },
              { title: "description", flexible: true, value: ({ description }) => description },
              { title: "updated (UTC)", value: ({ updated_at }) => formatTime(updated_at) },
            ],
            items,
            context,
          ),
      });
    },
  );

  wire(
    group
      .command("get <model[@version]>")
      .description("show a model, or a version with its inputs and outputs"),
    async (context, command) => {
      const ref = parseModelRef(argument(command, 0));
      const client = await context.client();
      const { signal } = context.world;
      if (ref.version === undefined && ref.alias === undefined) {
        const model = await models.get(client, ref.model, { signal });
        context.show(model, () => renderModel(model, context));
        return;
      }
      const { model, version } = await resolveVersion(client, ref, signal);
      const found = await versions.get(client, model, version, { signal });
      context.show(found, () => renderVersion(found, context));
    },
  );

  wire(
    listOptions(
      group.command("versions <model>").description("list the versions of a model, newest first"),
    ),
    async (context, command) => {
      const model = argument(command, 0);
      const client = await context.client();
      const { signal } = context.world;
      await showList(context, command.opts<ListOptions>(), {
        list: (query) => versions.list(client, model, query, { signal }),
        all: (query) => versions.all(client, model, query, { signal }),
        none: `no versions; \`linnet models push <file> --model ${model}\` adds one`,
        table: (items) =>
          renderTable(
            [
              { title: "version", align: "right", value: ({ version }) => String(version) },
              { title: "size", align: "right", value: ({ size_bytes }) => formatBytes(size_bytes) },
              { title: "sha256", value: ({ sha256 }) => sha256.slice(0, 12) },
              { title: "created (UTC)", value: ({ created_at }) => formatTime(created_at) },
              { title: "description", flexible: true, value: ({ description }) => description },
            ],
            items,
            context,
          ),
      });
    },
  );

  wire(
    group
      .command("promote")
      .description("point an alias at a version")
      .argument("<model>")
      .argument("<version>", "its number", integer(1))
      .option("--alias <alias>", "the alias to move", "champion")
      .option(
        "--expect <version>",
        "refuse unless it points here now; 'none' if it is new",
        expected,
      )
      .addHelpText("after", "\nExample:\n  $ linnet models promote wdbc 3 --expect 2"),
    async (context, command) => {
      const { alias, expect } = command.opts<{ alias: string; expect?: number | "none" }>();
      const model = argument(command, 0);
      const version: number = command.processedArgs[1];
      const to = {
        version,
        ...(expect === undefined ? {} : { expected_version: expect === "none" ? null : expect }),
      };
      const { signal } = context.world;
      const moved = await aliases.move(await context.client(), model, alias, to, { signal });
      context.show(moved, () => `${model}@${alias} is version ${moved.version}`);
    },
  );

  wire(
    group
      .command("aliases <model> [alias]")
      .description("show the aliases of a model, or where one has pointed")
      .option("--remove", "remove the alias; its history is kept"),
    async (context, command) => {
      const [model = "", alias] = command.args;
      const { remove } = command.opts<{ remove?: boolean }>();
      const client = await context.client();
      const { signal } = context.world;
      if (alias === undefined) {
        if (remove === true) throw new UsageError("name the alias to remove");
        const { aliases: all } = await models.get(client, model, { signal });
        context.show(all, () => renderAliases(all, context));
      } else if (remove === true) {
        await aliases.remove(client, model, alias, { signal });
        context.show({ removed: `${model}@${alias}` }, () => `Removed ${model}@${alias}`);
      } else {
        const found = await aliases.get(client, model, alias, { signal });
        context.show(found, () => renderAliasHistory(found, context));
      }
    },
  );

  wire(
    group
      .command("delete <model[@version]>")
      .description("delete a model with all its versions, or one version")
      .option("--yes", "do not ask"),
    async (context, command) => {
      const text = argument(command, 0);
      const { model, version, alias } = parseModelRef(text);
      if (alias !== undefined) throw new UsageError("name the version by its number to delete it");
      const { yes } = command.opts<{ yes?: boolean }>();
      const client = await context.client();
      const { signal } = context.world;
      const what = version === undefined ? `model ${model} with all its versions` : text;
      if (!(await confirm(context.world, `Delete ${what}?`, yes === true))) return;
      await (version === undefined
        ? models.remove(client, model, { signal })
        : versions.remove(client, model, version, { signal }));
      context.show({ deleted: text }, () => `Deleted ${text}`);
    },
  );
};

const expected = (text: string): number | "none" => {
  if (text === "none") return text;
  if (!/^[1-9]\d*$/.test(text))
    throw new InvalidArgumentError("Expected a version number or 'none'.");
  return Number(text);
};

const aliasesOf = ({ aliases: all }: ModelView): string =>
  all.map(({ alias, version }) => `${alias}=${version}`).join(", ");

const renderModel = (model: ModelView, context: Context): string =>
  renderFields(
    [
      ["name", model.name],
      ["id", model.id],
      ["description", model.description],
      ["latest", String(model.latest_version ?? "no version yet")],
      ["aliases", aliasesOf(model)],
      ["created", formatTime(model.created_at)],
      ["updated", formatTime(model.updated_at)],
    ],
    context,
  );

const renderAliases = (all: ModelView["aliases"], context: Context): string =>
  renderTable(
    [
      { title: "alias", value: ({ alias }) => alias },
      { title: "version", align: "right", value: ({ version }) => String(version) },
      { title: "updated (UTC)", value: ({ updated_at }) => formatTime(updated_at) },
    ],
    all,
    context,
  );

/** The version that it was made of, and how; null for one that was uploaded. */
const madeOf = ({ model, derived_from }: VersionView): string | null =>
  derived_from && `${model}@${derived_from.version} by ${derived_from.kind}`;

const MOST_NAMES = 5;

/** The first names of a list, and how many there are. */
function namesOf(names: readonly string[] | null | undefined): string | null {
  if (!names) return null;
  const shown = names.slice(0, MOST_NAMES).join(", ");
  return names.length > MOST_NAMES ? `${shown}, … (${names.length})` : shown;
}

function renderVersion(version: VersionView, context: Context): string {
  const head = renderFields(
    [
      ["version", `${version.model}@${version.version}`],
      ["description", version.description],
      ["sha256", version.sha256],
      ["size", formatBytes(version.size_bytes)],
      ["created", `${formatTime(version.created_at)} by ${version.created_by}`],
      ["made of", madeOf(version)],
      ["features", namesOf(version.details?.feature_names)],
      ["classes", namesOf(version.details?.class_names)],
      ...(version.details?.preprocessing ?? []).map(
        ({ input, kind, summary }): [string, string] => [`${kind}s`, `${input}: ${summary}`],
      ),
    ],
    context,
  );
  const tensors = [
    ...version.inputs.map((tensor) => ({ ...tensor, role: "input" })),
    ...version.outputs.map((tensor) => ({ ...tensor, role: "output" })),
  ];
  const table = renderTable(
    [
      { title: "", value: ({ role }) => role },
      { title: "name", value: ({ name }) => name },
      { title: "type", value: ({ type }) => type },
      { title: "shape", value: ({ shape }) => `[${shape.map((size) => size ?? "?").join(", ")}]` },
    ],
    tensors,
    context,
  );
  return `${head}\n\n${table}`;
}
