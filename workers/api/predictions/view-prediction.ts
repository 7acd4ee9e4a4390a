import type { KeptPrediction, ListedPrediction } from "../../../contract/prediction-log.ts";
import type { PredictionSummary, PredictionView } from "../../../contract/prediction.ts";
import { instant } from "../http/times.ts";
import { nestedOutputs } from "../prediction/run-model.ts";

export const summarisePrediction = (
  model: string,
  { prediction_id, version, experiment_id, variant_id, at, bytes }: ListedPrediction,
): PredictionSummary => ({
  prediction_id,
  model,
  version,
  experiment_id,
  variant_id,
  created_at: instant(at),
  bytes,
});

export const viewPrediction = (model: string, kept: KeptPrediction): PredictionView => ({
  ...summarisePrediction(model, kept),
  inputs: nestedOutputs(kept.inputs),
  outputs: nestedOutputs(kept.outputs),
});
