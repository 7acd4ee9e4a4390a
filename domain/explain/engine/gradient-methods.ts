import { openDeepShap } from "../deep/deep-shap.ts";
import type { Explained } from "../explanation.ts";
import { ExplainFault } from "../explain-fault.ts";
import { allRows } from "../background/summarise-background.ts";
import { expectedGradients } from "../gradients/expected-gradients.ts";
import { openGradCam, type Cam } from "../gradients/grad-cam.ts";
import { integratedGradients } from "../gradients/integrated-gradients.ts";
import { inputXGradient, saliency } from "../gradients/saliency.ts";
import { openScoreGradient, type ScoreGradient } from "../gradients/score-gradient.ts";
import { smoothGrad } from "../gradients/smooth-grad.ts";
import { newRows } from "../rows.ts";
import type { Target } from "../score.ts";
import type { Background } from "../game.ts";
import { EXPECTED_SAMPLES, MOST_SAMPLES, MOST_STEPS, MOST_TIMES, STEPS } from "./patience.ts";
import { elementPlayers } from "./players.ts";
import type { Subject } from "./subject.ts";
import {
  gradientTarget,
  keyFor,
  neededBackground,
  only,
  playersOf,
  type RunMethod,
  type Task,
} from "./task.ts";

/** One open graph of gradients serves every class of an output. */
export const gradientKey = ({ output }: Target): string => `gradient ${output}`;
export const deepKey = (target: Target): string => `deep ${JSON.stringify(target)}`;

/** The gradient of the task's target; one open graph serves every class of an output. */
export async function gradientFor(task: Task): Promise<ScoreGradient> {
  const { subject } = task;
  const { model, target } = gradientTarget(task);
  const open = await subject.kept.once(gradientKey(target), () =>
    openScoreGradient(subject.runtime, model, subject.layout, { ...target, index: 0 }),
  );
  return open.of(new Map([[target.index, 1]]));
}

/** The groups, where gradients are to be summed over them. */
const groupsOf = (task: Task) =>
  task.request.groups === null ? {} : { groups: playersOf(task).members };

/** An explainer with a residual may go on for as long as the limits say. */
const patience = ({ request }: Task, samples: number): number =>
  request.limits.max_residual === undefined && request.limits.max_half_width === undefined
    ? samples
    : samples * MOST_TIMES;

export const runExpectedGradients: RunMethod = async (task) => {
  const { subject, instance, request, random } = task;
  const gradient = await gradientFor(task);
  const background = neededBackground(task).rows;
  const { samples = EXPECTED_SAMPLES, smoothing } = request.options;
  const { scores } = await subject.kept.once(
    keyFor(task, `scores ${gradientTarget(task).target.output}`),
    () => gradient.run(background.rows, background.count),
  );
  const estimates = expectedGradients(gradient, subject.layout, instance, {
    background,
    background_scores: scores,
    samples,
    max_samples: Math.max(samples, Math.min(MOST_SAMPLES, patience(task, samples))),
    random,
    ...(smoothing !== undefined && { smoothing }),
    ...groupsOf(task),
  });
  return { players: playersOf(task), estimates };
};

export const runDeep: RunMethod = async (task) => {
  const { subject, instance } = task;
  const { model, target } = gradientTarget(task);
  const deep = await subject.kept.once(deepKey(target), () =>
    openDeepShap(subject.runtime, model, subject.layout, target),
  );
  const background = neededBackground(task).rows;
  return {
    players: playersOf(task),
    estimates: deep.explain(instance, background, groupsOf(task)),
  };
};

export const runIntegratedGradients: RunMethod = async (task) => {
  const { subject, instance, request } = task;
  const { steps = STEPS, rule } = request.options;
  const estimates = integratedGradients(await gradientFor(task), subject.layout, instance, {
    baseline: baselineOf(task),
    steps,
    max_steps: Math.max(steps, Math.min(MOST_STEPS, patience(task, steps))),
    ...(rule !== undefined && { rule }),
    ...groupsOf(task),
  });
  return { players: playersOf(task), estimates };
};

/** The mean of the background as one row; zeros only for whoever asks for them. */
function baselineOf(task: Task): Background {
  const { layout } = task.subject;
  const row = newRows(layout, 1);
  if (task.request.options.baseline !== "zeros") {
    const { rows, count, weights } = neededBackground(task).rows;
    for (let at = 0; at < count; at += 1)
      for (let element = 0; element < layout.size; element += 1)
        row[element] =
          (row[element] ?? 0) + (weights[at] ?? 0) * (rows[at * layout.size + element] ?? 0);
  }
  return allRows(row, layout);
}

export const runSmoothGrad: RunMethod = async (task) => {
  const { subject, instance, request, random } = task;
  const { kind, noise, samples } = request.options;
  refuseGroups(task);
  const { background } = task;
  const estimates = smoothGrad(await gradientFor(task), subject.layout, instance, {
    random,
    // Columns of a table have scales of their own.
    ...(background && subject.kind === "table" && { ranges: rangesOf(background.rows, subject) }),
    ...(kind !== undefined && { kind }),
    ...(noise !== undefined && { noise }),
    ...(samples !== undefined && { samples }),
  });
  return { players: elementPlayers(subject), estimates };
};

/** Of each column of the background; 1 where it does not vary. */
function rangesOf({ rows, count }: Background, { layout: { size } }: Subject): Float64Array {
  return Float64Array.from({ length: size }, (_, element) => {
    let [low, high] = [Infinity, -Infinity];
    for (let row = 0; row < count; row += 1) {
      const value = rows[row * size + element] ?? 0;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    return high > low ? high - low : 1;
  });
}

export const runInputXGradient: RunMethod = async (task) => ({
  players: playersOf(task),
  estimates: inputXGradient(
    await gradientFor(task),
    task.subject.layout,
    task.instance,
    groupsOf(task),
  ),
});

export const runSaliency: RunMethod = async (task) => {
  refuseGroups(task);
  const { subject, instance } = task;
  return {
    players: elementPlayers(subject),
    estimates: saliency(await gradientFor(task), subject.layout, instance),
  };
};

/** Slopes in different units do not add up to anything. */
export function refuseGroups({ request, method }: Task): void {
  if (request.groups !== null)
    throw new ExplainFault("option_invalid", `'${method}' has no groups`, "groups");
}

export const runGradCam: RunMethod = async (task) => {
  refuseGroups(task);
  const { subject, instance, request } = task;
  const { layer, relu } = request.options;
  const { model, target } = gradientTarget(task);
  const open = await subject.kept.once(`cam ${JSON.stringify([target, layer ?? null])}`, () =>
    openGradCam(
      subject.runtime,
      model,
      subject.layout,
      target,
      layer === undefined ? {} : { layer },
    ),
  );
  const cam = await open.run(instance, relu === undefined ? {} : { relu });
  const names = Array.from(cam.cam, (_, at) => positionName(cam.shape, at));
  return {
    players: { kind: "positions", names, members: names.map(() => []) },
    estimates: only({
      base: 0,
      prediction: cam.score,
      values: cam.cam,
      half_widths: null,
      rows: 1,
    }),
    notes: [`the layer is '${cam.layer}'`],
    complete: (explained) => withHeat(explained, cam),
  };
};

function positionName(shape: readonly number[], at: number): string {
  const [, width] = shape;
  return width === undefined
    ? `position ${at}`
    : `position ${Math.floor(at / width)},${at % width}`;
}

const withHeat = (explained: Explained, { input, layer, shape, cam }: Cam): Explained => ({
  ...explained,
  map: { name: input ?? layer, shape: [...shape], data: Array.from(cam) },
});
