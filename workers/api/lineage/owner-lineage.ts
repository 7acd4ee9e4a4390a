import type { Context } from "hono";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { RunRefusal } from "../../../contract/lineage-record.ts";
import type { Result } from "../../../domain/result.ts";
import type { AppEnv } from "../http/app-env.ts";
import { orLineageProblem } from "./lineage-problem.ts";

type LineageStub = ReturnType<Env["LINEAGE"]["getByName"]>;

/** Asks the caller's own graph, in which nobody else's objects are. Only for what may be asked twice. */
export function askLineage<Reply extends PromiseLike<unknown>>(
  c: Context<AppEnv>,
  ask: (lineage: LineageStub) => Reply,
): Promise<Awaited<Reply>> {
  const { owner_id } = c.get("admission").principal;
  return callActor(() => c.env.LINEAGE.getByName(owner_id), ask);
}

/** `askLineage`, for what it may refuse; `T` is what the actor answers, whose types RPC widens. */
export async function fromLineage<T>(
  c: Context<AppEnv>,
  ask: (lineage: LineageStub) => PromiseLike<unknown>,
): Promise<T> {
  return orLineageProblem((await askLineage(c, ask)) as Result<T, RunRefusal>);
}
