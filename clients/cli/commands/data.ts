import { type ChangeDataset, type CreateDataset, datasets } from "@linnet/sdk";
import { Option } from "commander";
import { argument, integer, type Register } from "../command.ts";
import { FORMATS } from "../data-format.ts";
import { parseDataRef } from "../data-ref.ts";
import { renderCollected, renderDataset, renderDatasets, renderRemoval } from "../dataset-view.ts";
import { UsageError } from "../exit-codes.ts";
import { readObject } from "../json-input.ts";
import { type ListOptions, listOptions, showList } from "../lists.ts";
import { confirm } from "../prompt.ts";

const COMPATIBILITIES = ["backward", "forward", "full", "none"] as const;

type CreateOptions = {
  format: (typeof FORMATS)[number];
  description?: string;
  schema?: string;
  compatibility?: (typeof COMPATIBILITIES)[number];
  keepLast?: number;
  keepDays?: number;
};
type ChangeOptions = Omit<CreateOptions, "format" | "schema"> & {
  name?: string;
  keepAll?: boolean;
};
type Filter = {
  search?: string;
  format?: (typeof FORMATS)[number];
  shared?: boolean;
  archived?: boolean;
  order?: "newest" | "oldest" | "name";
};

/** Datasets: what they are, who may see them, and what of them is kept. */
export const registerData: Register = (group, wire) => {
  wire(
    group
      .command("create <name>")
      .description("make a dataset, which has no version yet")
      .addOption(new Option("--format <format>").choices(FORMATS).makeOptionMandatory())
      .option("--description <text>")
      .option("--schema <file>", "JSON with the columns that every version must have")
      .addOption(
        new Option(
          "--compatibility <rule>",
          "what a new version's columns may change; backward by default",
        ).choices(COMPATIBILITIES),
      )
      .option("--keep-last <number>", "versions that are kept, by retention", integer(1, 1_000_000))
      .option("--keep-days <number>", "how long versions are kept", integer(1, 36_500))
      .addHelpText(
        "after",
        "\nExample:\n  $ linnet data create bearings --format parquet --keep-last 20",
      ),
    async (context, command) => {
      const { schema, keepLast, keepDays, ...given } = command.opts<CreateOptions>();
      const { world } = context;
      const order = {
        ...given,
        name: argument(command, 0),
        ...(schema !== undefined && {
          schema: (await readObject(world, schema)) as CreateDataset["schema"],
        }),
        ...((keepLast ?? keepDays) !== undefined && {
          retention: { keep_last: keepLast, keep_days: keepDays },
        }),
      };
      const client = await context.client();
      const dataset = await datasets.create(client, order, { signal: world.signal });
      context.show(dataset, () => renderDataset(dataset, context));
    },
  );

  wire(
    listOptions(
      group
        .command("list")
        .description("list your datasets, newest first")
        .option("--search <text>", "part of the name or description")
        .addOption(new Option("--format <format>").choices(FORMATS))
        .option("--shared", "those of others that your groups may see")
        .option("--archived", "archived ones only")
        .addOption(new Option("--order <order>").choices(["newest", "oldest", "name"])),
    ),
    async (context, command) => {
      const { search, archived, format, shared, order, ...page } = command.opts<
        ListOptions & Filter
      >();
      const client = await context.client();
      const { signal } = context.world;
      const filter = { search, format, shared, order, archived: archived ? "true" : undefined };
      const query = filter as Omit<datasets.DatasetQuery, "limit" | "cursor">;
      await showList(context, page, {
        list: (where) => datasets.list(client, { ...query, ...where }, { signal }),
        all: (where) => datasets.all(client, { ...query, ...where }, { signal }),
        none: noneOf({ search, archived, format, shared }),
        table: (items) => renderDatasets(items, context),
      });
    },
  );

  wire(
    group
      .command("change <dataset>")
      .description("change what is said of a dataset, its rule, or what of it is kept")
      .option("--name <name>", "another name")
      .option("--description <text>")
      .addOption(
        new Option("--compatibility <rule>", "what a new version's columns may change").choices(
          COMPATIBILITIES,
        ),
      )
      .option("--keep-last <number>", "versions that are kept, by retention", integer(1, 1_000_000))
      .option("--keep-days <number>", "how long versions are kept", integer(1, 36_500))
      .option("--keep-all", "no retention: nothing is collected")
      .addHelpText(
        "after",
        "\n--keep-last and --keep-days take the place of both rules.\n\nExample:\n  $ linnet data change bearings --keep-last 20 --keep-days 90",
      ),
    async (context, command) => {
      const { keepLast, keepDays, keepAll, ...given } = command.opts<ChangeOptions>();
      const isKept = (keepLast ?? keepDays) !== undefined;
      if (keepAll === true && isKept)
        throw new UsageError("--keep-all goes without --keep-last and --keep-days");
      const { name, description, compatibility } = given;
      const change: ChangeDataset = {
        ...(name !== undefined && { name }),
        ...(description !== undefined && { description }),
        ...(compatibility !== undefined && { compatibility }),
        ...(isKept && { retention: { keep_last: keepLast, keep_days: keepDays } }),
        ...(keepAll === true && { retention: null }),
      };
      if (Object.keys(change).length === 0)
        throw new UsageError("say what to change: see `linnet data change --help`");
      const client = await context.client();
      const { signal } = context.world;
      const dataset = await datasets.change(client, argument(command, 0), change, { signal });
      context.show(dataset, () => renderDataset(dataset, context));
    },
  );

  const shown = (name: string, description: string, read: typeof datasets.get) =>
    wire(group.command(`${name} <dataset>`).description(description), async (context, command) => {
      const { signal } = context.world;
      const dataset = await read(await context.client(), argument(command, 0), { signal });
      context.show(dataset, () => renderDataset(dataset, context));
    });
  shown("show", "show a dataset", datasets.get);
  shown("archive", "let a dataset be read and take no more versions", datasets.archive);
  shown("restore", "let an archived dataset take versions again", datasets.restore);

  wire(
    group
      .command("share <dataset> <group>")
      .description("let the members of a group read a dataset")
      .option("--write", "and add versions to it")
      .option("--stop", "no longer"),
    async (context, command) => {
      const { write, stop } = command.opts<{ write?: boolean; stop?: boolean }>();
      const { signal } = context.world;
      const client = await context.client();
      const [name, who] = [argument(command, 0), argument(command, 1)];
      const dataset = stop
        ? await datasets.unshare(client, name, who, { signal })
        : await datasets.share(client, name, who, write ? "write" : "read", { signal });
      context.show(dataset, () => renderDataset(dataset, context));
    },
  );

  wire(
    group
      .command("delete <dataset[@version]>")
      .description("delete a dataset, or one version, that nothing uses")
      .option("--dry-run", "say what would be deleted, or what is in the way")
      .option("--yes", "do not ask"),
    async (context, command) => {
      const { dryRun, yes } = command.opts<{ dryRun?: boolean; yes?: boolean }>();
      const text = argument(command, 0);
      const { dataset, version } = parseDataRef(text);
      const client = await context.client();
      const what = text.includes("@") ? text : `${dataset} with all its versions`;
      const isSure = dryRun === true || yes === true;
      if (!(await confirm(context.world, `Delete ${what}?`, isSure))) return;
      const options = { dryRun, signal: context.world.signal };
      const removal = text.includes("@")
        ? await datasets.removeVersion(client, dataset, version, options)
        : await datasets.remove(client, dataset, options);
      context.show(removal, () => renderRemoval(removal));
    },
  );

  wire(
    group
      .command("gc <dataset>")
      .description("delete the versions that retention does not keep and nothing uses")
      .option("--dry-run", "say what would be deleted, and why the rest stays")
      .option("--yes", "do not ask"),
    async (context, command) => {
      const { dryRun, yes } = command.opts<{ dryRun?: boolean; yes?: boolean }>();
      const dataset = argument(command, 0);
      const client = await context.client();
      const question = `Delete the versions of ${dataset} that nothing keeps?`;
      if (!(await confirm(context.world, question, dryRun === true || yes === true))) return;
      const options = { dryRun, signal: context.world.signal };
      const collected = await datasets.collect(client, dataset, options);
      context.show(collected, () => renderCollected(collected, context));
    },
  );
};

/** What an empty list says: with a filter there may be others. */
function noneOf({ shared, ...filter }: Record<string, unknown>): string {
  if (shared === true) return "no datasets of others that your groups may see";
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  return isFiltered
    ? "no datasets of that kind; without a filter all of yours are listed"
    : "no datasets; `linnet data push <file> --dataset <name>` makes one";
}
