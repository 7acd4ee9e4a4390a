import type { ComputeError } from "../../contract/compute.ts";
import type { ModelRef, Trace } from "../../contract/inference.ts";
import { OnnxFault } from "../../domain/onnx/onnx-fault.ts";
import type { Runtime } from "../../domain/onnx/runtime.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { OnnxPortUnsupported } from "../../wasm/onnx-session.ts";
import { OnnxError, OnnxRuntime, OnnxRuntimeLost } from "../../wasm/onnxruntime.ts";
import { OnnxRunFailed, toolkitRuntime } from "../../wasm/toolkit-runtime.ts";
import { log } from "../shared/log.ts";
import { readModel, tooLarge } from "../shared/model-bytes.ts";
import { isOutOfMemory, openFailure, readableReason } from "../shared/onnx-failure.ts";
import { Turns } from "./turns.ts";

export type ComputeLimits = { maxModelBytes: number; heapLimitBytes: number };

/** Each that waits holds its model and its data. */
const MOST_WAITING = 3;
const LONGEST_TURN_MS = 120_000;

/** The work of one isolate: one piece at a time, each on an empty heap of ONNX Runtime. */
export class ComputeHost {
  readonly #bucket: R2Bucket;
  readonly #limits: ComputeLimits;
  readonly #turns = new Turns(MOST_WAITING, {
    ms: LONGEST_TURN_MS,
    wait: (ms) => scheduler.wait(ms),
  });
  #runtime: Promise<OnnxRuntime> | undefined;

  constructor(bucket: R2Bucket, limits: ComputeLimits) {
    this.#bucket = bucket;
    this.#limits = limits;
  }

  get atWork(): number {
    return this.#turns.taken;
  }

  /** Reads the model's file and does `job` with it; its faults become the error. */
  async work<T>(
    operation: string,
    model: ModelRef,
    trace: Trace,
    job: (bytes: Uint8Array, runtime: Runtime) => Promise<T>,
  ): Promise<Result<T, ComputeError>> {
    const began = performance.now();
    const done = await this.#attempt(model, job);
    const { sha256, size_bytes } = model;
    if (done.ok) {
      const ms = performance.now() - began;
      log({ event: "model_computed", operation, sha256, size_bytes, ms }, trace);
      return done;
    }
    const { code, ...details } = done.error;
    log({ event: "model_compute_failed", operation, sha256, size_bytes, code, details }, trace);
    return done;
  }

  async #attempt<T>(
    model: ModelRef,
    job: (bytes: Uint8Array, runtime: Runtime) => Promise<T>,
  ): Promise<Result<T, ComputeError>> {
    // Read before the turn: a request that goes away while it waits for R2 must not hold it.
    const read = await readModel(this.#bucket, model, this.#limits.maxModelBytes);
    if (!read.ok) return read;
    const turn = this.#turns.take();
    if (turn === null) return fail({ code: "busy" });
    await turn.begun;
    try {
      const runtime = await this.#start();
      runtime.restart();
      return ok(await job(read.value, toolkitRuntime(runtime)));
    } catch (error) {
      return fail(this.#explain(error, model));
    } finally {
      turn.end();
    }
  }

  #start(): Promise<OnnxRuntime> {
    this.#runtime ??= OnnxRuntime.start(this.#limits.heapLimitBytes);
    return this.#runtime;
  }

  #explain(thrown: unknown, model: ModelRef): ComputeError {
    // What ONNX Runtime itself refused is told as it is of a prediction.
    const isRuntimes = thrown instanceof OnnxFault && thrown.cause !== undefined;
    const error = isRuntimes ? thrown.cause : thrown;
    if (error instanceof OnnxFault) return { code: "toolkit", problem: error.problem };
    if (error instanceof OnnxPortUnsupported)
      return { code: "model_io_unsupported", name: error.port, type: error.type };
    if (error instanceof OnnxRuntimeLost)
      return { code: "inference_failed", reason: `ONNX Runtime crashed: ${error.message}` };
    if (!(error instanceof OnnxError)) throw error;
    if (isOutOfMemory(error.message)) return tooLarge(model.size_bytes, this.#limits.maxModelBytes);
    return error instanceof OnnxRunFailed
      ? { code: "inference_failed", reason: readableReason(error.message) }
      : openFailure(error.message);
  }
}
