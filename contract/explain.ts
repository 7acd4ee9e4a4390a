import type { ExplainedRow } from "../domain/explain/engine/explain-instances.ts";
import type { ExplainProblem } from "../domain/explain/explain-fault.ts";
import type { ExplainRequest } from "../domain/explain/explain-request.ts";
import type { OnnxProblem } from "../domain/onnx/onnx-fault.ts";
import type { Feeds } from "../domain/onnx/rows.ts";
import type { Result } from "../domain/result.ts";
import type { Signature, Tensor } from "../domain/tensors/tensor.ts";
import type { InferenceError, ModelRef, Trace } from "./inference.ts";

export type ExplainError =
  | InferenceError
  /** What the toolkit refuses: most often a gradient that it does not know. */
  | { code: "toolkit"; problem: OnnxProblem }
  | { code: "explain"; problem: ExplainProblem }
  /** More work than one call may do, in multiply-accumulates of the model. */
  | { code: "too_much"; cost_per_row: number; limit: number }
  | { code: "busy" };

/** Rows to compare with. They never change under one `id`. */
export type BackgroundSet = { id: string; feeds: Feeds; weights: number[] | null };

/** Rows of one model version, and how to explain each of them. */
export type ExplainCall = {
  model: ModelRef;
  /** The number of the version, which its explanations belong to. */
  version: number;
  signature: Signature;
  feeds: Record<string, Tensor>;
  background: BackgroundSet | null;
  request: ExplainRequest;
  /** The most work that this call may do; what would take more is refused before it begins. */
  most_cost: number;
};

export type { ExplainedRow };

export type ExplainState = { subjects: number; subject_bytes: number; at_work: number };

/** The explain Worker's RPC face, called over the `EXPLAIN` service binding; it can stream, too. */
export interface ExplainService {
  explain(call: ExplainCall, trace: Trace): Promise<Result<ExplainedRow[], ExplainError>>;
  /** The rows of a request's `inputs` for a model whose file says how raw values are prepared; texts stay texts. */
  prepare(
    model: ModelRef,
    signature: Signature,
    inputs: Record<string, unknown>,
  ): Promise<Result<Record<string, Tensor>, ExplainError>>;
  /** An ONNX file that explains one class against the call's background; `feeds` is a row of the sizes that it is for. */
  exportExplainer(call: ExplainCall, trace: Trace): Promise<Result<Uint8Array, ExplainError>>;
  state(): Promise<ExplainState>;
}

/** A line of the stream of one explanation. */
export type StreamedLine =
  { kind: "estimate" | "done"; row: ExplainedRow } | { kind: "failed"; error: ExplainError };
