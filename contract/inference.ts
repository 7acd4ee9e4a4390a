import type { ModelDetails } from "../domain/models/details.ts";
import type { Result } from "../domain/result.ts";
import type { InputProblem } from "../domain/tensors/input-problem.ts";
import type { Signature, Tensor } from "../domain/tensors/tensor.ts";

/** Where a model's bytes are: `key` is the R2 object, `sha256` (lower-case hex) names its content. */
export type ModelRef = { sha256: string; key: string; size_bytes: number };

/** Carried through every hop into the logs. `traceparent` is a W3C trace context header value. */
export type Trace = { request_id: string; traceparent: string };

/** Milliseconds spent reading and opening the model, waiting for a turn, and computing. */
export type RunTiming = { load_ms: number; queue_ms: number; run_ms: number };

export type InferenceError =
  | { code: "model_bytes_missing"; key: string }
  | { code: "model_invalid"; reason: string }
  | { code: "model_operator_unsupported"; operator: string; reason: string }
  | { code: "model_too_large"; size_bytes: number; limit_bytes: number }
  | { code: "model_io_unsupported"; name: string; type: string }
  | { code: "inference_failed"; reason: string }
  /** What `predict` was given is not what the model or its preprocessing takes. */
  | { code: "input_invalid"; problem: InputProblem };

/** What a model takes and gives, and what its file says beyond that; null where it says nothing. */
export type Inspected = { signature: Signature; details: ModelDetails | null };

export type RunResult = {
  outputs: Record<string, Tensor>;
  timing: RunTiming;
  /** What the model was fed, where `predict` was asked to tell. */
  feeds?: Record<string, Tensor>;
};

export type InferenceState = { sessions: number; session_bytes: number; budget_bytes: number };

/** The inference Worker's RPC face, called over the `INFERENCE` service binding. */
export interface InferenceService {
  /** Opens the model and says what it is; nothing is kept when it fails. */
  inspect(model: ModelRef, trace: Trace): Promise<Result<Inspected, InferenceError>>;
  /** Runs one batch. `outputs` names the outputs to compute; all of them when left out. */
  run(
    model: ModelRef,
    feeds: Record<string, Tensor>,
    trace: Trace,
    outputs?: string[],
  ): Promise<Result<RunResult, InferenceError>>;
  /** Runs a request's `inputs`, of which those with preprocessing may be raw values. */
  predict(
    model: ModelRef,
    inputs: Record<string, unknown>,
    trace: Trace,
    tellFeeds?: boolean,
  ): Promise<Result<RunResult, InferenceError>>;
  /** Cheap liveness answer that also reports what the session cache holds. */
  state(): Promise<InferenceState>;
}
