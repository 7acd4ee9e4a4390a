import type { ExperimentRefusal } from "../../../contract/experiment-lease.ts";
import { formatWeight } from "../../../domain/experiments/weight.ts";
import { ApiProblem } from "../http/problem.ts";

/** What a refusal of an experiment's actor means to the caller. */
export function experimentProblem(id: string, refusal: ExperimentRefusal): ApiProblem {
  switch (refusal.code) {
    case "experiment_not_found":
      return new ApiProblem("experiment_not_found", `you have no experiment ${id}`);
    case "experiment_not_started":
      return new ApiProblem(refusal.code, `start it with POST /v1/experiments/${id}/start`);
    case "experiment_abandoned":
      return new ApiProblem("unavailable", "another attempt with this key was refused; try again");
    case "experiment_active":
      return new ApiProblem(
        refusal.code,
        `it is ${refusal.status}; conclude it or roll it back before you delete it`,
      );
    case "experiment_concluding":
      return new ApiProblem(
        refusal.code,
        "the alias of its winner is being moved; read it again in a second",
      );
    case "experiment_transition_refused": {
      const { transition, status, allowed } = refusal;
      const next = allowed.length === 0 ? "nothing: it has ended" : allowed.join(", ");
      const detail = `cannot ${transition} an experiment that is ${status}; allowed now: ${next}`;
      return new ApiProblem(refusal.code, detail, { experiment_status: status, allowed });
    }
    case "winner_unknown": {
      const known = refusal.known.join(", ");
      const detail = `no variant '${refusal.winning_variant_id}'; the experiment has ${known}`;
      return new ApiProblem(refusal.code, detail);
    }
    case "epoch_moved": {
      const detail = `expected epoch ${refusal.expected}, it is in epoch ${refusal.found}; read it and decide again`;
      return new ApiProblem(refusal.code, detail, { epoch: refusal.found });
    }
    case "movement_too_large": {
      const moved = formatWeight(refusal.moved);
      const detail = `it would move ${moved} of the units, more than max_moved_fraction ${formatWeight(refusal.most)}`;
      return new ApiProblem(refusal.code, detail, { moved_fraction: moved });
    }
    case "ramp_missing":
      return new ApiProblem(refusal.code, "its allocation_strategy is not `ramping`");
    case "ramp_at_end":
      return new ApiProblem(refusal.code, `it is at step ${refusal.step}, counted from 0`);
    case "proposal_missing":
      return new ApiProblem(refusal.code, "nothing has been proposed, or somebody has decided");
    case "undo_refused":
      return new ApiProblem(refusal.code, refusal.detail);
    case "alias_moved": {
      const found =
        refusal.found === null ? "was removed" : `now points at version ${refusal.found}`;
      const detail = `alias '${refusal.alias}' ${found}, which is not part of this experiment; conclude without a winner and move the alias yourself`;
      return new ApiProblem(refusal.code, detail, { found_version: refusal.found });
    }
  }
}
