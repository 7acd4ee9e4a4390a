import type { ExperimentSnapshot } from "../../contract/experiment-lease.ts";
import { openDirectory } from "../../database/directory.ts";
import { deleteExperiment, putExperimentStatus } from "../../database/experiments.ts";
import { tableOf } from "../../domain/experiments/decide.ts";
import { callActor } from "../shared/call-actor.ts";

/** Brings the experiment's row in the directory to where the experiment stands, or removes it. */
export async function listStanding(
  env: Env,
  { definition, state }: ExperimentSnapshot,
  removed: boolean,
): Promise<void> {
  const directory = openDirectory(env.DB);
  const { status, updated_at, started_at, ended_at } = state;
  const standing = { status, updated_at, started_at, ended_at };
  if (removed) await deleteExperiment(directory, definition.id);
  else await putExperimentStatus(directory, definition.id, standing);
}

/** Drops the claims on versions; one that has ended still serves one, and keeps that claim. */
export async function releaseClaims(
  env: Env,
  { definition, state }: ExperimentSnapshot,
  removed: boolean,
): Promise<void> {
  const { winner, control } = tableOf(definition, state);
  const serving = removed ? undefined : definition.variants[winner ?? control];
  for (const model_id of new Set(definition.variants.map((variant) => variant.model_id))) {
    const kept = serving?.model_id === model_id ? serving.version : null;
    await callActor(
      () => env.MODEL.getByName(model_id),
      (model) => model.release(definition.id, kept),
    );
  }
}
