import { writeModel } from "../../onnx/codec/onnx-file.ts";
import { gradientName } from "../../onnx/gradient/differentiate.ts";
import type { Model } from "../../onnx/model.ts";
import { optimiseGraph } from "../../onnx/rewrite/optimise-graph.ts";
import { openModel, type Runtime } from "../../onnx/runtime.ts";
import { numberAt } from "../../onnx/scores.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import { ExplainFault } from "../explain-fault.ts";
import { feedsOf, newRows, type RowLayout, type Rows } from "../rows.ts";
import type { Target } from "../score.ts";
import { gradientGraph, rowModel, type GradientGraph } from "./gradient-graph.ts";

/** What is explained of rows, and how it changes with each of their numbers. */
export type ScoreGradient = {
  /** The scores of `count` rows, and of each its gradient: `count` x `layout.size`, laid out as the rows. */
  run(rows: Rows, count: number): Promise<{ scores: Float64Array; gradients: Rows }>;
  /**
   * The same of another number of the output, or of a weighted sum of its numbers (a margin is 1 and
   * -1), by the same session: only one of them has to be released.
   */
  of(weights: ReadonlyMap<number, number>): ScoreGradient;
  release(): void | Promise<void>;
};

export type ScoreGradientOptions = {
  /** Told of the rows of each run. */
  ran?: (rows: number) => void;
};

/** Numbers that a run may hold: few enough for a Worker's heap and for caches, many enough that a run's fixed cost vanishes. */
const MOST_NUMBERS = 2 ** 21;
const MOST_ROWS = 4_096;

/**
 * Opens the gradient of a target with respect to all inputs of a model, one graph that makes both.
 * Rows must not see each other in the model. At kinks the slope is that of the flat or lower side.
 * Throws `ExplainFault`: gradient_missing for an input that is no floats and for an operator
 * without a slope (trees, ArgMax), target_unknown for an output or an element that is not there.
 * A run throws value_invalid where the score or a slope is no finite number.
 */
export async function openScoreGradient(
  runtime: Runtime,
  model: Model,
  layout: RowLayout,
  target: Target,
  options: ScoreGradientOptions = {},
): Promise<ScoreGradient> {
  refuseOthersThanFloats(layout);
  const { ran } = options;
  const tensors = layout.ports.map(({ name }) => name);
  const ready = rowModel(await optimiseGraph(model), layout);
  const graph = gradientGraph(ready, target.output, { tensors, profile: runtime.profile });
  const weights = weightsOf(graph, target.output, new Map([[target.index, 1]]));
  const open = await openModel(runtime, writeModel(graph.model));
  const names = [graph.score, ...tensors.map(gradientName)];
  const most = Math.floor(MOST_NUMBERS / Math.max(graph.numbers_each, layout.size));
  const step = graph.fixed_batch ?? Math.max(1, Math.min(MOST_ROWS, most));

  const withWeights = (weights: Tensor): ScoreGradient => ({
    async run(rows, count) {
      const scores = new Float64Array(count);
      const gradients = newRows(layout, count);
      for (let from = 0; from < count; from += step) {
        const to = Math.min(from + step, count);
        const feeds = feedsOf(layout, rows, from, to, graph.fixed_batch);
        const found = await open.run({ ...feeds, [graph.weights]: weights }, names);
        ran?.(to - from);
        takeScores(scores, found[graph.score], target, from, to);
        takeGradients(gradients, found, layout, from, to);
      }
      return { scores, gradients };
    },
    of: (weights) => withWeights(weightsOf(graph, target.output, weights)),
    release: () => open.release(),
  });
  return withWeights(weights);
}

function refuseOthersThanFloats({ ports }: RowLayout): void {
  for (const { name, type } of ports)
    if (type !== "float32" && type !== "float64" && type !== "float16")
      throw new ExplainFault(
        "gradient_missing",
        `input '${name}' takes ${type}, which has no gradient: use a method without gradients (kernel, permutation, lime)`,
        name,
      );
}

/** What the input of weights is fed. Throws `ExplainFault` (target_unknown) for a number that the output does not have. */
export function weightsOf(
  { width }: GradientGraph,
  output: string,
  weights: ReadonlyMap<number, number>,
): Tensor {
  const data = new Float32Array(width);
  for (const [index, weight] of weights) {
    if (!(Number.isInteger(index) && index >= 0 && index < width))
      throw new ExplainFault(
        "target_unknown",
        `output '${output}' has ${width} values a row, from 0 to ${width - 1}, and no ${index}`,
        "target.index",
      );
    data[index] = weight;
  }
  return { type: "float32", dims: [width, 1], data };
}

function takeScores(
  scores: Float64Array,
  found: Tensor | undefined,
  { output }: Target,
  from: number,
  to: number,
): void {
  if (found === undefined || found.data.length < to - from)
    throw new ExplainFault(
      "method_unsupported",
      `output '${output}' has not a row for each of ${to - from} rows of input`,
    );
  for (let row = from; row < to; row += 1) {
    const score = numberAt(found, row - from);
    if (!Number.isFinite(score))
      throw new ExplainFault(
        "value_invalid",
        `'${output}' is ${score} for a row that is explained`,
      );
    scores[row] = score;
  }
}

function takeGradients(
  gradients: Rows,
  found: Readonly<Record<string, Tensor>>,
  layout: RowLayout,
  from: number,
  to: number,
): void {
  const { ports, size } = layout;
  for (const { name, offset, count } of ports) {
    const tensor = found[gradientName(name)];
    if (tensor === undefined) throw new Error(`no gradient of '${name}'`);
    for (let at = 0; at < (to - from) * count; at += 1) {
      const slope = numberAt(tensor, at);
      const element = at % count;
      if (!Number.isFinite(slope))
        throw new ExplainFault(
          "value_invalid",
          `the gradient with respect to element ${element} of '${name}' is ${slope}`,
          name,
        );
      gradients[(from + Math.floor(at / count)) * size + offset + element] = slope;
    }
  }
}
