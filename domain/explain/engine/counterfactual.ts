import { shrinkingFlips } from "../gradients/adversarial.ts";
import type { Flip } from "../gradients/flip-options.ts";
import { classScoresOf } from "../gradients/class-scores.ts";
import { logitTarget } from "../gradients/logit-target.ts";
import type { Estimates } from "../estimate.ts";
import type { Counterfactual, Explained } from "../explanation.ts";
import { countOf } from "../../tensors/tensor.ts";
import type { Background } from "../game.ts";
import { feedsOf } from "../rows.ts";
import { gradientFor, refuseGroups } from "./gradient-methods.ts";
import { elementPlayers, memberOf } from "./players.ts";
import { runOptions, type Subject } from "./subject.ts";
import { classIndexOf, classLabel } from "./target.ts";
import { neededBackground, type RunMethod, type Task } from "./task.ts";

/** In standard deviations of the background. */
const MAX_EPSILON = 5;

/** The smallest change of the instance that flips its class. A change of 1 is a standard deviation of the background. */
export const runCounterfactual: RunMethod = async (task) => {
  refuseGroups(task);
  const { subject, instance, target, request, random } = task;
  const { norm = "linf", max_epsilon = MAX_EPSILON, steps, target_class } = request.options;
  const gradient = await gradientFor(task);
  const classes = await classesOf(task);
  const to_class =
    target_class === undefined
      ? null
      : classIndexOf(subject, target_class, Math.max(2, classes), "options.target_class");
  const flips = shrinkingFlips(
    {
      layout: subject.layout,
      scores_each: classes,
      threshold: isProbability(task) ? 0.5 : 0,
      scores: classScoresOf(
        subject.open,
        subject.layout,
        target.output,
        classes,
        runOptions(subject),
      ),
      gradient,
    },
    instance,
    {
      norm,
      max_epsilon,
      random,
      scale: deviationsOf(neededBackground(task).rows, subject),
      ...changeable(task),
      ...(steps !== undefined && { steps }),
      ...(to_class !== null && { to_class }),
    },
  );
  let last: Flip | undefined;
  const estimates = async function* (): Estimates {
    for await (const flip of flips) {
      last = flip;
      yield estimateOf(task, flip);
    }
  };
  return {
    players: elementPlayers(subject),
    estimates: estimates(),
    notes: [
      "contributions are the changes of the features, in standard deviations of the background",
    ],
    complete: (explained): Explained => ({
      ...explained,
      counterfactual: last === undefined ? null : viewFlip(task, norm, last),
    }),
  };
};

async function classesOf({ subject, instance, target }: Task): Promise<number> {
  const feeds = feedsOf(subject.layout, instance, 0, 1, subject.fixed_batch ?? undefined);
  const found = (await subject.open.run(feeds, [target.output]))[target.output];
  return found === undefined ? 1 : countOf(found.dims.slice(1));
}

/** A single score is a probability where a Sigmoid makes it, or its name says so. */
const isProbability = ({ subject, target }: Task): boolean =>
  /prob/i.test(target.output) || logitTarget(subject.model, target) !== null;

/** What may change, and between what: what is never negative in the background stays so, unless its bounds are given. */
function changeable(task: Task) {
  const { subject, request, instance } = task;
  const { immutable = [], bounds = {} } = request.options;
  const indexOf = new Map(subject.feature_names.map((name, at) => [name, at]));
  const { rows, count } = neededBackground(task).rows;
  const { size } = subject.layout;
  const isNeverNegative = (element: number): boolean =>
    !((instance[element] ?? 0) < 0) &&
    Array.from({ length: count }, (_, row) => rows[row * size + element] ?? 0).every(
      (value) => !(value < 0),
    );
  const limits = subject.feature_names.map((_, element): [number, number] => [
    isNeverNegative(element) ? 0 : -Number.MAX_VALUE,
    Number.MAX_VALUE,
  ]);
  for (const [name, bound] of Object.entries(bounds))
    limits[memberOf(indexOf, name, `options.bounds.${name}`)] = bound;
  const integers = subject.layout.ports.flatMap(({ type, offset, count }) =>
    type.startsWith("float") ? [] : Array.from({ length: count }, (_, at) => offset + at),
  );
  return {
    immutable: immutable.map((name) => memberOf(indexOf, name, "options.immutable")),
    integers,
    bounds: limits,
  };
}

/** Of the background by column; 1 for a column that does not vary there. */
function deviationsOf({ rows, count, weights }: Background, { layout }: Subject): Float64Array {
  return Float64Array.from({ length: layout.size }, (_, element) => {
    const at = (row: number): number => rows[row * layout.size + element] ?? 0;
    let mean = 0;
    for (let row = 0; row < count; row += 1) mean += (weights[row] ?? 0) * at(row);
    let variance = 0;
    for (let row = 0; row < count; row += 1)
      variance += (weights[row] ?? 0) * (at(row) - mean) ** 2;
    return variance > 0 ? Math.sqrt(variance) : 1;
  });
}

function estimateOf({ subject, target }: Task, flip: Flip) {
  const values = new Float64Array(subject.layout.size);
  if (flip.found) for (const { index, scaled } of flip.changes) values[index] = scaled;
  const prediction = flip.before.scores[target.index] ?? 0;
  return { base: 0, prediction, values, half_widths: null, rows: flip.rows };
}

function viewFlip({ subject, target }: Task, norm: "linf" | "l2", flip: Flip): Counterfactual {
  const from_class = classLabel(subject, flip.before.class);
  if (!flip.found)
    return {
      found: false,
      distance: null,
      norm,
      from_class,
      to_class: null,
      prediction: null,
      changes: [],
    };
  return {
    found: true,
    distance: flip.epsilon,
    norm,
    from_class,
    to_class: classLabel(subject, flip.after.class),
    prediction: flip.after.scores[target.index] ?? null,
    changes: flip.changes.map(({ index, from, to }) => ({
      feature_name: subject.feature_names[index] ?? "",
      from,
      to,
    })),
  };
}
