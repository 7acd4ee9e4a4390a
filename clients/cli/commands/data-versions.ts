import { datasets, type DatasetTags } from "@linnet/sdk";
import { Option } from "commander";
import { argument, type Context, integer, type Register } from "../command.ts";
import { AS_OF, parseDataRef, parseTime, readVersion } from "../data-ref.ts";
import { renderComparison } from "../dataset-diff-view.ts";
import { renderVersion } from "../dataset-version-view.ts";
import { renderLog } from "../dataset-view.ts";
import { duration, formatDuration } from "../duration.ts";
import { UsageError } from "../exit-codes.ts";
import { formatTime } from "../format.ts";
import { type ListOptions, listOptions, showList } from "../lists.ts";
import { renderTable } from "../table.ts";
import { waitingFor } from "../waiting.ts";

/** Versions: their history, names, and what differs between them. */
export const registerDataVersions: Register = (group, wire) => {
  wire(
    listOptions(group.command("log <dataset>").description("list the versions, newest first")),
    async (context, command) => {
      const client = await context.client();
      const dataset = argument(command, 0);
      const { signal } = context.world;
      await showList(context, command.opts<ListOptions>(), {
        list: (query) => datasets.listVersions(client, dataset, query, { signal }),
        all: (query) => datasets.allVersions(client, dataset, query, { signal }),
        none: `no versions; \`linnet data push <file> --dataset ${dataset}\` makes one`,
        table: (items) => renderLog(items, context),
      });
    },
  );

  wire(
    group
      .command("version <dataset[@version]>")
      .description("show a version: its columns, what it was made from, what uses it")
      .option(...AS_OF),
    async (context, command) => {
      const { asOf } = command.opts<{ asOf?: string }>();
      const { signal } = context.world;
      const ref = parseDataRef(argument(command, 0));
      const version = await readVersion(await context.client(), ref, { asOf, signal });
      context.show(version, () => renderVersion(version, context));
    },
  );

  wire(
    group
      .command("as-of <dataset> <time>")
      .description("show what was the head at a time")
      .addHelpText("after", "\nExample:\n  $ linnet data as-of bearings 2026-11-21T09:30:00Z"),
    async (context, command) => {
      const { signal } = context.world;
      const asOf = parseTime(argument(command, 1));
      const ref = { dataset: argument(command, 0), version: "head" };
      const version = await readVersion(await context.client(), ref, { asOf, signal });
      context.show(version, () => renderVersion(version, context));
    },
  );

  wire(
    group
      .command("diff <dataset[@version]> [from] [to]")
      .description("what differs between two versions, the second the head if not told")
      .option("--key <columns>", "columns that tell rows apart, separated by commas")
      .option("--samples <number>", "rows of each kind to show", integer(0, 100), 5)
      .addHelpText(
        "after",
        "\nExamples:\n  $ linnet data diff bearings 3 4 --key recording,second\n  $ linnet data diff bearings@3 bearings@4",
      ),
    async (context, command) => {
      const options = command.opts<{ key?: string; samples: number }>();
      const { signal } = context.world;
      const client = await context.client();
      const { dataset, ...sides } = sidesOf(command.args);
      const work = datasets.compare(client, dataset, { ...sides, ...options }, { signal });
      const view = await waitingFor(context, "comparing", work);
      context.show(view, () => renderComparison(view, context));
    },
  );

  wire(
    group.command("tag <dataset[@version]> <tag>").description("give a version a name, or move it"),
    async (context, command) => {
      const { dataset, version } = parseDataRef(argument(command, 0));
      const tag = argument(command, 1);
      const { signal } = context.world;
      const client = await context.client();
      const tagged = await datasets.putTag(client, dataset, tag, version, { signal });
      context.show(tagged, () => `${tag} is ${tagged.dataset}@${tagged.version_number}`);
    },
  );

  wire(
    group.command("untag <dataset> <tag>").description("take a name away; the version stays"),
    async (context, command) => {
      const [dataset, tag] = [argument(command, 0), argument(command, 1)];
      const { signal } = context.world;
      await datasets.removeTag(await context.client(), dataset, tag, { signal });
      context.show({ deleted: tag }, () => `Deleted the tag ${tag}`);
    },
  );

  wire(
    group.command("tags <dataset>").description("list the tags of a dataset"),
    async (context, command) => {
      const { signal } = context.world;
      const tags = await datasets.listTags(await context.client(), argument(command, 0), {
        signal,
      });
      context.show(tags, () => (tags.items.length === 0 ? "" : renderTags(tags.items, context)));
      if (tags.items.length === 0) context.note("no tags");
    },
  );

  wire(
    group
      .command("pin <dataset[@version]>")
      .description("keep a version whatever retention says")
      .option("--stop", "no longer"),
    async (context, command) => {
      const { stop } = command.opts<{ stop?: boolean }>();
      const { dataset, version } = parseDataRef(argument(command, 0));
      const { signal } = context.world;
      const put = stop ? datasets.unpin : datasets.pin;
      const pinned = await put(await context.client(), dataset, version, { signal });
      const state = pinned.pinned ? "is pinned" : "is not pinned";
      context.show(pinned, () => `${pinned.dataset}@${pinned.version_number} ${state}`);
    },
  );

  wire(
    group
      .command("link <dataset[@version]>")
      .description("make a link that downloads a version without a key until it expires")
      .option("--expires <time>", "such as 90s, 10m, 6h, 7d, which is the longest", duration, 3_600)
      .addOption(
        new Option("--format <format>", "in another format").choices(datasets.EXPORT_FORMATS),
      )
      .option(...AS_OF),
    async (context, command) => {
      const { expires, format, asOf } = command.opts<{
        expires: number;
        format?: datasets.ExportFormat;
        asOf?: string;
      }>();
      const { dataset, version } = parseDataRef(argument(command, 0));
      const { signal } = context.world;
      const order = {
        expires_in_s: expires,
        format,
        ...(asOf !== undefined && { as_of: parseTime(asOf) }),
      };
      const client = await context.client();
      const link = await datasets.createLink(client, dataset, version, order, { signal });
      context.show(link, () => link.url);
      context.note(`good for ${formatDuration(expires)}: whoever has it can download the file`);
    },
  );
};

const renderTags = (tags: DatasetTags["items"], context: Context): string =>
  renderTable(
    [
      { title: "tag", value: ({ tag }) => tag },
      { title: "version", align: "right", value: ({ version_number }) => String(version_number) },
      { title: "updated (UTC)", value: ({ updated_at }) => formatTime(updated_at) },
    ],
    tags,
    context,
  );

/** `bearings 3 4`, `bearings@3 bearings@4`, `bearings@3 4`; of one version, against the head. */
function sidesOf([first = "", ...rest]: readonly string[]) {
  const { dataset, version } = parseDataRef(first);
  const versions = rest.map((text) => {
    if (!text.includes("@")) return text;
    const ref = parseDataRef(text);
    if (ref.dataset === dataset) return ref.version;
    throw new UsageError(`${first} and ${text}: expected two versions of one dataset`);
  });
  const [from, to, ...more] = first.includes("@") ? [version, ...versions] : versions;
  if (from === undefined) throw new UsageError("expected one or two versions to compare");
  if (more.length > 0) throw new UsageError(`expected two versions, found ${more.length + 2}`);
  return { dataset, from, to };
}
