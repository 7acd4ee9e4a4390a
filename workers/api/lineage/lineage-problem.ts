import type { RunRefusal } from "../../../contract/lineage-record.ts";
import type { Result } from "../../../domain/result.ts";
import { ApiProblem } from "../http/problem.ts";

/** What the owner's graph answers, or the problem that its refusal is. */
export function orLineageProblem<T>(answer: Result<T, RunRefusal>): T {
  if (answer.ok) return answer.value;
  throw lineageProblem(answer.error);
}

function lineageProblem(refusal: RunRefusal): ApiProblem {
  switch (refusal.code) {
    case "lineage_node_not_found": {
      const detail = `your lineage has no node '${refusal.node_id}': expected the id of a version, transformation, run or experiment of yours`;
      return new ApiProblem("lineage_node_not_found", detail);
    }
    case "lineage_cycle": {
      const { path } = refusal;
      const detail = `data would come from itself: ${path.join(" → ")}`;
      return new ApiProblem("lineage_cycle", detail, { path });
    }
    case "lineage_too_large": {
      const detail = `more than ${refusal.most} edges lie downstream of what was added: add less at once`;
      return new ApiProblem("lineage_too_large", detail);
    }
    case "run_not_found":
      return new ApiProblem("run_not_found", `you have no run ${refusal.run_id}`);
    case "run_id_taken": {
      const detail = `run ${refusal.run_id} is there and began otherwise: choose another run_id, or change that run with PATCH`;
      return new ApiProblem("run_id_taken", detail);
    }
    case "run_ended": {
      const { run_id, status } = refusal;
      const detail = `run ${run_id} has ended as '${status}', which does not change; metrics and outputs may still be added`;
      return new ApiProblem("run_ended", detail, { found_status: status });
    }
    case "run_too_large": {
      const { run_id, field, expected, found } = refusal;
      const detail = `run ${run_id} would have too much in ${field}: expected at most ${expected}, found ${found} with what it has already`;
      return new ApiProblem("run_too_large", detail, { field });
    }
    case "run_in_use": {
      const { run_id, outputs } = refusal;
      const detail = `run ${run_id} made ${outputs.join(", ")}, and is how they are made again`;
      return new ApiProblem("run_in_use", detail, { outputs });
    }
  }
}
