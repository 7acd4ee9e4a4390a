import type { ProblemCode } from "../../../contract/problem.ts";
import { JSON_PROBLEMS } from "../http/problem.ts";

/** What may be wrong with the rows that a model is to be fed. */
export const DATA_PROBLEMS: ProblemCode[] = [
  "input_missing",
  "input_unknown",
  "input_type",
  "input_shape",
];

/** What every way of running a model may answer, once the body is read. */
export const RUN_PROBLEMS: ProblemCode[] = [
  ...DATA_PROBLEMS,
  "model_too_large",
  "inference_failed",
  "model_bytes_missing",
];

export const PREDICT_PROBLEMS: ProblemCode[] = [...JSON_PROBLEMS, ...RUN_PROBLEMS];
