import { type ChainReport, experiments, type ExperimentView, type Linnet } from "@linnet/sdk";
import { argument, type Context, type Register } from "../command.ts";
import { EXIT, UsageError } from "../exit-codes.ts";
import { differences, replayEvents } from "../replay-events.ts";
import { plain } from "../text-width.ts";

/** An experiment may change while it is read; after so many attempts it is too busy. */
const ATTEMPTS = 5;

const BREAKS = {
  hash: "its contents, or the hash before it, are not what was chained",
  gap: "events before it are missing",
  unchained: "it has no hash, although events before it have one",
};

export const registerExperimentVerify: Register = (group, wire) => {
  wire(
    group
      .command("verify <id>")
      .description("recompute the hash chain of its events, and replay them")
      .option("--anchor <hash>", "a hash that you noted earlier: is it still in the chain?")
      .addHelpText(
        "after",
        "\nThe exit code is 1 when something does not agree. Note the hash of the head somewhere\n" +
          "else: only with --anchor does a chain show that it was made anew as a whole.",
      ),
    async (context, command) => {
      const id = argument(command, 0);
      const { anchor } = command.opts<{ anchor?: string }>();
      const { signal } = context.world;
      const client = await context.client();
      const chain = await experiments.verifyEvents(client, id, { anchor, signal });
      const { faults, differing } = await replay(client, id, signal);
      const agrees =
        chain.intact && chain.anchored !== false && faults.length + differing.length === 0;
      const result = { verified: agrees, chain, faults, differences: differing };
      context.show(result, () => render(chain, faults, differing, context));
      return agrees ? EXIT.ok : EXIT.refused;
    },
  );
};

/** The events belong to the experiment only if it did not change while they were read. */
async function replay(client: Linnet, id: string, signal: AbortSignal) {
  let before: ExperimentView = await experiments.get(client, id, { signal });
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const query = { limit: 100 };
    const events = await Array.fromAsync(experiments.allEvents(client, id, query, { signal }));
    const after = await experiments.get(client, id, { signal });
    if (after.updated_at === before.updated_at && after.epoch === before.epoch) {
      const { state, faults } = replayEvents(events, after.ramp !== null);
      return { faults, differing: differences(after, state) };
    }
    before = after;
  }
  throw new UsageError("the experiment changes faster than it can be read; try again");
}

function render(
  { events, unchained, head, broken, anchored }: ChainReport,
  faults: { sequence: number; detail: string }[],
  differing: string[],
  context: Context,
): string {
  const { paint } = context;
  const chain = broken
    ? paint.red(`broken at event ${broken.sequence}: ${BREAKS[broken.reason]}`)
    : paint.green(`intact over ${events} events`);
  const replayed =
    faults.length + differing.length === 0
      ? paint.green("the events make the experiment that is shown")
      : paint.red("the events do not make the experiment that is shown");
  const fields: [label: string, value: string | null][] = [
    ["chain", chain],
    ["replay", replayed],
    ["unchained", unchained === 0 ? null : `${unchained} events from before there was a chain`],
    ["head", head && `event ${head.sequence}, ${head.hash}`],
    ["anchor", anchored === null ? null : anchoredText(anchored)],
  ];
  return [
    ...fields.flatMap(([label, value]) =>
      value === null ? [] : [`${paint.dim(label.padEnd(9))}  ${value}`],
    ),
    ...faults.map(({ sequence, detail }) => `  event ${sequence}: ${plain(detail)}`),
    ...differing.map((one) => `  ${plain(one)}`),
  ].join("\n");
}

const anchoredText = (anchored: boolean): string =>
  anchored ? "is in the chain" : "is NOT in the chain: the events are not those of then";
