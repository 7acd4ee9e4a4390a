import type { Context } from "hono";
import type { ExperimentChange } from "../../../contract/experiment.ts";
import type { ExperimentRefusal, ExperimentSnapshot } from "../../../contract/experiment-lease.ts";
import type { Transition } from "../../../domain/experiments/lifecycle.ts";
import type { Result } from "../../../domain/result.ts";
import { forgetLease, ownedExperiment } from "../leases/experiment-leases.ts";
import type { AppEnv } from "../http/app-env.ts";
import { experimentProblem } from "./experiment-problem.ts";
import { viewChange } from "./view-experiment.ts";

/** Asks the experiment's actor for a change of status. It is not repeated: twice is a refusal. */
export async function changeExperiment(
  c: Context<AppEnv>,
  id: string,
  transition: Transition,
  { reason, winner }: { reason?: string | undefined; winner?: string | undefined } = {},
): Promise<ExperimentChange> {
  const open = await ownedExperiment(c, id);
  const by = c.get("admission").principal.key_id;
  const answer: Result<ExperimentSnapshot & { effective_at: number }, ExperimentRefusal> =
    await open().change(transition, { by, reason, winner });
  forgetLease(id);
  if (!answer.ok) throw experimentProblem(id, answer.error);
  return viewChange(answer.value);
}
