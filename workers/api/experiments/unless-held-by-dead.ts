import type { Context } from "hono";
import type { LayerRecord, LayerRefusal } from "../../../contract/layer-lease.ts";
import { openDirectory } from "../../../database/directory.ts";
import { findExperiments, forgetExperiment } from "../../../database/experiments.ts";
import type { Result } from "../../../domain/result.ts";
import { releaseLayer } from "../../../durable-objects/experiment/release-layer.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";

/** An experiment is created within seconds, or its creation died and its part means nothing. */
const CREATION_MS = 10 * 60_000;
/** The longest `lease_ms` that an experiment may have. */
const LONGEST_LEASE_MS = 60_000;

export type LayerStub = ReturnType<Env["LAYER"]["getByName"]>;

/**
 * Asks the layer's actor, and once more if it refused because of experiments that never came to
 * be or are gone: whoever took their part died before it could give it back.
 */
export async function unlessHeldByDead<T>(
  c: Context<AppEnv>,
  open: () => LayerStub,
  ask: (actor: LayerStub) => Promise<Result<T, LayerRefusal>>,
): Promise<Result<T, LayerRefusal>> {
  const first = await callActor(open, ask);
  if (first.ok || first.error.code === "layer_not_found") return first;
  const released = await releaseDead(c, open);
  return released ? callActor(open, ask) : first;
}

/** Whether there were any. One that may have run is free only when no lease of it can be left. */
async function releaseDead(c: Context<AppEnv>, open: () => LayerStub): Promise<boolean> {
  const layer: Result<LayerRecord, LayerRefusal> = await callActor(open, (actor) =>
    actor.describe(),
  );
  if (!layer.ok) return false;
  const { layer_id, holders } = layer.value;
  const held = holders.filter(({ free_at }) => free_at === null);
  const directory = openDirectory(c.env.DB);
  const ids = held.map(({ experiment_id }) => experiment_id);
  const rows = new Map((await findExperiments(directory, ids)).map((row) => [row.id, row]));
  const now = Date.now();
  let released = false;
  for (const id of ids) {
    const row = rows.get(id);
    if (row && (row.status !== "creating" || row.created_at > now - CREATION_MS)) continue;
    // The directory may lag behind; only the actor knows, and from here on it creates none.
    const made = await callActor(
      () => c.env.EXPERIMENT.getByName(id),
      (actor) => actor.abandon(),
    );
    if (made) continue;
    await releaseLayer(c.env, layer_id, id, row ? now : now + LONGEST_LEASE_MS);
    if (row) await forgetExperiment(directory, id);
    released = true;
  }
  return released;
}
