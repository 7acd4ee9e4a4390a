import type { Random } from "../../statistics/random.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { RowLayout, Rows } from "../rows.ts";
import type { AllowedOptions, ElementChange } from "./allowed-changes.ts";
import type { ClassScores } from "./class-scores.ts";
import type { ScoreGradient } from "./score-gradient.ts";

export type Classifier = {
  layout: RowLayout;
  /** How many scores a row has: one for each class, or a single one, whose class is 1 from `threshold` on and 0 below. */
  scores_each: number;
  /** 0.5 for a probability, 0 for a logit; for a single score. */
  threshold: number;
  scores: ClassScores;
  /** Of the same output, whatever its target. */
  gradient: ScoreGradient;
};

export type FlipOptions = AllowedOptions & {
  random: Random;
  /** The class to flip to; by default any other, by way of the `rivals` (3) that score the highest. */
  to_class?: number;
  rivals?: number;
  /** The greatest change that is tried, in units of `scale`. */
  max_epsilon: number;
  /** Steps of a climb (20), and climbs for each size of change (3). */
  steps?: number;
  restarts?: number;
  /** How precisely the smallest size is searched for, as a share of it (0.01). */
  precision?: number;
  /** How much greater the change may get so that fewer features have to change, as a share of it (0). */
  slack?: number;
};

export type ScoredClass = { class: number; scores: Float64Array };

export type Flip = {
  before: ScoredClass;
  /** Rows that the model has run, with and without gradients. */
  rows: number;
} & (
  | { found: false }
  | {
      found: true;
      /** The size of the change, in units of `scale`: no smaller one was found, though there may be one. */
      epsilon: number;
      row: Rows;
      /** The greatest first. */
      changes: ElementChange[];
      after: ScoredClass;
    }
);

export const FLIP_DEFAULTS = { rivals: 3, steps: 20, restarts: 3, precision: 0.01, slack: 0 };

export type FullOptions = FlipOptions & typeof FLIP_DEFAULTS;

/** The class that a row's scores name; the first of equal ones. */
export function scoredClass(
  { scores_each, threshold }: Classifier,
  scores: Float64Array,
): ScoredClass {
  if (!scores.every(Number.isFinite))
    throw new ExplainFault(
      "value_invalid",
      "the model's scores of the instance, or of a change of it, are not finite",
    );
  if (scores_each === 1) return { class: (scores[0] ?? 0) >= threshold ? 1 : 0, scores };
  let best = 0;
  for (const [at, score] of scores.entries()) if (score > (scores[best] ?? 0)) best = at;
  return { class: best, scores };
}

export function rivalsOf(
  { scores_each }: Classifier,
  before: ScoredClass,
  { to_class, rivals }: { to_class?: number; rivals: number },
): number[] {
  const classes = Math.max(2, scores_each);
  if (to_class === undefined)
    return Array.from({ length: classes }, (_, at) => at)
      .filter((at) => at !== before.class)
      .sort((a, b) => (before.scores[b] ?? 0) - (before.scores[a] ?? 0))
      .slice(0, rivals);
  if (!(Number.isInteger(to_class) && to_class >= 0 && to_class < classes))
    throw new ExplainFault(
      "target_unknown",
      `there is no class ${to_class}: the classes are 0 to ${classes - 1}`,
      "target_class",
    );
  if (to_class === before.class)
    throw new ExplainFault(
      "option_invalid",
      `the model gives class ${to_class} already: name another to flip to`,
      "target_class",
    );
  return [to_class];
}

export function checkOptions(options: FullOptions): void {
  const { max_epsilon, precision, slack } = options;
  const refuse = (name: string, found: number, expected: string): never => {
    throw new ExplainFault(
      "option_invalid",
      `'${name}' is ${found}, and is to be ${expected}`,
      name,
    );
  };
  if (!(max_epsilon > 0 && max_epsilon < Infinity))
    refuse("max_epsilon", max_epsilon, "greater than 0, in units of 'scale'");
  if (!(precision > 0 && precision < 1)) refuse("precision", precision, "between 0 and 1");
  if (!(slack >= 0 && slack < Infinity)) refuse("slack", slack, "0 or more");
  for (const name of ["rivals", "steps", "restarts"] as const)
    if (!(Number.isInteger(options[name]) && options[name] >= 1))
      refuse(name, options[name], "a whole number of at least 1");
}
