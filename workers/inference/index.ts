import { WorkerEntrypoint } from "cloudflare:workers";
import type {
  InferenceError,
  InferenceService,
  InferenceState,
  Inspected,
  ModelRef,
  RunResult,
  Trace,
} from "../../contract/inference.ts";
import type { Result } from "../../domain/result.ts";
import type { Tensor } from "../../domain/tensors/tensor.ts";
import { ModelHost, type Caller } from "./model-host.ts";

/** How long a request waits for a load that another one started before it loads by itself. */
const LOAD_PATIENCE_MS = 10_000;

/** One per isolate: WebAssembly memory and open sessions outlive requests. */
let shared: ModelHost | undefined;

/** What `INFERENCE` is bound to: ONNX models by content hash, over RPC only. */
export class Inference extends WorkerEntrypoint<InferenceEnv> implements InferenceService {
  inspect(model: ModelRef, trace: Trace): Promise<Result<Inspected, InferenceError>> {
    return hostOf(this.env).inspect(model, this.#caller(trace));
  }

  run(
    model: ModelRef,
    feeds: Record<string, Tensor>,
    trace: Trace,
    outputs?: string[],
  ): Promise<Result<RunResult, InferenceError>> {
    return hostOf(this.env).run(model, feeds, this.#caller(trace), outputs);
  }

  predict(
    model: ModelRef,
    inputs: Record<string, unknown>,
    trace: Trace,
    tellFeeds?: boolean,
  ): Promise<Result<RunResult, InferenceError>> {
    return hostOf(this.env).predict(model, inputs, this.#caller(trace), tellFeeds);
  }

  async state(): Promise<InferenceState> {
    return hostOf(this.env).state();
  }

  #caller(trace: Trace): Caller {
    return {
      trace,
      life: {
        keepAlive: (promise) => this.ctx.waitUntil(promise),
        patience: () => scheduler.wait(LOAD_PATIENCE_MS),
      },
    };
  }
}

export default {
  fetch: () => new Response("Not found", { status: 404 }),
} satisfies ExportedHandler<InferenceEnv>;

function hostOf(env: InferenceEnv): ModelHost {
  shared ??= new ModelHost(env.MODELS, {
    budgetBytes: Number(env.SESSION_BUDGET_BYTES),
    maxModelBytes: Number(env.MAX_MODEL_BYTES),
    heapLimitBytes: Number(env.HEAP_LIMIT_BYTES),
  });
  return shared;
}
