import type { ExplainError } from "../../../contract/explain.ts";
import type { ProblemCode } from "../../../contract/problem.ts";
import { ExplainFault, type ExplainFaultCode } from "../../../domain/explain/explain-fault.ts";
import { ApiProblem, JSON_PROBLEMS } from "../http/problem.ts";
import { computeProblem } from "../optimization/compute-problem.ts";
import { RUN_PROBLEMS } from "../prediction/predict-problems.ts";

const PROBLEM_OF: Record<ExplainFaultCode, ProblemCode> = {
  option_invalid: "explanation_invalid",
  feature_unknown: "feature_unknown",
  value_invalid: "explanation_value_invalid",
  target_unknown: "explanation_target_unknown",
  background_missing: "background_missing",
  method_unsupported: "explanation_unsupported",
  gradient_missing: "gradient_missing",
  cancelled: "unavailable",
};

/** What every operation that explains may answer. */
export const EXPLAIN_PROBLEMS: ProblemCode[] = [
  ...JSON_PROBLEMS,
  ...RUN_PROBLEMS,
  "model_invalid",
  "model_operator_unsupported",
  "model_io_unsupported",
  "explanation_invalid",
  "explanation_value_invalid",
  "explanation_target_unknown",
  "explanation_unsupported",
  "explanation_too_costly",
  "feature_unknown",
  "gradient_missing",
  "background_missing",
  "background_not_found",
  "prediction_not_found",
  "model_not_found",
  "version_not_found",
  "alias_not_found",
  "unavailable",
];

/** What a failure of the explain Worker means to the caller. */
export function explainProblem(error: ExplainError): ApiProblem {
  switch (error.code) {
    case "explain": {
      const { code, message, field } = error.problem;
      return new ApiProblem(PROBLEM_OF[code], message, field === undefined ? {} : { field });
    }
    case "toolkit": {
      const { message, node, operator, tensor } = error.problem;
      const place = { node, operator, tensor };
      return new ApiProblem("explanation_unsupported", message, place);
    }
    case "too_much": {
      const { cost_per_row, limit } = error;
      return new ApiProblem(
        "explanation_too_costly",
        `one row takes about ${(cost_per_row / limit).toPrecision(2)} times the work that a call may do; take fewer samples, a smaller background, segments or groups, or another method`,
        { cost_per_row, limit },
      );
    }
    case "busy":
      return new ApiProblem(
        "unavailable",
        "as many explanations are under way as an isolate has room for; try again",
        {},
        { "retry-after": "1" },
      );
    default:
      return computeProblem(error);
  }
}

/** What `work` gives, or as a problem what it was refused for. */
export function orExplainProblem<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ExplainFault)
      throw explainProblem({ code: "explain", problem: error.problem });
    throw error;
  }
}
