import type { Result } from "../domain/result.ts";
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
  | { code: "inference_failed"; reason: string };

export type RunResult = { outputs: Record<string, Tensor>; timing: RunTiming };

export type InferenceState = { sessions: number; session_bytes: number; budget_bytes: number };

/** The inference Worker's RPC face, called over the `INFERENCE` service binding. */
export interface InferenceService {
  /** Opens the model and answers with its inputs and outputs; nothing is kept when it fails. */
  inspect(model: ModelRef, trace: Trace): Promise<Result<Signature, InferenceError>>;
  /** Runs one batch. `outputs` names the outputs to compute; all of them when left out. */
  run(
    model: ModelRef,
    feeds: Record<string, Tensor>,
    trace: Trace,
    outputs?: string[],
  ): Promise<Result<RunResult, InferenceError>>;
  /** Cheap liveness answer that also reports what the session cache holds. */
  state(): Promise<InferenceState>;
}
