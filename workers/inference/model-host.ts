import type {
  InferenceError,
  InferenceState,
  Inspected,
  ModelRef,
  RunResult,
  Trace,
} from "../../contract/inference.ts";
import type { OnnxProblem } from "../../domain/onnx/onnx-fault.ts";
import { feedsFromInputs } from "../../domain/preprocessing/feeds-from-inputs.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Tensor } from "../../domain/tensors/tensor.ts";
import { OnnxPortUnsupported, OnnxSession } from "../../wasm/onnx-session.ts";
import { OnnxError, OnnxRuntime, OnnxRuntimeLost } from "../../wasm/onnxruntime.ts";
import { log } from "../shared/log.ts";
import { isOutOfMemory, openFailure, readableReason } from "../shared/onnx-failure.ts";
import { readModel, tooLarge } from "../shared/model-bytes.ts";
import { checkedDetails, describe, type Described } from "./description.ts";
import { SessionCache, type RequestLife } from "../shared/session-cache.ts";

export type HostLimits = { budgetBytes: number; maxModelBytes: number; heapLimitBytes: number };

/** What one RPC call brings along. */
export type Caller = { trace: Trace; life: Omit<RequestLife, "evicted"> };

/**
 * Estimate of the heap that an open session holds. Measured: 1.1 times the file where weights are
 * most of it, 50 kB at least, 5 times the file for a tree ensemble, and 1.5 kB for every node of a
 * large graph. Where the estimate is low, the heap limit ends in a restart (see `#load`).
 */
const COST_PER_MODEL_BYTE = 1.25;
const COST_PER_SESSION_BYTES = 200_000;

type Opened = { session: OnnxSession; described: Result<Described | null, OnnxProblem> };

/** The models of one isolate: ONNX Runtime and the sessions that are open in it. */
export class ModelHost {
  readonly #bucket: R2Bucket;
  readonly #limits: HostLimits;
  readonly #cache: SessionCache<Opened, InferenceError>;
  #runtime: OnnxRuntime | undefined;
  #starting: Promise<OnnxRuntime> | undefined;

  constructor(bucket: R2Bucket, limits: HostLimits) {
    this.#bucket = bucket;
    this.#limits = limits;
    this.#cache = new SessionCache({
      budgetBytes: limits.budgetBytes,
      release: ({ session }) => session.release(),
      extraBytes: ({ described }) => (described.ok ? (described.value?.bytes ?? 0) : 0),
    });
  }

  inspect(model: ModelRef, caller: Caller): Promise<Result<Inspected, InferenceError>> {
    return this.#use(model, caller, ({ session: { signature }, described }) => {
      const details = checkedDetails(described, signature);
      return details.ok
        ? ok({ signature, details: details.value })
        : fail({ code: "model_invalid", reason: details.error.message });
    });
  }

  run(
    model: ModelRef,
    feeds: Record<string, Tensor>,
    caller: Caller,
    outputs?: string[],
  ): Promise<Result<RunResult, InferenceError>> {
    return this.#timed(model, caller, ({ session }) =>
      ok({ outputs: session.run(feeds, outputs) }),
    );
  }

  predict(
    model: ModelRef,
    inputs: Record<string, unknown>,
    caller: Caller,
    tellFeeds = false,
  ): Promise<Result<RunResult, InferenceError>> {
    return this.#timed(model, caller, ({ session, described }) => {
      const pipelines = described.ok ? (described.value?.pipelines ?? []) : [];
      const fed = feedsFromInputs(session.signature, pipelines, inputs);
      if (!fed.ok) return fail({ code: "input_invalid", problem: fed.error });
      const { feeds } = fed.value;
      return ok({ outputs: session.run(feeds), ...(tellFeeds ? { feeds } : {}) });
    });
  }

  #timed(
    model: ModelRef,
    caller: Caller,
    compute: (opened: Opened) => Result<Omit<RunResult, "timing">, InferenceError>,
  ): Promise<Result<RunResult, InferenceError>> {
    const arrived = performance.now();
    return this.#use(model, caller, (opened, load_ms) => {
      const began = performance.now();
      const computed = compute(opened);
      if (!computed.ok) return computed;
      const run_ms = performance.now() - began;
      const queue_ms = Math.max(0, began - arrived - load_ms);
      return ok({ ...computed.value, timing: { load_ms, queue_ms, run_ms } });
    });
  }

  state(): InferenceState {
    return {
      sessions: this.#cache.sessions,
      session_bytes: this.#cache.sessionBytes,
      budget_bytes: this.#limits.budgetBytes,
    };
  }

  /**
   * Does `work` with the model's session. `loadMs` is what this request itself spent on loading.
   * A session whose runtime was lost to another request is replaced once.
   */
  async #use<Answer>(
    model: ModelRef,
    caller: Caller,
    work: (opened: Opened, loadMs: number) => Result<Answer, InferenceError>,
  ): Promise<Result<Answer, InferenceError>> {
    let loadMs = 0;
    const load = async () => {
      const began = performance.now();
      const loaded = await this.#load(model);
      loadMs = performance.now() - began;
      this.#logLoad(model, loaded, loadMs, caller.trace);
      return loaded;
    };
    const life: RequestLife = {
      ...caller.life,
      evicted: (sha256, cost_bytes) =>
        log({ event: "model_evicted", sha256, cost_bytes }, caller.trace),
    };
    const cost = COST_PER_SESSION_BYTES + Math.ceil(model.size_bytes * COST_PER_MODEL_BYTE);
    const attempt = () =>
      this.#cache.use(model.sha256, cost, load, life, (opened) => {
        if (opened.session.isLost) return this.#cache.forget(model.sha256);
        try {
          return work(opened, loadMs);
        } catch (error) {
          return this.#runFailure(error, model, caller.trace);
        }
      });
    const first = await attempt();
    const done = first.ok && first.value === undefined ? await attempt() : first;
    if (!done.ok) return done;
    return done.value ?? fail({ code: "inference_failed", reason: "ONNX Runtime was restarted" });
  }

  async #load(model: ModelRef): Promise<Result<Opened, InferenceError>> {
    const read = await readModel(this.#bucket, model, this.#limits.maxModelBytes);
    if (!read.ok) return read;
    const opened = await this.#open(read.value);
    if (opened.ok) return opened;
    if (opened.error !== "out_of_memory") return fail(opened.error);
    // The heap is too full or too fragmented: once more in an empty one.
    this.#restart();
    const reopened = await this.#open(read.value);
    if (reopened.ok) return reopened;
    if (reopened.error !== "out_of_memory") return fail(reopened.error);
    return fail(tooLarge(model.size_bytes, this.#limits.maxModelBytes));
  }

  async #open(bytes: Uint8Array): Promise<Result<Opened, InferenceError | "out_of_memory">> {
    const runtime = this.#runtime ?? (await this.#start());
    if (runtime.isLost) this.#restart();
    try {
      return ok({ session: OnnxSession.open(runtime, bytes), described: describe(bytes) });
    } catch (error) {
      if (error instanceof OnnxPortUnsupported)
        return fail({ code: "model_io_unsupported", name: error.port, type: error.type });
      if (error instanceof OnnxError)
        return fail(isOutOfMemory(error.message) ? "out_of_memory" : openFailure(error.message));
      if (!(error instanceof OnnxRuntimeLost)) throw error;
      this.#restart();
      return fail({ code: "model_invalid", reason: `ONNX Runtime crashed: ${error.message}` });
    }
  }

  /** Starting does no I/O, so no request can go away in the middle of it. */
  async #start(): Promise<OnnxRuntime> {
    this.#starting ??= OnnxRuntime.start(this.#limits.heapLimitBytes).finally(() => {
      this.#starting = undefined;
    });
    this.#runtime = await this.#starting;
    return this.#runtime;
  }

  #runFailure(error: unknown, model: ModelRef, trace: Trace): Result<never, InferenceError> {
    if (error instanceof OnnxError) {
      const reason = isOutOfMemory(error.message)
        ? "the run needs more memory than the isolate has"
        : readableReason(error.message);
      return fail({ code: "inference_failed", reason });
    }
    if (!(error instanceof OnnxRuntimeLost)) throw error;
    this.#restart();
    log({ event: "runtime_lost", sha256: model.sha256, reason: error.message }, trace);
    return fail({ code: "inference_failed", reason: `ONNX Runtime crashed: ${error.message}` });
  }

  #restart(): void {
    this.#runtime?.restart();
    this.#cache.clear();
  }

  #logLoad(
    { sha256, size_bytes }: ModelRef,
    loaded: Result<Opened, InferenceError>,
    load_ms: number,
    trace: Trace,
  ): void {
    if (loaded.ok) {
      log({ event: "model_loaded", sha256, size_bytes, load_ms }, trace);
      return;
    }
    const { code, ...details } = loaded.error;
    log({ event: "model_load_failed", sha256, size_bytes, code, details }, trace);
  }
}
