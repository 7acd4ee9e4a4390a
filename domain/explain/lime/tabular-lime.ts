import type { Random } from "../../statistics/random.ts";
import type { Estimate, Estimates } from "../estimate.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Background } from "../game.ts";
import { newRows, type RowLayout, type Rows } from "../rows.ts";
import type { Score } from "../score.ts";
import { namedOption, positiveOption, wholeOption } from "../segments/option-checks.ts";
import { DISCRETISERS, type Discretiser } from "./discretise.ts";
import { perturb, perturbationsOf, ruleFor, toldOfInstance } from "./perturbation.ts";
import type { Perturbation } from "./perturbation.ts";
import type { Selection } from "./select-features.ts";
import { fitSurrogate, sampleCount } from "./surrogate.ts";

export type TabularLimeOptions = {
  readonly random: Random;
  /** The row that is explained. */
  readonly instance: Rows;
  /** Rows that tell how the columns vary. */
  readonly training: Background;
  /** The class of each training row, which the discretiser "entropy" needs. */
  readonly labels?: ArrayLike<number>;
  /** Columns whose numbers are names; texts and truth values are such anyway. */
  readonly categorical?: readonly number[];
  readonly discretiser?: Discretiser;
  /** Rows that the model runs, with that of the instance; 5,000 by default, fewer of more than 838 columns. */
  readonly samples?: number;
  /** Columns that the surrogate keeps at most. */
  readonly features?: number;
  readonly selection?: Selection;
  /** Width of the exponential kernel, in units of the distance; 0.75 sqrt(columns) by default. */
  readonly kernel_width?: number;
  readonly distance?: RowDistance;
  /** Numbers that are not binned vary about the instance, and not about their mean. */
  readonly sample_around_instance?: boolean;
};

/** How far a row is from the instance, both as the surrogate is told of them. */
export type RowDistance = "euclidean" | "manhattan" | "cosine";

const SAMPLES = 5_000;
const FEATURES = 10;
/** Shares of the samples after which there is an estimate. */
const STAGES = [0.1, 0.2, 0.4, 1];

/**
 * LIME for tables (Ribeiro, Singh and Guestrin 2016): a sparse linear model of what is told of
 * perturbed rows, fitted to their scores, those near the instance counting most. `values` are its
 * coefficients times what it is told of the instance (1 for a bin or a category) and `base` is its
 * intercept; they add up to `fit.local_prediction`, and not to the prediction. The intervals are of
 * the sampling, as `fitSurrogate` says. The first rows of a longer run are those of a shorter one.
 * Throws `ExplainFault`: option_invalid, background_missing, value_invalid (no finite number).
 */
export async function* tabularLime(
  score: Score,
  layout: RowLayout,
  options: TabularLimeOptions,
): Estimates {
  const { random, instance, selection = "auto" } = options;
  const { size } = layout;
  const features = wholeOption("features", options.features ?? FEATURES, 1);
  const samples = sampleCount(options.samples, SAMPLES, size);
  const distanceOf = namedOption("distance", DISTANCES, options.distance ?? "euclidean");
  const width = positiveOption("kernel_width", options.kernel_width ?? 0.75 * Math.sqrt(size));
  const perturbations = checkedPerturbations(layout, options);

  const rows = newRows(layout, samples);
  const design = new Float64Array(samples * size);
  rows.set(instance.subarray(0, size));
  for (const [column, perturbation] of perturbations.entries())
    design[column] = toldOfInstance(perturbation, instance[column] ?? 0);
  const scores = new Float64Array(samples);
  const weights = new Float64Array(samples).fill(1, 0, 1);
  const own = design.subarray(0, size);
  let from = 0;
  for (const to of stagesOf(samples)) {
    perturbRows(perturbations, random, rows, design, Math.max(from, 1), to);
    for (let row = Math.max(from, 1); row < to; row += 1)
      weights[row] = Math.exp(-((distanceOf(design, row * size, own) / width) ** 2) / 2);
    scores.set(await score(rows.subarray(from * size, to * size), to - from), from);
    const surrogate = fitSurrogate({
      design: design.subarray(0, to * size),
      scores: scores.subarray(0, to),
      weights: weights.subarray(0, to),
      features,
      selection,
    });
    yield estimateFrom(surrogate, own, scores[0] ?? 0, to);
    from = to;
  }
}

/**
 * What is so of the instance in each column, as `tabularLime` with these options takes it:
 * "11.7 < mean radius <= 13.4", "colour = red". Throws `ExplainFault` as that does.
 */
export function tabularRules(
  layout: RowLayout,
  feature_names: readonly string[],
  options: Omit<TabularLimeOptions, "random">,
): string[] {
  const texts = layout.ports.flatMap(({ categories, count }) =>
    Array.from({ length: count }, (_, at) => categories?.[at]),
  );
  return checkedPerturbations(layout, options).map((perturbation, column) => {
    const value = options.instance[column] ?? 0;
    const name = feature_names[column] ?? `column ${column}`;
    return ruleFor(perturbation, name, value, texts[column]?.[value]);
  });
}

const stagesOf = (samples: number): number[] => [
  ...new Set(STAGES.map((share) => Math.max(2, Math.round(share * samples)))),
];

function perturbRows(
  perturbations: readonly Perturbation[],
  random: Random,
  rows: Rows,
  design: Float64Array,
  from: number,
  to: number,
): void {
  let at = from * perturbations.length;
  for (let row = from; row < to; row += 1)
    for (const perturbation of perturbations) {
      perturb(perturbation, random.uniform(), rows, design, at);
      at += 1;
    }
}

function estimateFrom(
  { intercept, coefficients, half_widths, r2, local_prediction }: ReturnType<typeof fitSurrogate>,
  own: Float64Array,
  prediction: number,
  rows: number,
): Estimate {
  return {
    base: intercept,
    prediction,
    values: coefficients.map((coefficient, column) => coefficient * (own[column] ?? 0)),
    half_widths: half_widths.map((half, column) => half * Math.abs(own[column] ?? 0)),
    rows,
    fit: { intercept, local_prediction, r2 },
  };
}

/** From the row of `design` at `at` to the instance. */
const DISTANCES: Record<
  RowDistance,
  (design: Float64Array, at: number, own: Float64Array) => number
> = {
  euclidean(design, at, own) {
    let squares = 0;
    for (let column = 0; column < own.length; column += 1)
      squares += ((design[at + column] ?? 0) - (own[column] ?? 0)) ** 2;
    return Math.sqrt(squares);
  },
  manhattan(design, at, own) {
    let sum = 0;
    for (let column = 0; column < own.length; column += 1)
      sum += Math.abs((design[at + column] ?? 0) - (own[column] ?? 0));
    return sum;
  },
  cosine(design, at, own) {
    let [product, squares, ownSquares] = [0, 0, 0];
    for (let column = 0; column < own.length; column += 1) {
      const [told, of] = [design[at + column] ?? 0, own[column] ?? 0];
      product += told * of;
      squares += told ** 2;
      ownSquares += of ** 2;
    }
    return squares > 0 && ownSquares > 0 ? 1 - product / Math.sqrt(squares * ownSquares) : 1;
  },
};

function checkedPerturbations(
  layout: RowLayout,
  options: Omit<TabularLimeOptions, "random">,
): Perturbation[] {
  const { instance, training, labels, categorical = [] } = options;
  const { discretiser = "quartile", sample_around_instance = false } = options;
  namedOption("discretiser", DISCRETISERS, discretiser);
  if (sample_around_instance && discretiser !== "none")
    throw new ExplainFault(
      "option_invalid",
      `sample_around_instance goes with the discretiser 'none' only, and this is '${discretiser}'`,
      "sample_around_instance",
    );
  for (const column of categorical) wholeOption("categorical", column, 0, layout.size - 1);
  if (labels !== undefined && labels.length !== training.count)
    throw new ExplainFault(
      "option_invalid",
      `there are ${labels.length} labels for ${training.count} training rows`,
      "labels",
    );
  checkTraining(layout, training);
  checkFinite(instance, layout.size, "the instance", "instance");
  return perturbationsOf(layout, {
    instance,
    training,
    categorical,
    discretiser,
    sample_around_instance,
    ...(labels === undefined ? {} : { labels }),
  });
}

function checkTraining({ size }: RowLayout, { rows, count, weights }: Background): void {
  if (!weights.subarray(0, count).some((weight) => weight > 0))
    throw new ExplainFault(
      "background_missing",
      "LIME for tables needs training rows, which tell how each feature varies, and there are none",
    );
  checkFinite(rows, count * size, "the training rows", "training");
}

function checkFinite(rows: Rows, length: number, of: string, field: string): void {
  for (let at = 0; at < length; at += 1)
    if (!Number.isFinite(rows[at] ?? Number.NaN))
      throw new ExplainFault(
        "value_invalid",
        `number ${at} of ${of} is ${rows[at]}; LIME takes finite numbers only, so fill missing values in first`,
        field,
      );
}
