import { writeModel } from "../../onnx/codec/onnx-file.ts";
import type { Model } from "../../onnx/model.ts";
import { openModel, type OpenModel, type Runtime } from "../../onnx/runtime.ts";
import { float16Value } from "../../onnx/tensors.ts";
import { seededRandom } from "../../statistics/random.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import type { Estimates } from "../estimate.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Background, Groups } from "../game.ts";
import { feedsFromRows, newRows, type RowLayout, type Rows } from "../rows.ts";
import { ownersOf, refuseOddNumbers } from "../gradients/each-gradient.ts";
import type { Target } from "../score.ts";
import { shuffle } from "../shap/shuffle.ts";
import { secantGraph, type SecantGraph } from "./secant-graph.ts";
import { WeightedMeans } from "./weighted-means.ts";

export type DeepShapOptions = {
  /** Which elements share a value; by default each has its own. One that no player has stays the instance's. */
  groups?: Groups;
  /**
   * What the half widths are about. `background`: the value for the background as it is, which is
   * exact once all its rows have run. `population`: that of all rows from which the background's
   * were drawn at random, for a background that is such a sample.
   */
  interval?: "background" | "population";
};

/** A model that is ready to be explained by Deep SHAP, any number of times. */
export type DeepShap = {
  explain: (instance: Rows, background: Background, options?: DeepShapOptions) => Estimates;
  release: () => void | Promise<void>;
};

/** Rows of the first run; those after it double what has run. */
const FIRST_ROWS = 32;
const MOST_ROWS = 512;
/** Input elements of a run, so that its activations fit the memory. */
const MOST_NUMBERS = 2 ** 18;

/**
 * Deep SHAP (Lundberg and Lee 2017, section 4.2; multipliers by DeepLIFT's rescale rule): the mean
 * over the background's rows of multiplier times difference, from two passes and one backward pass
 * of a graph that is made once. The values and the base add up to the prediction, for the rows so
 * far as for all. Rows are taken in a shuffled order that is always the same.
 *
 * A half width is Student's t times the standard error of the weighted mean over the rows so far;
 * about the background itself, with the correction for a finite population, down to 0.
 *
 * Throws `ExplainFault` (method_unsupported) for an operator that no change can be followed through.
 */
export async function openDeepShap(
  runtime: Runtime,
  model: Model,
  layout: RowLayout,
  target: Target,
  { ran }: { ran?: (rows: number) => void } = {},
): Promise<DeepShap> {
  const graph = secantGraph(model, layout, target, runtime.profile);
  const open = await openModel(runtime, writeModel(graph.model));
  const secants: Secants = { open, graph, layout, ...(ran === undefined ? {} : { ran }) };
  return {
    explain: (instance, background, options = {}) =>
      estimatesOf(secants, instance, background, options),
    release: () => open.release(),
  };
}

type Secants = {
  open: OpenModel;
  graph: SecantGraph;
  layout: RowLayout;
  ran?: (rows: number) => void;
};

async function* estimatesOf(
  secants: Secants,
  instance: Rows,
  background: Background,
  { groups, interval = "background" }: DeepShapOptions,
): Estimates {
  const { layout } = secants;
  check(layout, instance, background);
  const owned = ownersOf(layout, groups);
  const { players } = owned;
  const values = new WeightedMeans(players);
  const bases = new WeightedMeans(1);
  const order = shuffledRows(background.count);
  const most = Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_NUMBERS / layout.size)));
  while (values.rows < order.length) {
    const from = values.rows;
    const rows = order.subarray(from, from + Math.min(Math.max(FIRST_ROWS, from), most));
    const found = await runSecants(secants, instance, background, rows, owned);
    for (const [at, row] of rows.entries()) {
      const weight = background.weights[row] ?? 0;
      values.add(found.values.subarray(at * players, (at + 1) * players), weight);
      bases.add(found.scores.subarray(at, at + 1), weight);
    }
    yield {
      base: bases.means()[0] ?? 0,
      prediction: found.prediction,
      values: values.means(),
      half_widths: values.halfWidths(interval === "background" ? background.count : Infinity),
      rows: 2 * values.rows,
    };
  }
}

function check(layout: RowLayout, instance: Rows, background: Background): void {
  const { size } = layout;
  const { rows, count } = background;
  if (count === 0)
    throw new ExplainFault("background_missing", "Deep SHAP compares with a background: give rows");
  if (instance.length !== size || rows.length < count * size)
    throw new ExplainFault(
      "value_invalid",
      `the instance is to have ${size} numbers and has ${instance.length}, the background's ${count} rows as many each`,
    );
  refuseOddNumbers(layout, instance, 1);
  refuseOddNumbers(layout, background.rows, background.count);
}

/** The rows' indices in an order that depends on nothing but their number, so that those so far are a sample. */
const shuffledRows = (count: number): Int32Array =>
  shuffle(
    Int32Array.from({ length: count }, (_, row) => row),
    seededRandom(`rows of a background of ${count}`),
  );

/** What each of some rows of a background contributes, a number for each player, and its score. */
type Contributions = { values: Float64Array; scores: Float64Array; prediction: number };

async function runSecants(
  { open, graph, layout, ran }: Secants,
  instance: Rows,
  background: Background,
  rows: Int32Array,
  { players, owners }: ReturnType<typeof ownersOf>,
): Promise<Contributions> {
  const { size } = layout;
  const count = rows.length;
  const instances = newRows(layout, count);
  const references = newRows(layout, count);
  for (const [at, row] of rows.entries()) {
    instances.set(instance, at * size);
    references.set(background.rows.subarray(row * size, (row + 1) * size), at * size);
  }
  for (const [element, owner] of owners.entries())
    if (owner < 0)
      for (let at = 0; at < count; at += 1)
        references[at * size + element] = instance[element] ?? 0;

  const feeds = feedsFromRows(layout, instances, 0, count);
  for (const [name, tensor] of Object.entries(feedsFromRows(layout, references, 0, count)))
    feeds[graph.references.get(name) ?? name] = tensor;
  const outputs = await open.run(feeds);
  ran?.(2 * count);

  const values = new Float64Array(count * players);
  for (const port of layout.ports) {
    const name = graph.multipliers.get(port.name) ?? "";
    const multipliers = numbersOf(outputs, name, count * port.count);
    for (let at = 0; at < multipliers.length; at += 1) {
      const row = Math.floor(at / port.count);
      const element = port.offset + (at % port.count);
      const owner = owners[element] ?? -1;
      if (owner < 0) continue;
      const change =
        (instances[row * size + element] ?? 0) - (references[row * size + element] ?? 0);
      const slot = row * players + owner;
      values[slot] = (values[slot] ?? 0) + (multipliers[at] ?? 0) * change;
    }
  }
  const scores = numbersOf(outputs, graph.reference_score, count);
  const [prediction = 0] = numbersOf(outputs, graph.score, count);
  if (![values, scores, [prediction]].every((numbers) => numbers.every(Number.isFinite)))
    throw new ExplainFault(
      "method_unsupported",
      "Deep SHAP met a number that is not finite on its way through the model: take 'permutation' or 'kernel'",
    );
  return { values, scores, prediction };
}

function numbersOf(
  outputs: Readonly<Record<string, Tensor>>,
  name: string,
  count: number,
): Float64Array {
  const { type, data } = outputs[name] ?? { type: "float32", data: new Float32Array() };
  if (data.length !== count)
    throw new ExplainFault(
      "method_unsupported",
      `the model gives ${data.length} numbers for ${count} of its rows: the target is to have one for each`,
    );
  const numbers = Float64Array.from<unknown>(data, Number);
  return type === "float16" ? numbers.map(float16Value) : numbers;
}
