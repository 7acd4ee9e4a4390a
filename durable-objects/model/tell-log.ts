import { callActor } from "../shared/call-actor.ts";
import type { ModelStore } from "./model-store.ts";

/** Brings the model's log of predictions to where the model stands; twice does no harm. */
export function tellLog(env: Env, model_id: string, store: ModelStore): Promise<void> {
  const exists = store.id() !== undefined;
  const { kept_days } = store.capture();
  return callActor(
    () => env.PREDICTIONS.getByName(model_id),
    (log) => (exists ? log.retain(kept_days) : log.close()),
  );
}
