import { studentTQuantile } from "../../statistics/student-t.ts";
import { ExplainFault } from "../explain-fault.ts";
import { wholeOption } from "../segments/option-checks.ts";
import {
  normalEquations,
  ridge,
  type NormalEquations,
  type Observations,
  type RidgeFit,
} from "./normal-equations.ts";
import { SELECTIONS, selectFeatures, type Selection } from "./select-features.ts";

export type SurrogateOptions = Observations & {
  /** How many columns the surrogate keeps at most. */
  readonly features: number;
  readonly selection: Selection;
  /** The penalty of the squared coefficients, against sums weighted by `weights` as they are. */
  readonly alpha?: number;
};

export type Surrogate = {
  readonly intercept: number;
  /** One for each column, 0 for those that are left out. */
  readonly coefficients: Float64Array;
  /**
   * Half the width of a 95 % confidence interval of each coefficient, 0 for those that are left
   * out. It tells how far the sampling moves the fit with these columns, and nothing of how well a
   * line fits the model.
   */
  readonly half_widths: Float64Array;
  /** The weighted share of the scores' variance that the surrogate explains; 1 where they do not vary. */
  readonly r2: number;
  /** What the surrogate says of row 0. */
  readonly local_prediction: number;
};

/** All that is told of all samples is held at once: numbers. */
const MOST_NUMBERS = 2 ** 22;
/** So are the products of each two columns. */
const MOST_COLUMNS = 2 ** 11;
const MOST_SAMPLES = 100_000;

/**
 * The samples asked for, else as many of the `usual` ones as can be held. Throws `ExplainFault`
 * (option_invalid) for more than that, and for more columns than a surrogate can have.
 */
export function sampleCount(asked: number | undefined, usual: number, columns: number): number {
  if (columns > MOST_COLUMNS)
    throw new ExplainFault(
      "option_invalid",
      `a surrogate of ${columns} columns is too large, and ${MOST_COLUMNS} is the most: cut the input into segments, or use a method of gradients`,
      "method",
    );
  const most = Math.floor(MOST_NUMBERS / Math.max(1, columns));
  const samples = wholeOption("samples", asked ?? Math.min(usual, most), 2, MOST_SAMPLES);
  if (samples <= most) return samples;
  throw new ExplainFault(
    "option_invalid",
    `${samples} samples of ${columns} columns are ${samples * columns} numbers, and ${MOST_NUMBERS} is the most; ask for ${most} samples or fewer`,
    "samples",
  );
}

/**
 * The sparse linear model of LIME (Ribeiro, Singh and Guestrin 2016): columns are selected, then
 * fitted by weighted ridge regression. Row 0 of `design` is the instance. The intervals are of the
 * sandwich kind with leave-one-out residuals (HC3, MacKinnon and White 1985), which holds for
 * residuals of any variance, and Student's t with Kish's effective number of rows.
 * Throws `ExplainFault`: option_invalid (features, selection, alpha), value_invalid for a score that is not finite.
 */
export function fitSurrogate(options: SurrogateOptions): Surrogate {
  check(options);
  const { design, scores, features, selection, alpha = 1 } = options;
  const columns = design.length / scores.length;
  const equations = normalEquations(options);
  const instance = design.subarray(0, columns);
  const varies = scoresVary(equations, scores);
  const used = varies ? selectFeatures(equations, instance, features, selection) : [];
  const fit = ridge(equations, used, alpha);

  const coefficients = new Float64Array(columns);
  for (const [at, column] of used.entries()) coefficients[column] = fit.coefficients[at] ?? 0;
  let intercept = equations.means[columns] ?? 0;
  let local_prediction = 0;
  for (const column of used) {
    const coefficient = coefficients[column] ?? 0;
    intercept -= coefficient * (equations.means[column] ?? 0);
    local_prediction += coefficient * (instance[column] ?? 0);
  }
  local_prediction += intercept;
  const { half_widths, left } = uncertainty(options, equations, fit);
  const r2 = varies ? 1 - left / (equations.products.at(-1) ?? 0) : 1;
  return { intercept, coefficients, half_widths, r2, local_prediction };
}

/** Whether the scores that have a weight differ by more than the rounding of their mean. */
function scoresVary({ products, total_weight }: NormalEquations, scores: Float64Array): boolean {
  const largest = scores.reduce((most, score) => Math.max(most, Math.abs(score)), 0);
  return (products.at(-1) ?? 0) > total_weight * (1e-14 * largest) ** 2;
}

/** The half widths of the coefficients, and the weighted sum of squared residuals that is left. */
function uncertainty(
  { design, scores, weights }: Observations,
  { columns, means, total_weight }: NormalEquations,
  { used, coefficients, inverse }: RidgeFit,
): { half_widths: Float64Array; left: number } {
  const count = used.length;
  const centred = new Float64Array(count);
  const pull = new Float64Array(count);
  const variances = new Float64Array(count);
  let left = 0;
  let squaredWeights = 0;
  for (let row = 0; row < scores.length; row += 1) {
    const weight = weights[row] ?? 0;
    let residual = (scores[row] ?? 0) - (means[columns] ?? 0);
    for (let at = 0; at < count; at += 1) {
      const column = used[at] ?? 0;
      const value = (design[row * columns + column] ?? 0) - (means[column] ?? 0);
      centred[at] = value;
      residual -= value * (coefficients[at] ?? 0);
    }
    left += weight * residual * residual;
    squaredWeights += weight * weight;
    let leverage = 1 / total_weight;
    for (let at = 0; at < count; at += 1) {
      let sum = 0;
      for (let other = 0; other < count; other += 1)
        sum += (inverse[at * count + other] ?? 0) * (centred[other] ?? 0);
      pull[at] = sum;
      leverage += sum * (centred[at] ?? 0);
    }
    const leftOut = residual / Math.max(1 - weight * leverage, LEAST_FREEDOM);
    for (let at = 0; at < count; at += 1)
      variances[at] = (variances[at] ?? 0) + (weight * leftOut * (pull[at] ?? 0)) ** 2;
  }
  const effectiveRows = total_weight ** 2 / squaredWeights;
  const quantile = studentTQuantile(0.975, Math.max(1, effectiveRows - count - 1));
  const half_widths = new Float64Array(columns);
  for (const [at, column] of used.entries())
    half_widths[column] = quantile * Math.sqrt(variances[at] ?? 0);
  return { half_widths, left };
}

/** A row of leverage 1 has no residual, up to rounding; this keeps it at 0. */
const LEAST_FREEDOM = 1e-6;

function check({
  design,
  scores,
  weights,
  features,
  selection,
  alpha = 1,
}: SurrogateOptions): void {
  if (!Number.isSafeInteger(features) || features < 1)
    throw new ExplainFault(
      "option_invalid",
      `features is ${features}, and is to be the whole number of features to keep, 1 or more`,
      "features",
    );
  if (!SELECTIONS.includes(selection))
    throw new ExplainFault(
      "option_invalid",
      `selection '${selection}' is not known; take one of ${SELECTIONS.join(", ")}`,
      "selection",
    );
  if (!(alpha >= 0 && Number.isFinite(alpha)))
    throw new ExplainFault("option_invalid", `alpha is ${alpha}, and is to be 0 or more`, "alpha");
  if (
    !design.every(Number.isFinite) ||
    !weights.every((weight) => weight >= 0 && weight <= Number.MAX_VALUE)
  )
    throw new ExplainFault("value_invalid", "a perturbed row or its weight is not a finite number");
  const odd = scores.findIndex((score) => !Number.isFinite(score));
  if (odd >= 0)
    throw new ExplainFault(
      "value_invalid",
      `the model's score of perturbed row ${odd} is ${scores[odd]}, and only finite scores can be explained`,
    );
  if (!weights.some((weight) => weight > 0))
    throw new ExplainFault(
      "option_invalid",
      "every perturbed row is so far from the instance that its weight is 0; take a larger kernel_width",
      "kernel_width",
    );
}
