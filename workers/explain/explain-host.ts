import type { ExplainCall, ExplainError, ExplainState } from "../../contract/explain.ts";
import type { ModelRef, Trace } from "../../contract/inference.ts";
import { openSubject, releaseSubject, type Subject } from "../../domain/explain/engine/subject.ts";
import { ExplainFault } from "../../domain/explain/explain-fault.ts";
import { preparationOf, type Preparation } from "../../domain/explain/engine/prepared-rows.ts";
import { readModel as readOnnx } from "../../domain/onnx/codec/onnx-file.ts";
import { attempt, OnnxFault } from "../../domain/onnx/onnx-fault.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { OnnxRuntime, OnnxRuntimeLost } from "../../wasm/onnxruntime.ts";
import { toolkitRuntime } from "../../wasm/toolkit-runtime.ts";
import { log } from "../shared/log.ts";
import { readModel } from "../shared/model-bytes.ts";
import { SessionCache, type RequestLife } from "../shared/session-cache.ts";
import { toolkitFailure } from "../shared/toolkit-failure.ts";

export type ExplainLimits = {
  budgetBytes: number;
  maxModelBytes: number;
  heapLimitBytes: number;
};

/** What one RPC call brings along. */
export type Caller = { trace: Trace; life: Omit<RequestLife, "evicted"> };

/** Heap of an open subject with what is made for it, by the size of its file. An estimate. */
const COST_PER_MODEL_BYTE = 4;
const COST_PER_SUBJECT_BYTES = 500_000;
/** Each that is under way holds its rows. */
const MOST_AT_WORK = 16;
/** A vocabulary may have a megabyte. */
const MOST_PREPARATIONS = 8;

type Opened = { subject: Subject; runtime: OnnxRuntime; epoch: number };

/** The models of one isolate that are open to be explained. */
export class ExplainHost {
  readonly #bucket: R2Bucket;
  readonly #limits: ExplainLimits;
  readonly #cache: SessionCache<Opened, ExplainError>;
  #starting: Promise<OnnxRuntime> | undefined;
  #atWork = 0;
  readonly #preparations = new Map<string, Preparation>();

  constructor(bucket: R2Bucket, limits: ExplainLimits) {
    this.#bucket = bucket;
    this.#limits = limits;
    this.#cache = new SessionCache({
      budgetBytes: limits.budgetBytes,
      // What a lost runtime held is gone anyway.
      release: ({ subject }) => void releaseSubject(subject).catch(() => undefined),
    });
  }

  get state(): ExplainState {
    const { sessions, sessionBytes } = this.#cache;
    return { subjects: sessions, subject_bytes: sessionBytes, at_work: this.#atWork };
  }

  /** Does `work` with the call's model, open; its faults become the error. */
  async work<T>(
    call: Omit<ExplainCall, "background">,
    caller: Caller,
    work: (subject: Subject) => Promise<T>,
  ): Promise<Result<T, ExplainError>> {
    if (this.#atWork >= MOST_AT_WORK) return fail({ code: "busy" });
    this.#atWork += 1;
    const began = performance.now();
    const { model, request, feeds } = call;
    const { sha256 } = model;
    const { method } = request;
    try {
      const done = await this.#use(call, caller, work);
      if (done.ok) {
        const rows = Object.values(feeds)[0]?.dims[0] ?? 0;
        const ms = performance.now() - began;
        log({ event: "model_explained", method, sha256, rows, ms }, caller.trace);
        return done;
      }
      const { code, ...details } = done.error;
      log({ event: "model_explain_failed", method, sha256, code, details }, caller.trace);
      return done;
    } finally {
      this.#atWork -= 1;
    }
  }

  /** A subject whose runtime was lost to another request is opened anew, once. */
  async #use<T>(
    call: Omit<ExplainCall, "background">,
    caller: Caller,
    work: (subject: Subject) => Promise<T>,
  ): Promise<Result<T, ExplainError>> {
    const { model } = call;
    const key = keyOf(call);
    const cost = COST_PER_SUBJECT_BYTES + model.size_bytes * COST_PER_MODEL_BYTE;
    const life: RequestLife = {
      ...caller.life,
      evicted: (evicted, cost_bytes) =>
        log({ event: "model_evicted", sha256: evicted.slice(0, 64), cost_bytes }, caller.trace),
    };
    const attempt = () =>
      this.#cache.use(
        key,
        cost,
        () => this.#open(call),
        life,
        async (opened) => {
          if (isLost(opened)) return this.#cache.forget(key);
          try {
            return ok(await opened.subject.kept.during(() => work(opened.subject)));
          } catch (error) {
            this.#forgetLost(error);
            return fail(this.#failure(error, model));
          }
        },
      );
    const first = await attempt();
    const done = first.ok && first.value === undefined ? await attempt() : first;
    if (!done.ok) return done;
    return done.value ?? fail({ code: "inference_failed", reason: "ONNX Runtime was restarted" });
  }

  /** What the model's file says of its inputs. */
  async preparation(model: ModelRef): Promise<Result<Preparation, ExplainError>> {
    const known = this.#preparations.get(model.sha256);
    if (known) return ok(known);
    const read = await readModel(this.#bucket, model, this.#limits.maxModelBytes);
    if (!read.ok) return read;
    const made = attempt(() => preparationOf(readOnnx(read.value)));
    if (!made.ok) return fail({ code: "toolkit", problem: made.error });
    if (this.#preparations.size >= MOST_PREPARATIONS) this.#preparations.clear();
    this.#preparations.set(model.sha256, made.value);
    return made;
  }

  async #open(call: Omit<ExplainCall, "background">): Promise<Result<Opened, ExplainError>> {
    const { model, signature, feeds } = call;
    const read = await readModel(this.#bucket, model, this.#limits.maxModelBytes);
    if (!read.ok) return read;
    const runtime = await this.#start();
    try {
      const engine = toolkitRuntime(runtime);
      const subject = await openSubject(engine, read.value, signature, feeds);
      return ok({ subject, runtime, epoch: runtime.epoch });
    } catch (error) {
      this.#forgetLost(error);
      return fail(this.#failure(error, model));
    }
  }

  async #start(): Promise<OnnxRuntime> {
    this.#starting ??= OnnxRuntime.start(this.#limits.heapLimitBytes);
    const runtime = await this.#starting;
    if (runtime.isLost) {
      runtime.restart();
      this.#cache.clear();
    }
    return runtime;
  }

  #failure(error: unknown, model: ModelRef): ExplainError {
    if (error instanceof ExplainFault) return { code: "explain", problem: error.problem };
    if (error instanceof TooMuch)
      return { code: "too_much", cost_per_row: error.cost_per_row, limit: error.limit };
    return toolkitFailure(error, model, this.#limits.maxModelBytes);
  }

  /** What was open in a runtime that trapped can do nothing any more. */
  #forgetLost(error: unknown): void {
    const cause = error instanceof OnnxFault ? error.cause : error;
    if (cause instanceof OnnxRuntimeLost) this.#cache.clear();
  }
}

/** The call would do more work than it may. */
export class TooMuch extends Error {
  readonly cost_per_row: number;
  readonly limit: number;

  constructor(cost_per_row: number, limit: number) {
    super(`a row costs ${cost_per_row}, and all may cost ${limit}`);
    this.cost_per_row = cost_per_row;
    this.limit = limit;
  }
}

/** One file is open once for each shape of its instances. */
function keyOf({ model, feeds }: Omit<ExplainCall, "background">): string {
  const shapes = Object.entries(feeds).map(([name, { dims }]) => [name, dims.slice(1)]);
  return `${model.sha256} ${JSON.stringify(shapes)}`;
}

const isLost = ({ runtime, epoch }: Opened): boolean => runtime.isLost || runtime.epoch !== epoch;
