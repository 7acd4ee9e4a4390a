import {
  experiments,
  type ExperimentView,
  type RampRequest,
  type ReweighResult,
} from "@linnet/sdk";
import { Argument, InvalidArgumentError } from "commander";
import { argument, type Context, integer, type Register } from "../command.ts";
import { UsageError } from "../exit-codes.ts";
import { showChange } from "../experiment-change.ts";
import { formatTime } from "../format.ts";
import { renderTable } from "../table.ts";
import { findVariant } from "../variant-names.ts";
import { formatWeight, parseNamedWeight, parseWeight, WHOLE } from "../weight-text.ts";

const RAMP_ACTIONS = ["approve", "advance", "reverse", "hold", "release"] as const;

/** Weights, ramp, proposal, budget and undo: what a person may change while it runs. */
export const registerExperimentSteering: Register = (group, wire) => {
  wire(
    group
      .command("weights <id> <variant=weight...>")
      .description("change the weights, moving the fewest users")
      .option("--dry-run", "say how many would move, and change nothing")
      .option("--max-moved <share>", "refuse to move more than this share of the users")
      .option("--expected-epoch <number>", "refuse if it is in another epoch", integer(0))
      .addHelpText(
        "after",
        "\nThe control may be left out: it has the weight that the others leave.\n" +
          "\nExample:\n  $ linnet experiments weights exp_01… wdbc@2=0.2 --max-moved 0.1 --dry-run",
      ),
    async (context, command) => {
      const [id = "", ...given] = command.args;
      const { dryRun, maxMoved, expectedEpoch } = command.opts<{
        dryRun?: boolean;
        maxMoved?: string;
        expectedEpoch?: number;
      }>();
      const { signal } = context.world;
      const most = maxMoved === undefined ? undefined : formatWeight(parseWeight(maxMoved));
      const asked = given.map(parseNamedWeight);
      const client = await context.client();
      const { variants } = await experiments.get(client, id, { signal });
      const request = {
        weights: weightsOf(variants, asked),
        dry_run: dryRun === true,
        max_moved_fraction: most,
        expected_epoch: expectedEpoch,
      };
      const result = await experiments.reweigh(client, id, request, { signal });
      context.show(result, () => renderReweighed(result, variants, context));
      if (result.effective_at !== null)
        context.note(`\nIn force everywhere at ${formatTime(result.effective_at)} UTC`);
    },
  );

  wire(
    group
      .command("ramp <id>")
      .addArgument(new Argument("<action>").choices(RAMP_ACTIONS))
      .description("approve a step of a ramp, move it a step, hold it or release it")
      .option("--reason <text>", "why it is held"),
    (context, command) => {
      const action = RAMP_ACTIONS.find((one) => one === argument(command, 1)) ?? "hold";
      const { reason } = command.opts<{ reason?: string }>();
      const request: RampRequest = { action, reason };
      return showChange(context, (client, options) =>
        experiments.steerRamp(client, argument(command, 0), request, options),
      );
    },
  );

  wire(
    group
      .command("proposal <id>")
      .addArgument(new Argument("<decision>").choices(["approve", "dismiss"]))
      .description("decide on a rollback that waits for approval"),
    (context, command) => {
      const decision = argument(command, 1) === "approve" ? "approve" : "dismiss";
      return showChange(context, (client, options) =>
        experiments.answerProposal(client, argument(command, 0), { decision }, options),
      );
    },
  );

  wire(
    group
      .command("budget <id>")
      .description("change how much the canaries may do, all together and worldwide")
      .option("--max-requests <number|none>", "their requests", limit)
      .option("--max-errors <number|none>", "their failed requests", limit)
      .addHelpText("after", "\nWhat is left out stays. A paused experiment goes on with `resume`."),
    (context, command) => {
      const { maxRequests, maxErrors } = command.opts<{ maxRequests?: Limit; maxErrors?: Limit }>();
      if (maxRequests === undefined && maxErrors === undefined)
        throw new UsageError("give --max-requests, --max-errors or both");
      return showChange(context, async (client, options) => {
        const id = argument(command, 0);
        const { budget } = await experiments.get(client, id, options);
        const max_requests = limitOr(maxRequests, budget.max_requests);
        const max_errors = limitOr(maxErrors, budget.max_errors);
        return experiments.changeBudget(client, id, { max_requests, max_errors }, options);
      });
    },
  );

  wire(
    group
      .command("undo <id> <token>")
      .description("take the last conclusion back, with the token that it printed"),
    (context, command) => {
      const undo_token = argument(command, 1);
      return showChange(context, (client, options) =>
        experiments.undo(client, argument(command, 0), { undo_token }, options),
      );
    },
  );
};

type Limit = number | "none";

const limit = (text: string): Limit => {
  if (text === "none") return text;
  if (!/^[1-9]\d*$/.test(text))
    throw new InvalidArgumentError("Expected a whole number from 1, or 'none'.");
  return Number(text);
};

const limitOr = (given: Limit | undefined, present: number | null): number | null =>
  given === "none" ? null : (given ?? present);

type Variants = ExperimentView["variants"];

/** By id. The control has the rest when it alone is left out. */
function weightsOf(
  variants: Variants,
  asked: readonly { name: string; units: bigint }[],
): Record<string, string> {
  const weights = new Map<string, bigint>();
  for (const { name, units } of asked) {
    const id = findVariant(variants, name)?.variant_id ?? name;
    if (weights.has(id)) throw new UsageError(`${name} is given twice`);
    weights.set(id, units);
  }
  const [missing, ...others] = variants.filter(({ variant_id }) => !weights.has(variant_id));
  if (missing?.is_control === true && others.length === 0) {
    const left = [...weights.values()].reduce((rest, units) => rest - units, WHOLE);
    if (left < 0n) throw new UsageError("these weights are more than 1 together");
    weights.set(missing.variant_id, left);
  }
  return Object.fromEntries([...weights].map(([id, units]) => [id, formatWeight(units)]));
}

function renderReweighed(result: ReweighResult, before: Variants, context: Context): string {
  const { dry_run, moved_fraction, epoch, variants } = result;
  const moved = `${Number((Number(moved_fraction) * 100).toPrecision(6))} % of the users`;
  const head = dry_run ? `Would move ${moved}; nothing was changed` : `Moved ${moved}`;
  const weightOf = (id: string) =>
    before.find(({ variant_id }) => variant_id === id)?.traffic_weight ?? "";
  const table = renderTable(
    [
      { title: "variant", flexible: true, value: ({ name }) => name },
      { title: "before", align: "right", value: ({ variant_id }) => weightOf(variant_id) },
      { title: "after", align: "right", value: ({ traffic_weight }) => traffic_weight },
      { title: "role", value: ({ is_control }) => (is_control ? "control" : "") },
    ],
    variants,
    context,
  );
  return `${head} (epoch ${epoch})\n\n${table}`;
}
