import { env } from "cloudflare:workers";
import type { KeptPrediction } from "../../../contract/prediction-log.ts";
import { floatTensor } from "../../../domain/onnx/tensors.ts";
import { serialId } from "./serial-id.ts";

/** A log of a model that nobody else has. */
export function newLog() {
  const model_id = serialId("mdl");
  return () => env.PREDICTIONS.getByName(model_id);
}

/** A prediction of now; later ones have larger ids, as those of the API have. */
export const prediction = (changes: Partial<KeptPrediction> = {}): KeptPrediction => ({
  prediction_id: serialId("prd"),
  version: 1,
  at: Date.now(),
  experiment_id: null,
  variant_id: null,
  inputs: { x: floatTensor([1, 2], [1, 2.5]) },
  outputs: { y: floatTensor([1], [3.5]) },
  bytes: 212,
  ...changes,
});
