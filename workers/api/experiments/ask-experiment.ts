import type { Context } from "hono";
import type { ExperimentRefusal } from "../../../contract/experiment-lease.ts";
import type { Result } from "../../../domain/result.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ownedExperiment } from "../leases/experiment-leases.ts";
import { accepted } from "./accepted.ts";

type ExperimentStub = ReturnType<Env["EXPERIMENT"]["getByName"]>;

/**
 * Asks the actor of the caller's experiment something that may be asked twice. A refusal is thrown
 * as its problem. The answer's type is named by the caller, as the types of RPC widen tuples.
 */
export async function askExperiment<T>(
  c: Context<AppEnv>,
  id: string,
  ask: (actor: ExperimentStub) => PromiseLike<unknown>,
): Promise<T> {
  const open = await ownedExperiment(c, id);
  return accepted(id, (await callActor(open, ask)) as Result<T, ExperimentRefusal>);
}

/** As `askExperiment`, for what must not be repeated: a change that answers differently twice. */
export async function tellExperiment<T>(
  c: Context<AppEnv>,
  id: string,
  tell: (actor: ExperimentStub) => PromiseLike<unknown>,
): Promise<T> {
  const open = await ownedExperiment(c, id);
  return accepted(id, (await tell(open())) as Result<T, ExperimentRefusal>);
}
