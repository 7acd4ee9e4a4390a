import { backgroundGame, type Background } from "../game.ts";
import { coalitionPlan } from "../shap/coalition-plan.ts";
import { drawnGame } from "../shap/drawn-game.ts";
import { exactShapley } from "../shap/exact-shapley.ts";
import { kernelShap } from "../shap/kernel-shap.ts";
import { permutationShap } from "../shap/permutation-shap.ts";
import { samplingShap } from "../shap/sampling-shap.ts";
import { varyingPlayers } from "../shap/varying-players.ts";
import { maskedLime } from "../lime/masked-lime.ts";
import { seededRandom } from "../../statistics/random.ts";
import { ExplainFault } from "../explain-fault.ts";
import { hiddenPlayers } from "./segment-players.ts";
import type { Players } from "./players.ts";
import { scoreFor, type Run, type RunMethod, type Task } from "./task.ts";

/** The game of a task: its players, and the score against its background. */
function gameOf(task: Task, { players, background }: { players: Players; background: Background }) {
  const { subject, instance, request } = task;
  const { link = "identity" } = request.options;
  const groups = players.members;
  const game = backgroundGame(scoreFor(task), subject.layout, {
    instance,
    background,
    groups,
    link,
  });
  return { game, varying: varyingPlayers(instance, background, groups) };
}

export const runExact: RunMethod = async (task) => {
  const hidden = hiddenPlayers(task);
  const { game, varying } = gameOf(task, hidden);
  const interactions = task.request.include_interactions;
  return { ...hidden, estimates: exactShapley(game, { interactions, varying }) };
};

/** Which coalitions are run depends on nothing of the instance, so that rows of one model share it. */
export const runKernel: RunMethod = async (task) => {
  const hidden = hiddenPlayers(task);
  const { game, varying } = gameOf(task, hidden);
  const { l1, compatible = false } = task.request.options;
  const samples: number | "auto" = task.request.options.samples ?? "auto";
  const { seed } = task.request;
  const common = { varying, random: task.random, samples, ...(l1 && { l1 }) };
  if (compatible) return { ...hidden, estimates: kernelShap(game, { ...common, compatible }) };
  const key = JSON.stringify(["plan", varying.length, samples, seed]);
  const isPlanned = varying.length > 1;
  const plan = isPlanned
    ? await task.subject.kept.once(key, () =>
        coalitionPlan(varying.length, { samples, random: seededRandom(seed) }),
      )
    : null;
  return { ...hidden, estimates: kernelShap(game, { ...common, ...(plan && { plan }) }) };
};

export const runPermutation: RunMethod = async (task) => {
  const hidden = hiddenPlayers(task);
  const { game, varying } = gameOf(task, hidden);
  const { samples = "auto" } = task.request.options;
  return { ...hidden, estimates: permutationShap(game, { samples, varying, random: task.random }) };
};

export const runSampling: RunMethod = async (task) => {
  const hidden = hiddenPlayers(task);
  const { subject, instance, request } = task;
  if (request.options.link === "logit")
    throw new ExplainFault(
      "option_invalid",
      "'sampling' has no link, as it draws gains one by one; use kernel or permutation",
      "options.link",
    );
  const { background, players } = hidden;
  const groups = players.members;
  const game = drawnGame(scoreFor(task), subject.layout, { instance, background, groups });
  const varying = varyingPlayers(instance, background, groups);
  const { samples = "auto" } = request.options;
  return { ...hidden, estimates: samplingShap(game, { samples, varying, random: task.random }) };
};

/** LIME of a signal or an image: its segments, or the groups that were asked for. */
export async function runSegmentLime(task: Task): Promise<Run> {
  const hidden = hiddenPlayers(task);
  const { game } = gameOf(task, hidden);
  const { samples, features, kernel_width, selection } = task.request.options;
  const estimates = maskedLime(game, {
    random: task.random,
    removal: "bernoulli",
    ...(samples !== undefined && { samples }),
    ...(features !== undefined && { features }),
    ...(kernel_width !== undefined && { kernel_width }),
    ...(selection !== undefined && { selection }),
  });
  return { ...hidden, estimates };
}
