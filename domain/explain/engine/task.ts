import type { Random } from "../../statistics/random.ts";
import { logitTarget } from "../gradients/logit-target.ts";
import type { Model } from "../../onnx/model.ts";
import type { Estimates } from "../estimate.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { ExplainRequest } from "../explain-request.ts";
import type { Explained, Method } from "../explanation.ts";
import type { Background } from "../game.ts";
import type { Rows } from "../rows.ts";
import { scoreOf, type Score, type Target } from "../score.ts";
import { elementPlayers, groupPlayers, type Players } from "./players.ts";
import { runOptions, type Subject } from "./subject.ts";

/** Rows to compare with, and what they are known by. */
export type NamedBackground = { id: string; rows: Background };

/** One row to explain by one method. */
export type Task = {
  readonly subject: Subject;
  readonly method: Method;
  readonly request: ExplainRequest;
  readonly target: Target;
  readonly instance: Rows;
  readonly background: NamedBackground | null;
  /** Starts anew for each task, so that the same request gives the same answer. */
  readonly random: Random;
};

/** An explanation under way, and what its answer has beside the contributions. */
export type Run = {
  readonly players: Players;
  readonly estimates: Estimates;
  readonly notes?: readonly string[];
  /** Adds what only this method has, once the estimates have ended. */
  readonly complete?: (explained: Explained) => Explained;
};

export type RunMethod = (task: Task) => Promise<Run>;

/** The task's score by running the model. */
export const scoreFor = ({ subject, target }: Task): Score =>
  scoreOf(subject.open, subject.layout, target, runOptions(subject));

export function neededBackground({ background, method }: Task): NamedBackground {
  if (background !== null) return background;
  throw new ExplainFault(
    "background_missing",
    `'${method}' compares with rows of data: name a background set, or give 'background.inputs'`,
    "background",
  );
}

/** The features, or the groups where they are asked for. */
export const playersOf = ({ subject, request }: Task): Players =>
  request.groups === null ? elementPlayers(subject) : groupPlayers(subject, request.groups);

/** What tells things made for one task's choices from those of another. */
export const keyFor = ({ target, request, background }: Task, what: string): string =>
  JSON.stringify([what, target, request.groups, background?.id ?? null]);

/** The model and target to take gradients of: before a last Softmax or Sigmoid where that is asked for. */
export function gradientTarget({ subject, target, request }: Task): {
  model: Model;
  target: Target;
} {
  const { model } = subject;
  if (request.options.logits !== true) return { model, target };
  const before = logitTarget(model, target);
  if (before !== null) return before;
  throw new ExplainFault(
    "method_unsupported",
    `'logits' is for an output that comes of a Softmax or Sigmoid, which '${target.output}' does not`,
    "options.logits",
  );
}

/** One estimate that is all there is. */
export async function* only(estimate: Awaited<ReturnType<Estimates["next"]>>["value"]): Estimates {
  if (estimate) yield estimate;
}
