import type { ComputeError } from "../../../contract/compute.ts";
import type { ProblemCode } from "../../../contract/problem.ts";
import type { OnnxProblem } from "../../../domain/onnx/onnx-fault.ts";
import { ApiProblem } from "../http/problem.ts";
import { inferenceProblem } from "../prediction/inference-problem.ts";

/** What every operation of the compute Worker may answer. */
export const COMPUTE_PROBLEMS: ProblemCode[] = [
  "model_too_large",
  "model_invalid",
  "model_operator_unsupported",
  "model_io_unsupported",
  "optimization_invalid",
  "optimization_unsupported",
  "inference_failed",
  "model_bytes_missing",
  "unavailable",
];

const PROBLEM_OF: Record<OnnxProblem["code"], ProblemCode> = {
  malformed: "model_invalid",
  invalid: "model_invalid",
  external_data: "model_invalid",
  too_large: "model_too_large",
  unsupported: "optimization_unsupported",
  bad_request: "optimization_invalid",
  cancelled: "unavailable",
};

/** What a failure of the compute Worker means to the caller. */
export function computeProblem(error: ComputeError): ApiProblem {
  switch (error.code) {
    case "toolkit": {
      const { code, message, ...place } = error.problem;
      return new ApiProblem(PROBLEM_OF[code], message, place);
    }
    case "busy":
      return new ApiProblem(
        "unavailable",
        "as much work on models is under way as an isolate has room for; try again",
        {},
        { "retry-after": "5" },
      );
    case "model_too_large": {
      const { size_bytes, limit_bytes } = error;
      const [size, limit] = [size_bytes, limit_bytes].map((bytes) => bytes.toLocaleString("en"));
      const detail =
        size_bytes > limit_bytes
          ? `the model has ${size} bytes; the edge works on models of at most ${limit}`
          : `the work needs more memory than an isolate has; the model has ${size} bytes`;
      return new ApiProblem(error.code, detail, { size_bytes, limit_bytes });
    }
    default:
      return inferenceProblem(error);
  }
}
