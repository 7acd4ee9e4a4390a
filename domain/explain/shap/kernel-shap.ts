import type { Random } from "../../statistics/random.ts";
import type { Estimates } from "../estimate.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Game } from "../game.ts";
import { coalitionPlan, type CoalitionPlan } from "./coalition-plan.ts";
import { pairedEstimate, pairedWorths } from "./paired-regression.ts";
import { compatibleCoalitions } from "./compatible-coalitions.ts";
import { checkSelection, type Selection } from "./l1-selection.ts";
import { regressed, type WeighedCoalitions } from "./selected-regression.ts";
import { amongPlayers } from "./varying-players.ts";

export type KernelOptions = {
  /** Coalitions to run besides the empty and the full one; "auto" is 2 * players + 2,048. */
  samples?: number | "auto";
  random: Random;
  /** Which players take part in the regression, "none" being all; the others get 0. */
  l1?: Selection;
  /** The coalitions and weights of Lundberg's shap, drawn by our own generator. */
  compatible?: boolean;
  /** The players who matter; the others get 0 and are left out, as they are of `plan`. */
  varying?: readonly number[];
  /** A plan for as many players as vary, in place of `samples` and `random`. */
  plan?: CoalitionPlan;
};

/**
 * Shapley values by a regression on coalitions weighted by the Shapley kernel (Lundberg & Lee
 * 2017), drawn in pairs with their complements (Covert & Lee 2021). Every estimate adds up. With a
 * budget for all coalitions it is exact; else it yields after each stage of the plan. Intervals
 * are Student's by the design: the variance between the pairs of each size that was sampled,
 * linearised, with residuals scaled by their leverage; 0 without sampling. A selection of players,
 * and shap's weights where sampled, come without intervals and in one estimate. Throws
 * `ExplainFault` (option_invalid).
 */
export async function* kernelShap(game: Game, options: KernelOptions): Estimates {
  const { l1 = { kind: "none" }, compatible = false, plan, varying } = options;
  checkSelection(l1);
  const players = varying?.length ?? game.players;
  if (plan !== undefined && plan.players !== players)
    throw new ExplainFault(
      "option_invalid",
      `the plan is for ${plan.players} players, and ${players} vary`,
      "plan",
    );
  if (plan !== undefined && compatible)
    throw new ExplainFault(
      "option_invalid",
      "a compatible explanation draws a plan of its own",
      "plan",
    );
  yield* amongPlayers(game, varying, (game) => {
    if (compatible)
      return onceRegressed(game, compatibleCoalitions(players, options), l1, ROUNDED_BY_SHAP);
    const chosen = plan ?? coalitionPlan(players, options);
    return l1.kind === "none"
      ? byStages(game, chosen)
      : onceRegressed(game, weighedCoalitions(chosen), l1);
  });
}

async function* byStages(game: Game, plan: CoalitionPlan): Estimates {
  const { players } = plan;
  const [base, prediction] = await worthOfEnds(game);
  const halves = new Float64Array(plan.pairs);
  let done = 0;
  for (const stage of plan.stages) {
    halves.set(
      await pairedWorths(game, plan.masks.subarray(done * players, stage.pairs * players)),
      done,
    );
    done = stage.pairs;
    const gain = prediction - base;
    const rows = (2 + 2 * done) * game.rows_each;
    yield { base, prediction, ...pairedEstimate(plan, stage, halves, gain), rows };
  }
}

/** What shap takes for zero. */
const ROUNDED_BY_SHAP = 1e-10;

async function* onceRegressed(
  game: Game,
  coalitions: WeighedCoalitions,
  selection: Selection,
  rounded = 0,
): Estimates {
  const [base, prediction] = await worthOfEnds(game);
  const { masks, weights, complete } = coalitions;
  const worths = await game.worth(masks, weights.length);
  const values = regressed(game.players, coalitions, worths, { base, prediction }, selection);
  yield {
    base,
    prediction,
    values: values.map((value) => (Math.abs(value) < rounded ? 0 : value)),
    half_widths: complete && selection.kind === "none" ? new Float64Array(game.players) : null,
    rows: (2 + weights.length) * game.rows_each,
  };
}

async function worthOfEnds(game: Game): Promise<[base: number, prediction: number]> {
  const { players } = game;
  const [base = 0, prediction = 0] = await game.worth(
    new Uint8Array(2 * players).fill(1, players),
    2,
  );
  return [base, prediction];
}

/** Both coalitions of each pair of the plan, with half of its weight each. */
function weighedCoalitions({ players, pairs, masks, stages }: CoalitionPlan): WeighedCoalitions {
  const last = stages.at(-1);
  const both = new Uint8Array(2 * masks.length);
  both.set(masks);
  both.set(
    masks.map((known) => 1 - known),
    masks.length,
  );
  const weights = Float64Array.from(
    { length: 2 * pairs },
    (_, at) => (last?.weights[at % pairs] ?? 0) / 2,
  );
  return { masks: both, weights, complete: last?.sampled.length === 0, players };
}
