import { WorkerEntrypoint } from "cloudflare:workers";
import type {
  ExplainCall,
  ExplainedRow,
  ExplainError,
  ExplainService,
  ExplainState,
  StreamedLine,
} from "../../contract/explain.ts";
import type { ModelRef, Trace } from "../../contract/inference.ts";
import { costOf } from "../../domain/explain/engine/cost-of.ts";
import { explainerFile } from "../../domain/explain/engine/explainer-file.ts";
import { explainInstances, methodFor } from "../../domain/explain/engine/explain-instances.ts";
import { rowsFromInputs } from "../../domain/explain/engine/prepared-rows.ts";
import type { Subject } from "../../domain/explain/engine/subject.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Signature, Tensor } from "../../domain/tensors/tensor.ts";
import { clock } from "../shared/clock.ts";
import { type Caller, ExplainHost, TooMuch } from "./explain-host.ts";

/** How long a request waits for a model that another one opens before it opens it by itself. */
const LOAD_PATIENCE_MS = 10_000;
/** How long a reader may take over a line; the work, which has a place of the isolate, waits for it. */
const READER_PATIENCE_MS = 10_000;

/** One per isolate: WebAssembly memory and open models outlive requests. */
let shared: ExplainHost | undefined;

/** What `EXPLAIN` is bound to: why a model says what it says, over RPC only. */
export class Explain extends WorkerEntrypoint<ExplainEnv> implements ExplainService {
  explain(call: ExplainCall, trace: Trace): Promise<Result<ExplainedRow[], ExplainError>> {
    return hostOf(this.env).work(call, this.#caller(trace), async (subject) => {
      await refuseTooMuch(subject, call);
      const began = performance.now();
      const rows: ExplainedRow[] = [];
      for await (const row of explainInstances(subject, call, { clock: clockFor(call) }))
        rows.push(row);
      return timed(rows, began);
    });
  }

  /** The first row in lines of JSON (`StreamedLine`): its estimates, then what it came to. */
  async stream(
    call: ExplainCall,
    trace: Trace,
  ): Promise<Result<ReadableStream<Uint8Array>, ExplainError>> {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const encoder = new TextEncoder();
    const write = (line: StreamedLine): Promise<void> =>
      orGone(writer.write(encoder.encode(`${JSON.stringify(line)}\n`)));
    const begun = Promise.withResolvers<null>();
    const work = hostOf(this.env).work(call, this.#caller(trace), async (subject) => {
      await refuseTooMuch(subject, call);
      const seen = async (row: ExplainedRow): Promise<void> => {
        begun.resolve(null);
        await write({ kind: "estimate", row });
      };
      for await (const row of explainInstances(subject, call, { clock: clockFor(call), seen }))
        await write({ kind: "done", row });
    });
    const finish = async (): Promise<void> => {
      const done = await work;
      if (!done.ok) await write({ kind: "failed", error: done.error });
      await writer.close();
    };
    // A reader that went away takes nothing more.
    this.ctx.waitUntil(
      finish().catch((error: unknown) => writer.abort(error).catch(() => undefined)),
    );
    const early = await Promise.race([begun.promise, work]);
    return early === null || early.ok ? ok(readable) : early;
  }

  async prepare(
    model: ModelRef,
    signature: Signature,
    inputs: Record<string, unknown>,
  ): Promise<Result<Record<string, Tensor>, ExplainError>> {
    const found = await hostOf(this.env).preparation(model);
    if (!found.ok) return found;
    const rows = rowsFromInputs(signature, found.value, inputs);
    return rows.ok ? rows : fail({ code: "input_invalid", problem: rows.error });
  }

  exportExplainer(call: ExplainCall, trace: Trace): Promise<Result<Uint8Array, ExplainError>> {
    return hostOf(this.env).work(call, this.#caller(trace), (subject) =>
      explainerFile(subject, call, call.model.sha256),
    );
  }

  async state(): Promise<ExplainState> {
    return hostOf(this.env).state;
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
} satisfies ExportedHandler<ExplainEnv>;

/** A write that its reader takes in time. */
async function orGone(written: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error("the reader of the stream takes nothing")),
    READER_PATIENCE_MS,
  );
  await Promise.race([written, promise]).finally(() => clearTimeout(timer));
}

function hostOf(env: ExplainEnv): ExplainHost {
  shared ??= new ExplainHost(env.MODELS, {
    budgetBytes: Number(env.SUBJECT_BUDGET_BYTES),
    maxModelBytes: Number(env.MAX_MODEL_BYTES),
    heapLimitBytes: Number(env.HEAP_LIMIT_BYTES),
  });
  return shared;
}

/**
 * To read a clock that has not moved is to wait for an event, as long as an explanation by trees
 * takes: only a deadline is worth that.
 */
const clockFor = ({ request }: ExplainCall): (() => Promise<number>) =>
  request.limits.deadline_ms === undefined ? async () => performance.now() : clock;

/** Where the clock stood still while the rows were explained, each gets its share of the whole. */
async function timed(rows: ExplainedRow[], began: number): Promise<ExplainedRow[]> {
  if (rows.some(({ computation_time_ms }) => computation_time_ms > 0)) return rows;
  const each = ((await clock()) - began) / rows.length;
  return rows.map((row) => ({ ...row, computation_time_ms: each }));
}

async function refuseTooMuch(subject: Subject, call: ExplainCall): Promise<void> {
  const { feeds, background, request, most_cost } = call;
  const [rows = 1, compared = 1] = [feeds, background?.feeds ?? {}].map(
    (tensors) => Object.values(tensors)[0]?.dims[0],
  );
  const cost = costOf(subject, request, await methodFor(subject, call), compared);
  if (rows * cost > most_cost) throw new TooMuch(cost, most_cost);
}
