import { isFloats } from "../../onnx/scores.ts";
import type { OpenModel } from "../../onnx/runtime.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { RowLayout, Rows } from "../rows.ts";
import { feedsOf, floatAt } from "./score-gradient.ts";

/** The scores of all classes for each of `count` rows: count x classes. */
export type ClassScores = (rows: Rows, count: number) => Promise<Float64Array>;

const MOST_NUMBERS = 2 ** 19;
const MOST_ROWS = 4_096;

export type ClassScoresOptions = {
  /** The leading size that the model fixes, where it does. */
  fixed_batch?: number;
  /** Told of the rows of each run. */
  ran?: (rows: number) => void;
};

/**
 * All numbers of an output of floats by running the model, in runs of bounded size; `classes` of
 * them a row. Throws `ExplainFault` (target_unknown) for an output of another kind or width.
 */
export function classScoresOf(
  open: OpenModel,
  layout: RowLayout,
  output: string,
  classes: number,
  { fixed_batch, ran }: ClassScoresOptions = {},
): ClassScores {
  const most = Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_NUMBERS / layout.size)));
  return async (rows, count) => {
    const scores = new Float64Array(count * classes);
    const step = fixed_batch ?? Math.min(most, count);
    for (let from = 0; from < count; from += step) {
      const to = Math.min(from + step, count);
      const feeds = feedsOf(layout, rows, from, to, fixed_batch);
      const found = (await open.run(feeds, [output]))[output];
      ran?.(to - from);
      if (!found || !isFloats(found) || found.data.length !== classes * (found.dims[0] ?? 0))
        throw new ExplainFault(
          "target_unknown",
          `output '${output}' has not ${classes} floats for each row`,
          "target.output",
        );
      for (let at = from * classes; at < to * classes; at += 1)
        scores[at] = floatAt(found, at - from * classes);
    }
    return scores;
  };
}
