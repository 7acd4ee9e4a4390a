import type { Context } from "hono";
import type { InferenceError, ModelRef, RunResult } from "../../../contract/inference.ts";
import type { Result } from "../../../domain/result.ts";
import { feedsFromJson } from "../../../domain/tensors/feeds-from-json.ts";
import type { Signature, Tensor } from "../../../domain/tensors/tensor.ts";
import { tensorToNested } from "../../../domain/tensors/to-nested.ts";
import type { AppEnv } from "../http/app-env.ts";
import { inputProblem } from "./inference-problem.ts";

export type TimedRun = { result: Result<RunResult, InferenceError>; latency_ms: number };
export type FedRun = TimedRun & { feeds: Record<string, Tensor> };

/** Runs a model in the inference Worker; `latency_ms` is what the caller of it waited. */
export async function runModel(
  c: Context<AppEnv>,
  ref: ModelRef,
  feeds: Record<string, Tensor>,
  outputs?: string[],
): Promise<TimedRun> {
  return timed(c.env.INFERENCE.run(ref, feeds, c.get("trace"), outputs));
}

/** What an isolate has to know of a model to run a request's inputs. */
export type Runnable = { ref: ModelRef; signature: Signature; prepares: boolean };

/**
 * Runs a model on a request's `inputs`. Where some may be raw values, they are made into tensors
 * beside the model, which has the vocabularies; those tensors are told where `tells` asks for them,
 * and else `feeds` is empty. Throws what is wrong with the inputs.
 */
export async function runInputs(
  c: Context<AppEnv>,
  { ref, signature, prepares }: Runnable,
  inputs: Record<string, unknown>,
  tells: boolean,
): Promise<FedRun> {
  if (!prepares) {
    const fed = feedsFromJson(signature, inputs);
    if (!fed.ok) throw inputProblem(fed.error);
    const { feeds } = fed.value;
    return { feeds, ...(await runModel(c, ref, feeds)) };
  }
  const run = await timed(c.env.INFERENCE.predict(ref, inputs, c.get("trace"), tells));
  const { result } = run;
  if (!result.ok && result.error.code === "input_invalid") throw inputProblem(result.error.problem);
  return { feeds: result.ok ? (result.value.feeds ?? {}) : {}, ...run };
}

async function timed(running: Promise<Result<RunResult, InferenceError>>): Promise<TimedRun> {
  const started = performance.now();
  const result = await running;
  return { result, latency_ms: performance.now() - started };
}

/** Output tensors as the wire carries them. */
export const nestedOutputs = (outputs: Record<string, Tensor>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [name, tensorToNested(tensor)]),
  );
