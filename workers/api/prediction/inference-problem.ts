import type { InferenceError } from "../../../contract/inference.ts";
import type { ProtocolProblem } from "../../../domain/inference-protocol/protocol-problem.ts";
import { ApiProblem } from "../http/problem.ts";

const inBytes = (count: number): string => `${count.toLocaleString("en")} bytes`;

/** What a failure of the inference Worker means to the caller. */
export function inferenceProblem(error: InferenceError): ApiProblem {
  switch (error.code) {
    case "model_too_large": {
      const { size_bytes, limit_bytes } = error;
      const detail = `the model has ${inBytes(size_bytes)}; an isolate opens at most ${inBytes(limit_bytes)}`;
      return new ApiProblem(error.code, detail, { size_bytes, limit_bytes });
    }
    case "model_operator_unsupported": {
      const { operator, reason } = error;
      return new ApiProblem(error.code, `operator '${operator}': ${reason}`, { operator });
    }
    case "model_io_unsupported":
      return new ApiProblem(error.code, `'${error.name}' has the type ${error.type}`, {
        name: error.name,
      });
    case "model_bytes_missing":
      return new ApiProblem(error.code, undefined, {}, { "retry-after": "1" });
    case "input_invalid":
      return inputProblem(error.problem);
    case "model_invalid":
    case "inference_failed":
      return new ApiProblem(error.code, error.reason);
  }
}

/** What is wrong with the inputs of a prediction. */
export function inputProblem(problem: ProtocolProblem): ApiProblem {
  const { expected, found } = problem;
  switch (problem.code) {
    case "request_malformed": {
      const where = problem.path === "" ? "the body" : problem.path;
      const detail = `${where}: expected ${expected}, found ${found}`;
      return new ApiProblem("inference_request_malformed", detail);
    }
    case "output_unknown": {
      const detail = `the model has no output '${problem.output}'; expected ${expected}`;
      return new ApiProblem("inference_request_malformed", detail);
    }
    default: {
      const { code, input, path = "" } = problem;
      const detail = `input '${input}'${path}: expected ${expected}, found ${found}`;
      return new ApiProblem(code, detail, { input, expected, found });
    }
  }
}
