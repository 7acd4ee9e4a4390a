import type { ExperimentSnapshot } from "../../contract/experiment-lease.ts";
import { releaseLayer } from "./release-layer.ts";
import { openDirectory } from "../../database/directory.ts";
import { deleteExperiment, putExperimentStatus } from "../../database/experiments.ts";
import { tableOf } from "../../domain/experiments/decide.ts";
import { experimentLineage } from "../../domain/lineage/experiment-lineage.ts";
import { callActor } from "../shared/call-actor.ts";
import type { ExperimentStore } from "./experiment-store.ts";

type Standing = Pick<ExperimentSnapshot, "definition" | "state">;
type Last = NonNullable<ReturnType<ExperimentStore["last"]>>;

/** Delivers one effect: reads the present state and does no harm when called again. */
export async function deliverFollowUp(
  env: Env,
  store: ExperimentStore,
  effect: string,
): Promise<void> {
  const last = store.last();
  if (!last) return;
  const removed = store.isAbandoned();
  if (effect === "directory") await listStanding(env, last, removed);
  if (effect === "claims") await settleClaims(env, last, removed);
  if (effect === "feed") await publishChange(env, last, removed);
  if (effect === "events") await sendEvents(env, last, store);
  if (effect === "lineage") await tellGraph(env, last, removed);
  if (effect === "shards" && removed) await clearShards(env, last);
}

/** Brings the experiment's node in its owner's graph to where it stands. */
async function tellGraph(env: Env, { definition }: Standing, removed: boolean): Promise<void> {
  const { nodes, edges } = experimentLineage(definition);
  await callActor(
    () => env.LINEAGE.getByName(definition.owner_id),
    async (graph): Promise<unknown> =>
      removed ? graph.remove([definition.id]) : graph.put(nodes, edges),
  );
}

/** The shards that have counted for the experiment forget it as its own actor does. */
async function clearShards(env: Env, { definition, state }: Standing): Promise<void> {
  for (let shard = 0; shard < (state.shards?.count ?? 0); shard++)
    await callActor(
      () => env.OUTCOME_SHARD.getByName(`${definition.id}/${shard}`),
      (actor) => actor.forget(),
    );
}

/** Tells the owner's feed that flags evaluate differently from this epoch. */
async function publishChange(
  env: Env,
  { definition, state }: Standing,
  removed: boolean,
): Promise<void> {
  // A removal begins no epoch, and is a change to those who evaluate.
  const epoch = removed ? state.epoch + 1 : state.epoch;
  const change = { experiment_id: definition.id, epoch, at: state.updated_at };
  await callActor(
    () => env.FEED.getByName(definition.owner_id),
    (feed) => feed.publish(change),
  );
}

const EVENTS_A_BATCH = 100;

/** Sends what happened since the last time to the queue, in order, at least once. */
async function sendEvents(
  env: Env,
  { definition }: Standing,
  store: ExperimentStore,
): Promise<void> {
  for (;;) {
    const events = store.eventsAfter(store.meter("events_sent"), EVENTS_A_BATCH);
    const newest = events.at(-1);
    if (!newest) return;
    const { id: experiment_id, owner_id } = definition;
    await env.EVENTS.sendBatch(
      events.map(({ at, ...event }) => ({
        body: {
          kind: "experiment",
          experiment_id,
          owner_id,
          at: new Date(at).toISOString(),
          ...event,
        },
      })),
    );
    store.setMeter("events_sent", newest.sequence);
  }
}

/** Brings the experiment's row in the directory to where the experiment stands, or removes it. */
async function listStanding(
  env: Env,
  { definition, state }: Standing,
  removed: boolean,
): Promise<void> {
  const directory = openDirectory(env.DB);
  const { status, updated_at, started_at, ended_at } = state;
  const standing = { status, updated_at, started_at, ended_at };
  if (removed) await deleteExperiment(directory, definition.id);
  else await putExperimentStatus(directory, definition.id, standing);
}

/**
 * Brings the claims on versions and the share of a layer to where the experiment stands. One that
 * has ended still serves one version, and keeps that claim.
 */
async function settleClaims(
  env: Env,
  { definition, state, conclusion }: Last,
  removed: boolean,
): Promise<void> {
  if (!removed && state.ended_at === null) return claimVersions(env, definition);
  // Its versions are being claimed, to serve again.
  if (conclusion?.undo) return;
  const { winner, control } = tableOf(definition, state);
  const serving = removed ? undefined : definition.variants[winner ?? control];
  for (const model_id of new Set(definition.variants.map((variant) => variant.model_id))) {
    const kept = serving?.model_id === model_id ? serving.version : null;
    await callActor(
      () => env.MODEL.getByName(model_id),
      (model) => model.release(definition.id, kept),
    );
  }
  const { layer, id, lease_ms } = definition;
  const free_at = (state.ended_at ?? state.updated_at) + lease_ms;
  if (layer) await releaseLayer(env, layer.layer_id, id, free_at);
}

async function claimVersions(env: Env, { id, variants }: Standing["definition"]): Promise<void> {
  for (const { model_id, version } of variants)
    await callActor(
      () => env.MODEL.getByName(model_id),
      (model) => model.claim(id, version),
    );
}
