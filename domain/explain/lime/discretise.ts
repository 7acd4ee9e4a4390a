import { ExplainFault } from "../explain-fault.ts";
import { entropyBounds } from "./entropy-bounds.ts";
import { weightedQuantile, type TrainingColumn } from "./training-column.ts";

/** How a column of numbers is cut into bins; "none" leaves it as it is. */
export const DISCRETISERS = { quartile: 4, decile: 10, entropy: null, none: null } as const;
export type Discretiser = keyof typeof DISCRETISERS;

/**
 * The numbers between the bins of a column, ascending, each of which belongs to the bin below it.
 * `labels` are the classes of the training rows, which "entropy" needs.
 * Throws `ExplainFault` (option_invalid) where they are missing.
 */
export function binBounds(
  column: TrainingColumn,
  discretiser: Exclude<Discretiser, "none">,
  labels?: ArrayLike<number>,
): Float64Array {
  const parts = DISCRETISERS[discretiser];
  if (parts !== null)
    return distinct(
      Array.from({ length: parts - 1 }, (_, at) => weightedQuantile(column, (at + 1) / parts)),
    );
  if (labels === undefined)
    throw new ExplainFault(
      "option_invalid",
      "the discretiser 'entropy' needs the classes of the training rows, and there are none; take 'quartile'",
      "discretiser",
    );
  const bounds = entropyBounds(column, labels);
  return distinct(bounds.length > 0 ? bounds : [weightedQuantile(column, 0.5)]);
}

const distinct = (ascending: readonly number[]): Float64Array =>
  Float64Array.from(ascending.filter((bound, at) => bound !== ascending[at - 1]));

/** The bin of a value, from 0 to the number of bounds. */
export function binOf(bounds: Float64Array, value: number): number {
  let bin = 0;
  while (bin < bounds.length && (bounds[bin] ?? 0) < value) bin += 1;
  return bin;
}

/** Digits of a bound in a rule, where they suffice. */
const FEWEST_DIGITS = 3;
const MOST_DIGITS = 17;

/**
 * What is so of a value in its bin, such as "11.7 < mean radius <= 13.4". The bounds are rounded
 * to three digits, or to as many as it takes for the rule to be true of the value.
 */
export function ruleOf(name: string, bounds: Float64Array, value: number): string {
  const bin = binOf(bounds, value);
  for (let digits = FEWEST_DIGITS; ; digits += 1) {
    const low = rounded(bounds[bin - 1], digits) ?? -Infinity;
    const high = rounded(bounds[bin], digits) ?? Infinity;
    if (!(low < value && value <= high) && digits < MOST_DIGITS) continue;
    if (high === Infinity) return `${name} > ${low}`;
    return low === -Infinity ? `${name} <= ${high}` : `${low} < ${name} <= ${high}`;
  }
}

const rounded = (bound: number | undefined, digits: number): number | undefined =>
  bound === undefined ? undefined : Number(bound.toPrecision(digits));
