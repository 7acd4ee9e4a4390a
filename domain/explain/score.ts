import { isFloats, numberAt } from "../onnx/scores.ts";
import type { OpenModel } from "../onnx/runtime.ts";
import { countOf, type Tensor } from "../tensors/tensor.ts";
import { ExplainFault } from "./explain-fault.ts";
import { feedsOf, type RowLayout, type Rows } from "./rows.ts";

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

/** Rows of a layout that run together, where their activations allow `fitting`. */
export const rowsAtOnce = ({ size }: RowLayout, fitting = MOST_ROWS): number =>
  Math.max(1, Math.min(MOST_ROWS, fitting, Math.floor(MOST_NUMBERS / size)));

/** The target's score by running the model, in runs of bounded size. */
export const scoreOf =
  (open: OpenModel, layout: RowLayout, target: Target, options: ScoreOptions = {}): Score =>
  async (rows, count) => {
    const scores = new Float64Array(count);
    const { output, index } = target;
    await eachRun(open, layout, output, { rows, count }, options, (answer, from, to) => {
      const width = countOf(answer.dims.slice(1));
      if (index < 0 || index >= width)
        throw new ExplainFault(
          "target_unknown",
          `output '${output}' has ${width} values a row, from 0 to ${width - 1}, and no ${index}`,
          "target.index",
        );
      for (let row = from; row < to; row += 1)
        scores[row] = numberAt(answer, (row - from) * width + index);
    });
    return scores;
  };

/**
 * Runs a model on rows, and hands over what an output of floats is for those from `from` to before
 * `to`. Throws `ExplainFault`: target_unknown where it has no floats, method_unsupported where it
 * has not a row for each.
 */
export async function eachRun(
  open: OpenModel,
  layout: RowLayout,
  output: string,
  { rows, count }: { rows: Rows; count: number },
  { fixed_batch, rows_at_once, ran }: ScoreOptions,
  take: (answer: Tensor, from: number, to: number) => void,
): Promise<void> {
  const step = fixed_batch ?? Math.min(rowsAtOnce(layout, rows_at_once), count);
  for (let from = 0; from < count; from += step) {
    const to = Math.min(from + step, count);
    const feeds = feedsOf(layout, rows, from, to, fixed_batch);
    const answer = (await open.run(feeds, [output]))[output];
    ran?.(to - from);
    if (answer === undefined || !isFloats(answer))
      throw new ExplainFault("target_unknown", `output '${output}' has no floats`, "target.output");
    if ((answer.dims[0] ?? 0) < to - from)
      throw new ExplainFault(
        "method_unsupported",
        `output '${output}' has the dims [${answer.dims.join(", ")}], and not a row for each of ${to - from}, as what is explained must have`,
        "target.output",
      );
    take(answer, from, to);
  }
}
