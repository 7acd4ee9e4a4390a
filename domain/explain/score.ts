import { isFloats } from "../onnx/scores.ts";
import { float16Value } from "../onnx/tensors.ts";
import type { OpenModel } from "../onnx/runtime.ts";
import { countOf, type Tensor } from "../tensors/tensor.ts";
import { ExplainFault } from "./explain-fault.ts";
import { feedsFromRows, type RowLayout, type Rows } from "./rows.ts";

/** The number that is explained, for each of `count` rows. */
export type Score = (rows: Rows, count: number) => Promise<Float64Array>;

/** One number of a model's answer: an element of an output of floats, counted without the axis of rows. */
export type Target = { readonly output: string; readonly index: number };

/** Rows of one run: enough that a run's fixed cost vanishes, few enough that they stay in the cache and the heap. */
const MOST_ROWS = 4_096;
const MOST_NUMBERS = 2 ** 19;

export type ScoreOptions = {
  /** The leading size that the model fixes, where it does. */
  fixed_batch?: number;
  /** Rows of one run at most, where their activations ask for fewer than their numbers do. */
  rows_at_once?: number;
  /** Told of the rows of each run. */
  ran?: (rows: number) => void;
};

/** The target's score by running the model, in runs of bounded size. */
export function scoreOf(
  open: OpenModel,
  layout: RowLayout,
  target: Target,
  options: ScoreOptions = {},
): Score {
  const { rows_at_once = MOST_ROWS } = options;
  const most = Math.max(1, Math.min(rows_at_once, Math.floor(MOST_NUMBERS / layout.size)));
  return async (rows, count) => {
    const scores = new Float64Array(count);
    const step = options.fixed_batch ?? Math.min(most, count);
    for (let from = 0; from < count; from += step) {
      const to = Math.min(from + step, count);
      const found = await open.run(feedsOf(rows, from, to, step), [target.output]);
      options.ran?.(to - from);
      takeScores(scores, found[target.output], target, from, to);
    }
    return scores;
  };

  /** A model of a fixed batch gets its last rows filled up with zeros, which nobody reads. */
  function feedsOf(rows: Rows, from: number, to: number, step: number): Record<string, Tensor> {
    if (options.fixed_batch === undefined || to - from === step)
      return feedsFromRows(layout, rows, from, to);
    const filled =
      rows instanceof Float32Array
        ? new Float32Array(step * layout.size)
        : new Float64Array(step * layout.size);
    filled.set(rows.subarray(from * layout.size, to * layout.size));
    return feedsFromRows(layout, filled, 0, step);
  }
}

function takeScores(
  scores: Float64Array,
  output: Tensor | undefined,
  { output: name, index }: Target,
  from: number,
  to: number,
): void {
  if (output === undefined || !isFloats(output))
    throw new ExplainFault("target_unknown", `output '${name}' has no floats`, "target.output");
  const width = countOf(output.dims.slice(1));
  if (index < 0 || index >= width)
    throw new ExplainFault(
      "target_unknown",
      `output '${name}' has ${width} values a row, from 0 to ${width - 1}, and no ${index}`,
      "target.index",
    );
  if ((output.dims[0] ?? 0) < to - from)
    throw new ExplainFault(
      "method_unsupported",
      `output '${name}' has the dims [${output.dims.join(", ")}], and not a row for each of ${to - from}`,
    );
  for (let row = from; row < to; row += 1) {
    const value = Number(output.data[(row - from) * width + index]);
    scores[row] = output.type === "float16" ? float16Value(value) : value;
  }
}
