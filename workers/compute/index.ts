import { WorkerEntrypoint } from "cloudflare:workers";
import type {
  ComputeError,
  ComputeService,
  ComputeState,
  Inspection,
  Optimized,
} from "../../contract/compute.ts";
import type { ModelRef, Trace } from "../../contract/inference.ts";
import {
  benchmarkModel,
  type Benchmark,
  type BenchmarkOptions,
} from "../../domain/onnx/benchmark-model.ts";
import { checkModel } from "../../domain/onnx/check-model.ts";
import { readModel } from "../../domain/onnx/codec/onnx-file.ts";
import { optimiseModel } from "../../domain/onnx/optimise-model.ts";
import type { OptimiseRequest } from "../../domain/onnx/optimise-request.ts";
import type { Feeds } from "../../domain/onnx/rows.ts";
import { summarise, type SummaryOptions } from "../../domain/onnx/summarise.ts";
import type { AttributionMeasure } from "../../domain/onnx/optimise-gate.ts";
import { OnnxFault } from "../../domain/onnx/onnx-fault.ts";
import { compareAttributions } from "../../domain/explain/engine/compare-models.ts";
import { ExplainFault } from "../../domain/explain/explain-fault.ts";
import { ok, type Result } from "../../domain/result.ts";
import { seededRandom } from "../../domain/statistics/random.ts";
import { clock, TICK_MS } from "../shared/clock.ts";
import { ComputeHost } from "./compute-host.ts";

/** One per isolate: WebAssembly memory outlives requests. */
let shared: ComputeHost | undefined;

/** What `COMPUTE` is bound to: work on ONNX models that takes seconds, over RPC only. */
export class Compute extends WorkerEntrypoint<ComputeEnv> implements ComputeService {
  inspect(
    model: ModelRef,
    options: SummaryOptions,
    trace: Trace,
  ): Promise<Result<Inspection, ComputeError>> {
    return hostOf(this.env).work("inspect", model, trace, async (bytes) => {
      const read = readModel(bytes);
      return {
        summary: summarise(read, { ...options, fileBytes: bytes.length }),
        problems: checkModel(read),
      };
    });
  }

  async optimize(
    model: ModelRef,
    request: OptimiseRequest,
    uploadKey: string | null,
    trace: Trace,
  ): Promise<Result<Optimized, ComputeError>> {
    const random = seededRandom(model.sha256);
    const done = await hostOf(this.env).work("optimize", model, trace, (bytes, runtime) =>
      optimiseModel(runtime, bytes, request, { clock, tick_ms: TICK_MS, random, attributions }),
    );
    if (!done.ok) return done;
    const { model: bytes, ...result } = done.value;
    if (bytes === null || uploadKey === null) return ok({ file: null, result });
    return ok({ file: await store(this.env.MODELS, uploadKey, bytes), result });
  }

  benchmark(
    model: ModelRef,
    options: BenchmarkOptions,
    inputs: Feeds | null,
    trace: Trace,
  ): Promise<Result<Benchmark, ComputeError>> {
    const random = seededRandom(model.sha256);
    const tools = { clock, tick_ms: TICK_MS, random, ...(inputs ? { inputs } : {}) };
    return hostOf(this.env).work("benchmark", model, trace, (bytes, runtime) =>
      benchmarkModel(runtime, bytes, options, tools),
    );
  }

  async state(): Promise<ComputeState> {
    return { at_work: hostOf(this.env).atWork };
  }
}

/** Whether the new model goes by the same features as the old one; what cannot be explained is refused by name. */
async function attributions(
  ...pair: Parameters<typeof compareAttributions>
): Promise<AttributionMeasure> {
  try {
    const { rows, change, interval, same_top_feature } = await compareAttributions(...pair);
    return { rows, change, interval, same_top_feature };
  } catch (error) {
    if (!(error instanceof ExplainFault)) throw error;
    throw new OnnxFault("bad_request", `'gate.max_attribution_change': ${error.message}`);
  }
}

export default {
  fetch: () => new Response("Not found", { status: 404 }),
} satisfies ExportedHandler<ComputeEnv>;

function hostOf(env: ComputeEnv): ComputeHost {
  shared ??= new ComputeHost(env.MODELS, {
    maxModelBytes: Number(env.MAX_MODEL_BYTES),
    heapLimitBytes: Number(env.HEAP_LIMIT_BYTES),
  });
  return shared;
}

async function store(
  bucket: R2Bucket,
  key: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<{ sha256: string; size_bytes: number }> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  await bucket.put(key, bytes, { sha256: digest });
  return { sha256: new Uint8Array(digest).toHex(), size_bytes: bytes.length };
}
