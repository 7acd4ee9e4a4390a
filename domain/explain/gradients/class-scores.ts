import { numberAt } from "../../onnx/scores.ts";
import type { OpenModel } from "../../onnx/runtime.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { RowLayout, Rows } from "../rows.ts";
import { eachRun, type ScoreOptions } from "../score.ts";

/** The scores of all classes for each of `count` rows: count x classes. */
export type ClassScores = (rows: Rows, count: number) => Promise<Float64Array>;

/**
 * All numbers of an output of floats by running the model, in runs of bounded size; `classes` of
 * them a row. Throws `ExplainFault` (target_unknown) for an output of another kind or width.
 */
export const classScoresOf =
  (
    open: OpenModel,
    layout: RowLayout,
    output: string,
    classes: number,
    options: ScoreOptions = {},
  ): ClassScores =>
  async (rows, count) => {
    const scores = new Float64Array(count * classes);
    await eachRun(open, layout, output, { rows, count }, options, (answer, from, to) => {
      if (answer.data.length !== classes * (answer.dims[0] ?? 0))
        throw new ExplainFault(
          "target_unknown",
          `output '${output}' has not ${classes} floats for each row`,
          "target.output",
        );
      for (let at = from * classes; at < to * classes; at += 1)
        scores[at] = numberAt(answer, at - from * classes);
    });
    return scores;
  };
