import { lineage, type Linnet, models, type TraceView } from "@linnet/sdk";
import type { Command } from "commander";
import { argument, type Context, integer, type Register, type Wire } from "../command.ts";
import { parseDataRef, readVersion } from "../data-ref.ts";
import { UsageError } from "../exit-codes.ts";
import { renderChain, renderImpact, renderNode, renderTrace } from "../lineage-view.ts";
import { parseModelRef, resolveVersion } from "../model-ref.ts";
import { putPicture } from "../picture.ts";
import { renderTable } from "../table.ts";

type TraceOptions = {
  depth?: number;
  kinds?: string;
  limit?: number;
  all?: boolean;
  svg?: string;
  open?: boolean;
};

const traceOptions = (command: Command): Command =>
  command
    .option("--depth <steps>", "how far away, 10 by default", integer(1, 100))
    .option("--kinds <kinds>", "only these, separated by commas, such as run,model_version")
    .option("--limit <number>", "how many, 200 by default", integer(1, 1_000))
    .option("--all", "ask until there is no more")
    .option("--svg <file>", "write a picture")
    .option("--open", "show it in the browser");

/** Lineage: what came of what. */
export const registerLineage: Register = (group, wire) => {
  group.addHelpText(
    "after",
    "\nA node is a version of a dataset (bearings@3), of a model (models/rater@2), or an id (run_…, exp_…, trn_…).",
  );
  wire(
    group.command("show <node>").description("show a node of the lineage and its neighbours"),
    async (context, command) => {
      const client = await context.client();
      const node = await nodeOf(context, client, argument(command, 0));
      const view = await lineage.get(client, node, { signal: context.world.signal });
      context.show(view, () => renderNode(view, context));
    },
  );
  traceCommand(group, wire, "up <node>", "what a node came of", () => "upstream");
  traceCommand(group, wire, "down <node>", "what came of a node", () => "downstream");

  wire(
    group.command("chain <node>").description("all that is needed to make a node again, in order"),
    async (context, command) => {
      const client = await context.client();
      const node = await nodeOf(context, client, argument(command, 0));
      const view = await lineage.chain(client, node, { signal: context.world.signal });
      context.show(view, () => renderChain(view, context));
    },
  );

  wire(
    group.command("common <a> <b>").description("what both nodes came of, nearest first"),
    async (context, command) => {
      const client = await context.client();
      const { signal } = context.world;
      const [a = "", b = ""] = await Promise.all(
        [0, 1].map((at) => nodeOf(context, client, argument(command, at))),
      );
      const view = await lineage.commonAncestors(client, a, b, { signal });
      context.show(view, () =>
        renderTable(
          [
            { title: "name", flexible: true, value: ({ label }) => label },
            {
              title: "steps",
              align: "right",
              value: ({ distance_a, distance_b }) => `${distance_a} and ${distance_b}`,
            },
            { title: "id", value: ({ node_id }) => node_id },
          ],
          view.ancestors,
          context,
        ),
      );
    },
  );

  wire(
    group
      .command("impact <versions...>")
      .description("which runs, models and experiments data has had a part in")
      .option("--rows <numbers>", "of one version: only these rows, such as 3,17,20-29")
      .addHelpText("after", "\nExample:\n  $ linnet lineage impact bearings@3 --rows 120-140"),
    async (context, command) => {
      const { rows } = command.opts<{ rows?: string }>();
      const client = await context.client();
      const ids = await Promise.all(
        command.args.map((version) => nodeOf(context, client, version)),
      );
      const [version_id = "", ...others] = ids;
      if (rows !== undefined && others.length > 0)
        throw new UsageError("--rows goes with one version");
      const asked =
        rows === undefined ? { version_ids: ids } : { version_id, rows: parseRows(rows) };
      const view = await lineage.impact(client, asked, { signal: context.world.signal });
      context.show(view, () => renderImpact(view, context));
    },
  );

  wire(group.command("cycles").description("circles in what was imported"), async (context) => {
    const { signal } = context.world;
    const view = await lineage.cycles(await context.client(), { signal });
    context.show(view, () => view.cycles.map((cycle) => cycle.join(" → ")).join("\n"));
    if (view.cycles.length === 0) context.note("no circles");
  });
};

/** `linnet data lineage`: the same for a version of a dataset. */
export const registerDataLineage: Register = (group, wire) => {
  const command = traceCommand(
    group,
    wire,
    "lineage <dataset[@version]>",
    "what a version came of",
    (options) => (options["down"] === true ? "downstream" : "upstream"),
  );
  command.option("--down", "what came of it");
};

function traceCommand(
  group: Command,
  wire: Wire,
  usage: string,
  description: string,
  directionOf: (options: Record<string, unknown>) => lineage.Direction,
): Command {
  return wire(
    traceOptions(group.command(usage).description(description)),
    async (context, command) => {
      const { svg, open, all, ...query } = command.opts<TraceOptions>();
      const client = await context.client();
      const direction = directionOf(command.opts());
      const node = await nodeOf(context, client, argument(command, 0));
      const { depth, kinds, limit } = query;
      const asked = { depth, kinds, limit };
      const view = await readTrace(context, client, node, { direction, asked, all: all === true });
      context.show(view, () => renderTrace(view, context));
      const where = { ...(svg !== undefined && { svg }), ...(open && { open }) };
      const { signal } = context.world;
      await putPicture(context, where, `lineage-${node.replaceAll(/\W+/g, "-")}`, () =>
        lineage.picture(client, node, direction, asked, { signal }),
      );
    },
  );
}

async function readTrace(
  { world: { signal } }: Context,
  client: Linnet,
  node: string,
  {
    direction,
    asked,
    all,
  }: { direction: lineage.Direction; asked: lineage.TraceQuery; all: boolean },
): Promise<TraceView> {
  const view = await lineage.trace(client, node, direction, asked, { signal });
  if (!all) return view;
  for (let cursor = view.next_cursor; cursor !== null;) {
    const page = await lineage.trace(client, node, direction, { ...asked, cursor }, { signal });
    cursor = page.next_cursor;
    const nodes = [...view.nodes, ...page.nodes];
    const edges = [...view.edges, ...page.edges];
    const used_by_others = [...view.used_by_others, ...page.used_by_others];
    Object.assign(view, page, { nodes, edges, used_by_others });
  }
  return view;
}

const NODE_ID = /^(?:dsv_|trn_|run_|mdl_|exp_|ds:|job:)/;

const MODELS = "models/";

/** The id of a node, or of the version that `dataset[@version]` or `models/model[@version]` means. */
async function nodeOf(context: Context, client: Linnet, text: string): Promise<string> {
  if (NODE_ID.test(text)) return text;
  const { signal } = context.world;
  if (text.startsWith(MODELS)) {
    const ref = parseModelRef(text.slice(MODELS.length));
    const [{ id }, { version }] = await Promise.all([
      models.get(client, ref.model, { signal }),
      resolveVersion(client, ref, signal),
    ]);
    return `${id}@${version}`;
  }
  return (await readVersion(client, parseDataRef(text), { signal })).version_id;
}

const MOST_ROWS = 100_000;

/** `3,17,20-29` as numbers of rows, from 0. */
export function parseRows(text: string): number[] {
  const rows: number[] = [];
  for (const part of text.split(",")) {
    const [, first, last = first] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(part.trim()) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === undefined || to < from)
      throw new UsageError(`expected rows such as 3,17,20-29, not '${part}'`);
    if (rows.length + to - from + 1 > MOST_ROWS)
      throw new UsageError(`expected at most ${MOST_ROWS} rows`);
    for (let row = from; row <= to; row += 1) rows.push(row);
  }
  return rows;
}
