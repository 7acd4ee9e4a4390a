import type { Tensor } from "../domain/tensors/tensor.ts";

/** One row that a model was run on, and what it answered; every tensor has the first size 1. */
export type KeptPrediction = {
  prediction_id: string;
  version: number;
  /** Milliseconds since 1970. */
  at: number;
  /** What chose the version; null where the caller did. */
  experiment_id: string | null;
  variant_id: string | null;
  /** What the model was fed: where raw values were sent, what they were made into. */
  inputs: Record<string, Tensor>;
  /** Those outputs that have a row for each row of the inputs. */
  outputs: Record<string, Tensor>;
  /** What it takes in storage, about. */
  bytes: number;
};

export type ListedPrediction = Omit<KeptPrediction, "inputs" | "outputs">;

/** Newest first, from the one after `before` on. */
export type PredictionQuery = {
  version?: number | undefined;
  experiment_id?: string | undefined;
  before?: string | undefined;
  limit: number;
};

export type PredictionStatistics = {
  kept: number;
  kept_bytes: number;
  oldest_at: number | null;
  newest_at: number | null;
};

/** As many as fit in one answer, in the order of the ids; the first `looked` ids have been looked up. */
export type ReadPredictions = { predictions: KeptPrediction[]; looked: number };

/** The model was deleted, and with it all that was kept of it. */
export type PredictionLogRefusal = { code: "model_not_found" };

export const DEFAULT_KEPT_DAYS = 30;
/** Predictions of a model that are kept at most; then the oldest go. */
export const MOST_KEPT = 20_000;
export const MOST_KEPT_BYTES = 1_000_000_000;
/** What one call of the log may carry: below the 32 MiB of RPC, and small beside an isolate's memory. */
export const MOST_CALL_BYTES = 8_000_000;
