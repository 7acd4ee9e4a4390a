import type { Context } from "hono";
import type { ModelRefusal } from "../../../contract/model-lease.ts";
import { openDirectory } from "../../../database/directory.ts";
import { findExperiments } from "../../../database/experiments.ts";
import type { Result } from "../../../domain/result.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { modelProblem } from "../leases/model-leases.ts";
import type { AppEnv } from "../http/app-env.ts";

/** An experiment is created within seconds, or its creation died and its claims mean nothing. */
const CREATION_MS = 10 * 60_000;

type ModelStub = ReturnType<Env["MODEL"]["getByName"]>;

/**
 * Deletes through the model's actor. Claims of experiments that never came to be are dropped
 * when they stand in the way: whoever made them died before it could.
 */
export async function deleteUnlessUsed(
  c: Context<AppEnv>,
  name: string,
  open: () => ModelStub,
  remove: (actor: ModelStub) => Promise<Result<null, ModelRefusal>>,
): Promise<void> {
  const first = await remove(open());
  if (first.ok) return;
  const { error } = first;
  const inUse = error.code === "model_in_use" || error.code === "version_in_use";
  if (!inUse || error.experiments.length === 0) throw modelProblem(name, error);

  const rows = await findExperiments(openDirectory(c.env.DB), error.experiments);
  const recent = Date.now() - CREATION_MS;
  const alive = new Set(
    rows
      .filter(({ status, created_at }) => status !== "creating" || created_at > recent)
      .map(({ id }) => id),
  );
  for (const id of error.experiments) {
    if (alive.has(id)) continue;
    await callActor(open, (actor) => actor.release(id));
  }
  const second = await remove(open());
  if (!second.ok) throw modelProblem(name, second.error);
}
