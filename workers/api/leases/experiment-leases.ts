import type { Context } from "hono";
import type { ExperimentRefusal, RoutingLease } from "../../../contract/experiment-lease.ts";
import { openDirectory } from "../../../database/directory.ts";
import { findExperiment } from "../../../database/experiments.ts";
import {
  type Decision,
  type DecisionError,
  decide,
  type Unit,
} from "../../../domain/experiments/decide.ts";
import type { Result } from "../../../domain/result.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { experimentProblem } from "../experiments/experiment-problem.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { BoundedMap } from "./bounded-map.ts";
import { Shared } from "./shared.ts";

/** Who owns an experiment never changes, so one look into the directory is enough for an isolate. */
const owners = new BoundedMap<string, string>(10_000);

type Held = { lease: RoutingLease | undefined; expires_at: number; renewal: Shared<RoutingLease> };
const leases = new BoundedMap<string, Held>(10_000);

/** Throws unless the experiment exists and is the caller's; then its actor may be named. */
export async function ownedExperiment(c: Context<AppEnv>, id: string) {
  let owner = owners.get(id);
  if (owner === undefined) {
    const row = await findExperiment(openDirectory(c.env.DB), id);
    if (row && row.status !== "creating") {
      owner = row.owner_id;
      owners.set(id, owner);
    }
  }
  if (owner !== c.get("admission").principal.owner_id)
    throw new ApiProblem("experiment_not_found", `you have no experiment ${id}`);
  return () => c.env.EXPERIMENT.getByName(id);
}

/** The experiment's table and variants, at most one lease old. */
async function leaseRouting(c: Context<AppEnv>, id: string): Promise<RoutingLease> {
  const open = await ownedExperiment(c, id);
  const held = leases.get(id) ?? { lease: undefined, expires_at: 0, renewal: new Shared() };
  leases.set(id, held);
  if (held.lease && Date.now() < held.expires_at) return held.lease;
  return held.renewal.run(async () => {
    const asked = Date.now();
    const answer: Result<RoutingLease, ExperimentRefusal> = await callActor(open, (actor) =>
      actor.lease(),
    );
    if (!answer.ok) throw experimentProblem(id, answer.error);
    held.lease = answer.value;
    held.expires_at = asked + answer.value.lease_ms;
    return answer.value;
  }, c.executionCtx);
}

/**
 * Decides one request: in process while the lease lasts, or by the actor when the experiment is
 * `strict`. The variants of an experiment never change, so an old lease still names them.
 */
export async function decideRequest(c: Context<AppEnv>, id: string, unit: Unit) {
  const held = leases.get(id)?.lease;
  const lease = held?.consistency === "strict" ? held : await leaseRouting(c, id);
  const open = await ownedExperiment(c, id);
  const answer: Result<Decision, ExperimentRefusal | DecisionError> =
    lease.consistency === "strict"
      ? await callActor(open, (actor) => actor.decide(unit))
      : decide(lease.table, unit);
  if (!answer.ok) throw experimentProblem(id, answer.error);
  const variant = lease.variants[answer.value.variant];
  if (!variant) throw new Error(`experiment ${id} has no variant ${answer.value.variant}`);
  return { ...answer.value, variant, consistency: lease.consistency, open };
}

/** Forgets the table, so that this isolate sees a change that it made itself at once. */
export const forgetLease = (id: string): void => {
  const held = leases.get(id);
  if (held) held.expires_at = 0;
};
