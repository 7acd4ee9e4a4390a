import { callActor } from "../shared/call-actor.ts";

/**
 * Lets go of the experiment's part of the layer, which nobody else gets before `free_at`, in
 * milliseconds: the end of the last lease of a table that the experiment was running by. An
 * experiment that never ran lets go at once. Repeating it changes nothing.
 */
export async function releaseLayer(
  env: Pick<Env, "LAYER">,
  layer_id: string,
  experiment_id: string,
  free_at: number,
): Promise<void> {
  await callActor(
    () => env.LAYER.getByName(layer_id),
    (layer) => layer.release(experiment_id, free_at),
  );
}
