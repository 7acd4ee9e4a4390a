import { normalCdf, normalQuantile } from "../../statistics/normal.ts";
import type { Background } from "../game.ts";
import type { ElementType } from "../../tensors/tensor.ts";
import type { RowLayout, Rows } from "../rows.ts";
import { binBounds, binOf, ruleOf, type Discretiser } from "./discretise.ts";
import { spreadOf, trainingColumn, type Spread, type TrainingColumn } from "./training-column.ts";

/**
 * How one column is perturbed, and told to the surrogate. A category or a bin is drawn with its
 * share of the training rows and told as 1 where it is the instance's, else 0. A value in a bin
 * comes from the normal distribution with the mean and the deviation of the bin's training values,
 * cut off at the bin's ends. A number that is not binned comes from the normal distribution of its
 * column and is told in standard deviations from the mean.
 */
export type Perturbation =
  | { readonly kind: "category"; readonly chances: Chances; readonly values: Float64Array }
  | {
      readonly kind: "bin";
      readonly chances: Chances;
      readonly bins: readonly Bin[];
      readonly bounds: Float64Array;
    }
  | {
      readonly kind: "number";
      readonly mean: number;
      readonly deviation: number;
      /** What the draws are centred on. */
      readonly centre: number;
      readonly range: Range;
    };

/** Places to land on, and which of them is the instance's (-1 where it has none). */
type Chances = {
  readonly shares: Float64Array;
  /** The sum of the shares before each. */
  readonly starts: Float64Array;
  readonly own: number;
};

/** What a drawn value may be; `whole` where the input takes whole numbers. */
type Range = { readonly low: number; readonly high: number; readonly whole: boolean };

type Bin = {
  readonly mean: number;
  readonly deviation: number;
  readonly range: Range;
  /** Between these two lie the probabilities of the normal distribution that fall into the bin. */
  readonly below: number;
  readonly within: number;
};

export type PerturbationOptions = {
  readonly instance: Rows;
  readonly training: Background;
  readonly labels?: ArrayLike<number>;
  readonly categorical?: readonly number[];
  readonly discretiser: Discretiser;
  readonly sample_around_instance: boolean;
};

/** One for each number of a row. Texts and truth values are categories, whether named or not. */
export function perturbationsOf(layout: RowLayout, options: PerturbationOptions): Perturbation[] {
  const { instance, training, labels, discretiser } = options;
  const types = layout.ports.flatMap(({ type, count }) =>
    Array.from({ length: count }, () => type),
  );
  const categories = new Set(options.categorical);
  return Array.from({ length: layout.size }, (_, index) => {
    const column = trainingColumn(layout, training, index);
    const value = instance[index] ?? 0;
    const type = types[index] ?? "float64";
    if (categories.has(index) || type === "string" || type === "bool")
      return categoryOf(column, value);
    const range = rangeOf(type);
    if (discretiser !== "none")
      return binsOf(column, binBounds(column, discretiser, labels), value, range.whole);
    const { mean, deviation } = spreadOf(column, 0, column.values.length);
    const centre = options.sample_around_instance ? value : mean;
    return { kind: "number", mean, deviation, centre, range };
  });
}

/** The numbers of a type, as far as a double counts them one by one. */
function rangeOf(type: ElementType): Range {
  const [, unsigned, bits] = /^(u?)int(\d+)$/u.exec(type) ?? [];
  if (bits === undefined) return { low: -Infinity, high: Infinity, whole: false };
  const size = 2 ** Math.min(Number(bits), 53);
  return unsigned === "u"
    ? { low: 0, high: size - 1, whole: true }
    : { low: -size / 2, high: size / 2 - 1, whole: true };
}

function categoryOf({ values, weights }: TrainingColumn, value: number): Perturbation {
  const starts = [...values.keys()].filter((at) => at === 0 || values[at] !== values[at - 1]);
  const different = Float64Array.from(starts, (at) => values[at] ?? 0);
  const weightsOf = starts.map((from, at) =>
    weights.subarray(from, starts[at + 1]).reduce((sum, weight) => sum + weight, 0),
  );
  return {
    kind: "category",
    chances: chancesOf(weightsOf, different.indexOf(value)),
    values: different,
  };
}

function binsOf(
  column: TrainingColumn,
  bounds: Float64Array,
  value: number,
  whole: boolean,
): Perturbation {
  const { values } = column;
  const edges = [values[0] ?? 0, ...bounds, values.at(-1) ?? 0];
  const starts = [0, ...Array.from(bounds, (bound) => firstAbove(values, bound)), values.length];
  const spreads = Array.from({ length: bounds.length + 1 }, (_, bin) =>
    spreadOf(column, starts[bin] ?? 0, starts[bin + 1] ?? 0),
  );
  const bins = spreads.map((spread, bin): Bin => {
    const [low = 0, high = 0] = edges.slice(bin, bin + 2);
    if (!whole) return binFrom(spread, { low, high, whole });
    // A bound belongs to the bin below it, and a whole number that is drawn has to stay in its bin.
    return binFrom(spread, {
      low: bin === 0 ? low : Math.floor(low) + 1,
      high: Math.floor(high),
      whole,
    });
  });
  const weights = spreads.map(({ weight }) => weight);
  return { kind: "bin", chances: chancesOf(weights, binOf(bounds, value)), bins, bounds };
}

function firstAbove(ascending: Float64Array, bound: number): number {
  const at = ascending.findIndex((value) => value > bound);
  return at < 0 ? ascending.length : at;
}

/** A bin without training values, on which only rounding lands, stands for its middle. */
function binFrom({ weight, mean, deviation }: Spread, range: Range): Bin {
  if (deviation === 0) {
    const only = weight > 0 ? mean : (range.low + range.high) / 2;
    return { mean: only, deviation, range, below: 0, within: 0 };
  }
  // Rounding brings half a unit on either side to a whole number.
  const margin = range.whole ? 0.5 : 0;
  const below = normalCdf((range.low - margin - mean) / deviation);
  const within = normalCdf((range.high + margin - mean) / deviation) - below;
  return { mean, deviation, range, below, within };
}

function chancesOf(weights: readonly number[], own: number): Chances {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let before = 0;
  const starts = Float64Array.from(weights, (weight) => {
    before += weight;
    return (before - weight) / total;
  });
  return { shares: Float64Array.from(weights, (weight) => weight / total), starts, own };
}

/** What the surrogate is told of the instance itself. */
export const toldOfInstance = (perturbation: Perturbation, value: number): number =>
  perturbation.kind === "number" ? standardised(perturbation, value) : 1;

/** A column that does not vary in training is told as the plain difference. */
const standardised = (
  { mean, deviation }: { mean: number; deviation: number },
  value: number,
): number => (value - mean) / (deviation > 0 ? deviation : 1);

/**
 * Draws the number at `at` into `rows`, and what the surrogate is told of it into `design`.
 * `chance`, strictly between 0 and 1, decides all: the place by the share that it falls into, and
 * the value there by where in the share.
 */
export function perturb(
  perturbation: Perturbation,
  chance: number,
  rows: Rows,
  design: Float64Array,
  at: number,
): void {
  if (perturbation.kind === "number") {
    const { centre, deviation, range } = perturbation;
    const value = kept(centre + deviation * normalQuantile(chance), range);
    rows[at] = value;
    design[at] = standardised(perturbation, value);
    return;
  }
  const { shares, starts, own } = perturbation.chances;
  let place = 0;
  while (place + 1 < starts.length && (starts[place + 1] ?? 1) <= chance) place += 1;
  design[at] = place === own ? 1 : 0;
  if (perturbation.kind === "category") {
    rows[at] = perturbation.values[place] ?? 0;
    return;
  }
  const bin = perturbation.bins[place];
  const part = (chance - (starts[place] ?? 0)) / (shares[place] ?? 1);
  if (bin !== undefined) rows[at] = valueIn(bin, part);
}

/** The value below which lies the share `part` of the bin's distribution. */
function valueIn({ mean, deviation, range, below, within }: Bin, part: number): number {
  if (!(within > 0)) return mean;
  const probability = Math.min(Math.max(below + part * within, Number.MIN_VALUE), LAST_BELOW_ONE);
  return kept(mean + deviation * normalQuantile(probability), range);
}

const kept = (value: number, { low, high, whole }: Range): number =>
  Math.min(Math.max(whole ? Math.round(value) : value, low), high);

const LAST_BELOW_ONE = 1 - 2 ** -53;

/** What is so of the instance in this column, as far as the surrogate is told. */
export function ruleFor(
  perturbation: Perturbation,
  name: string,
  value: number,
  category: string | undefined,
): string {
  return perturbation.kind === "bin"
    ? ruleOf(name, perturbation.bounds, value)
    : `${name} = ${category ?? Number(value.toPrecision(7))}`;
}
