import type { ComputeError } from "../../contract/compute.ts";
import type { ModelRef, Trace } from "../../contract/inference.ts";
import type { Runtime } from "../../domain/onnx/runtime.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { OnnxRuntime } from "../../wasm/onnxruntime.ts";
import { toolkitRuntime } from "../../wasm/toolkit-runtime.ts";
import { log } from "../shared/log.ts";
import { readModel } from "../shared/model-bytes.ts";
import { toolkitFailure } from "../shared/toolkit-failure.ts";
import { Turns } from "../shared/turns.ts";

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
      return fail(toolkitFailure(error, model, this.#limits.maxModelBytes));
    } finally {
      turn.end();
    }
  }

  #start(): Promise<OnnxRuntime> {
    this.#runtime ??= OnnxRuntime.start(this.#limits.heapLimitBytes);
    return this.#runtime;
  }
}
