import { openAttention } from "../attention/attention-maps.ts";
import type { AttentionLayer, Explained } from "../explanation.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Background } from "../game.ts";
import { tabularLime, tabularRules } from "../lime/tabular-lime.ts";
import { runSegmentLime } from "./coalition-methods.ts";
import { refuseGroups } from "./gradient-methods.ts";
import { elementPlayers } from "./players.ts";
import type { Subject } from "./subject.ts";
import { targetsOf } from "./target.ts";
import { neededBackground, only, scoreFor, type RunMethod, type Task } from "./task.ts";

/** Features of a table; segments of a signal or an image. */
export const runLime: RunMethod = async (task) => {
  const { subject, instance, request, random } = task;
  const { samples, features, kernel_width, selection, discretiser, sample_around_instance } =
    request.options;
  if (subject.kind !== "table") return runSegmentLime(task);
  refuseGroups(task);
  const training = neededBackground(task).rows;
  const options = {
    instance,
    training,
    categorical: categoricalOf(subject),
    ...(discretiser === "entropy" && { labels: await classesOf(task, training) }),
    ...(samples !== undefined && { samples }),
    ...(features !== undefined && { features }),
    ...(kernel_width !== undefined && { kernel_width }),
    ...(selection !== undefined && { selection }),
    ...(discretiser !== undefined && { discretiser }),
    ...(sample_around_instance !== undefined && { sample_around_instance }),
  };
  const rules = tabularRules(subject.layout, subject.feature_names, options);
  return {
    players: elementPlayers(subject),
    estimates: tabularLime(scoreFor(task), subject.layout, { ...options, random }),
    complete: (explained) => ({
      ...explained,
      feature_contributions: explained.feature_contributions.map((one, at) => ({
        ...one,
        rule: rules[at] ?? null,
      })),
    }),
  };
};

/** Columns whose numbers are names, as the model's file says. */
const categoricalOf = ({ preparation, feature_names, layout }: Subject): number[] =>
  (preparation.description?.categorical_features ?? [])
    .map((one) => (typeof one === "number" ? one : feature_names.indexOf(one)))
    .filter((at) => at >= 0 && at < layout.size);

/** The class that the model names for each row: what its bounds are to tell apart. */
async function classesOf({ subject, target }: Task, { rows, count }: Background) {
  const asked = { output: target.output, class: null };
  const targets = await targetsOf(subject, rows, count, asked);
  return targets.map((one) => one.target.index);
}

export const runAttention: RunMethod = async (task) => {
  refuseGroups(task);
  const { subject, instance, request } = task;
  const open = await subject.kept.once("attention", () =>
    openAttention(subject.runtime, subject.model, subject.layout),
  );
  const { layers, rollout } = await open.maps(instance);
  const { layer } = request.options;
  const chosen = layer === undefined ? layers : layers.filter(({ name }) => name === layer);
  if (chosen.length === 0)
    throw new ExplainFault(
      "target_unknown",
      `there is no attention layer '${layer ?? ""}'; there are ${layers.map(({ name }) => `'${name}'`).join(", ")}`,
      "options.layer",
    );
  refuseTooLarge(chosen);
  const [prediction = 0] = await scoreFor(task)(instance, 1);
  const values = rollout?.relevance ?? new Float64Array(0);
  const names = Array.from(values, (_, at) => `token ${at}`);
  return {
    players: { kind: "positions", names, members: names.map(() => []) },
    estimates: only({ base: 0, prediction, values, half_widths: null, rows: 2 }),
    notes:
      rollout === null
        ? ["the layers are no stack of self-attention, so that nothing leads back to the input"]
        : ["contributions are the attention rollout: what the last layer's tokens are made of"],
    complete: (explained): Explained => ({ ...explained, attention: chosen.map(rounded) }),
  };
};

/** Weights that an answer carries. */
const MOST_WEIGHTS = 2 ** 16;

function refuseTooLarge(layers: readonly AttentionLayer[]): void {
  const weights = layers.reduce((sum, layer) => sum + layer.weights.length, 0);
  if (weights <= MOST_WEIGHTS) return;
  const sizes = layers.map(({ name, weights: own }) => `'${name}' ${own.length}`).join(", ");
  throw new ExplainFault(
    "method_unsupported",
    `the attention has ${weights} weights for this row (${sizes}), and an answer carries ${MOST_WEIGHTS} at most: name one layer, or give a shorter row`,
    "options.layer",
  );
}

/** To the digits that a float32 has. */
const rounded = (layer: AttentionLayer): AttentionLayer => ({
  ...layer,
  weights: layer.weights.map((weight) => Number(weight.toPrecision(7))),
});
