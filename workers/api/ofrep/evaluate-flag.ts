import type { Context } from "hono";
import type { FlagRow } from "../../../database/flags.ts";
import type { EvaluationUnit } from "../../../domain/ofrep/evaluation-context.ts";
import { draftFlag, type FlagEvaluation, flagOf } from "../../../domain/ofrep/flag-evaluation.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { decideRequest } from "../leases/experiment-leases.ts";
import { noteExposed } from "../leases/served-outcomes.ts";

/** Decides for one user as a prediction would be decided. */
export async function decideFor(
  c: Context<AppEnv>,
  { experiment_id }: FlagRow,
  { targeting_key, attributes }: EvaluationUnit,
) {
  const unit = { request_id: c.get("trace").request_id, user_id: targeting_key, attributes };
  return { unit, decision: await decideRequest(c, experiment_id, unit) };
}

/**
 * The flag for one user. An evaluation where the value is needed is taken as an exposure, as the
 * routing of a request is; one of all flags ahead of their use is not.
 */
export async function evaluateFlag(
  c: Context<AppEnv>,
  flag: FlagRow,
  user: EvaluationUnit,
  { exposes }: { exposes: boolean },
): Promise<FlagEvaluation> {
  const { key, experiment_id } = flag;
  try {
    const { unit, decision } = await decideFor(c, flag, user);
    if (exposes) noteExposed(c, decision, unit);
    return flagOf(key, experiment_id, decision);
  } catch (error) {
    if (error instanceof ApiProblem && error.code === "experiment_not_started")
      return draftFlag(key, experiment_id);
    throw error;
  }
}
