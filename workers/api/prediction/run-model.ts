import type { Context } from "hono";
import type { InferenceError, ModelRef, RunResult } from "../../../contract/inference.ts";
import type { Result } from "../../../domain/result.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";
import { tensorToNested } from "../../../domain/tensors/to-nested.ts";
import type { AppEnv } from "../http/app-env.ts";

export type TimedRun = { result: Result<RunResult, InferenceError>; latency_ms: number };

/** Runs a model in the inference Worker; `latency_ms` is what the caller of it waited. */
export async function runModel(
  c: Context<AppEnv>,
  ref: ModelRef,
  feeds: Record<string, Tensor>,
  outputs?: string[],
): Promise<TimedRun> {
  const started = performance.now();
  const result: Result<RunResult, InferenceError> = await c.env.INFERENCE.run(
    ref,
    feeds,
    c.get("trace"),
    outputs,
  );
  return { result, latency_ms: performance.now() - started };
}

/** Output tensors as the wire carries them. */
export const nestedOutputs = (outputs: Record<string, Tensor>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [name, tensorToNested(tensor)]),
  );
