import type { ProblemCode } from "../../../contract/problem.ts";

/** What every way of running a model may answer. */
export const PREDICT_PROBLEMS: ProblemCode[] = [
  "invalid_request",
  "input_missing",
  "input_unknown",
  "input_type",
  "input_shape",
  "body_too_large",
  "model_too_large",
  "inference_failed",
  "model_bytes_missing",
];
