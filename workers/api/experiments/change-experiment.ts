import type { Context } from "hono";
import type { ExperimentChange } from "../../../contract/experiment.ts";
import type { ChangedExperiment } from "../../../contract/experiment-lease.ts";
import { forgetLease } from "../leases/experiment-leases.ts";
import type { AppEnv } from "../http/app-env.ts";
import { tellExperiment } from "./ask-experiment.ts";
import { viewChange } from "./view-experiment.ts";

type ExperimentStub = ReturnType<Env["EXPERIMENT"]["getByName"]>;

/**
 * Asks the experiment's actor for a change in the name of the caller's key. It is not repeated,
 * and this isolate sees it at once.
 */
export async function changeExperiment(
  c: Context<AppEnv>,
  id: string,
  change: (actor: ExperimentStub, by: string) => PromiseLike<unknown>,
): Promise<ExperimentChange> {
  const by = c.get("admission").principal.key_id;
  try {
    return viewChange(await tellExperiment<ChangedExperiment>(c, id, (actor) => change(actor, by)));
  } finally {
    forgetLease(id);
  }
}
