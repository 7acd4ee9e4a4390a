import type { Benchmark, BenchmarkOptions } from "../domain/onnx/benchmark-model.ts";
import type { OnnxProblem } from "../domain/onnx/onnx-fault.ts";
import type { OptimiseResult } from "../domain/onnx/optimise-model.ts";
import type { OptimiseRequest } from "../domain/onnx/optimise-request.ts";
import type { Feeds } from "../domain/onnx/rows.ts";
import type { Summary, SummaryOptions } from "../domain/onnx/summarise.ts";
import type { Result } from "../domain/result.ts";
import type { InferenceError, ModelRef, Trace } from "./inference.ts";

export type ComputeError =
  | InferenceError
  /** What the toolkit refuses: the model, or what was asked for. */
  | { code: "toolkit"; problem: OnnxProblem }
  /** As much work waits in this isolate as it has room for. */
  | { code: "busy" };

/** What a model is made of, and what is wrong with it by the rules of ONNX. */
export type Inspection = { summary: Summary; problems: OnnxProblem[] };

/** `file` is what lies under the upload's key; null where the gate refused it or none was given. */
export type Optimized = {
  file: { sha256: string; size_bytes: number } | null;
  result: Omit<OptimiseResult, "model">;
};

/** How many pieces of work are under way or wait in this isolate. */
export type ComputeState = { at_work: number };

/** The compute Worker's RPC face, called over the `COMPUTE` service binding. */
export interface ComputeService {
  inspect(
    model: ModelRef,
    options: SummaryOptions,
    trace: Trace,
  ): Promise<Result<Inspection, ComputeError>>;
  /** Writes the new model to `uploadKey` in R2; where that is null, it only measures. */
  optimize(
    model: ModelRef,
    request: OptimiseRequest,
    uploadKey: string | null,
    trace: Trace,
  ): Promise<Result<Optimized, ComputeError>>;
  /** `inputs` are the rows to run on; they are made up where it is null. */
  benchmark(
    model: ModelRef,
    options: BenchmarkOptions,
    inputs: Feeds | null,
    trace: Trace,
  ): Promise<Result<Benchmark, ComputeError>>;
  /** Cheap liveness answer. */
  state(): Promise<ComputeState>;
}
