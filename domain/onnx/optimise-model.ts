import type { Random } from "../statistics/random.ts";
import { readModel, writeModel } from "./codec/onnx-file.ts";
import type { Clock } from "./benchmark-model.ts";
import { compareSpeed, type SpeedComparison } from "./compare-speed.ts";
import { compareModels } from "./evaluate-model.ts";
import type { Agreement, Evaluation } from "./scores.ts";
import { generatedInputs } from "./generated-inputs.ts";
import type { Latency } from "./latency.ts";
import type { Model } from "./model.ts";
import { attempt, OnnxFault } from "./onnx-fault.ts";
import { passGate, type AttributionMeasure, type GateResult } from "./optimise-gate.ts";
import { runPass, type OptimiseKind, type PassReport } from "./optimise-passes.ts";
import { checkRequest, type OptimiseRequest } from "./optimise-request.ts";
import { firstBatch, fixedBatchOf, type Feeds } from "./rows.ts";
import type { Runtime } from "./runtime.ts";

export type OptimiseStage = "read" | "optimise" | "evaluate" | "measure" | "done";

export type OptimiseTools = {
  clock: Clock;
  /** By how much the clock moves at least. */
  tick_ms?: number;
  random: Random;
  /** Called as the work goes on, with the share of it that is done. */
  /** Explains rows by both models, where the gate asks how far they go by the same features. */
  attributions?: (
    runtime: Runtime,
    files: Pair<Uint8Array>,
    inputs: Feeds,
  ) => Promise<AttributionMeasure>;
  progress?: (stage: OptimiseStage, done: number) => void;
  /** Where it becomes true, the work ends with an `OnnxFault` (cancelled) before its next run. */
  signal?: { readonly aborted: boolean };
};

/** A model in numbers; null for what was not asked for or could not be measured. */
export type ModelMeasure = {
  size_bytes: number;
  evaluation: Evaluation | null;
  latency: Latency | null;
};

export type OptimiseResult = {
  kind: OptimiseKind;
  /** Null where the gate refuses it, unless it was asked for all the same. */
  model: Uint8Array<ArrayBuffer> | null;
  before: ModelMeasure;
  after: ModelMeasure;
  /** How far the two answer alike on the data. */
  agreement: Agreement | null;
  speed: Pick<SpeedComparison, "batch_size" | "ratio" | "ratio_interval"> | null;
  /** How far the contributions of features are the same; null where the gate does not ask. */
  attributions: AttributionMeasure | null;
  report: PassReport;
  gate: GateResult;
  /** What was left out, and why. */
  notes: readonly string[];
};

/**
 * Makes a model smaller or faster and says what that costs: runs the pass, judges both models on
 * the data, runs them in turn, and holds the outcome against the gate. The one function behind the
 * API's Worker and the jobs. Throws `OnnxFault` for a file or request that it cannot work with.
 */
export async function optimiseModel(
  engine: Runtime,
  bytes: Uint8Array,
  request: OptimiseRequest,
  { clock, tick_ms = 0, random, attributions, progress = () => undefined, signal }: OptimiseTools,
): Promise<OptimiseResult> {
  checkRequest(request);
  const runtime = signal ? cancellable(engine, signal) : engine;
  const step = (stage: OptimiseStage, done: number): void => {
    if (signal?.aborted === true) throw cancelled();
    progress(stage, done);
  };
  const { data, evaluation, gate = {} } = request;

  step("read", 0);
  const before = readModel(bytes);
  step("optimise", 0.05);
  const { model, report } = await runPass(runtime, before, request);
  const after = writeModel(model);
  const files = { before: bytes, after };

  step("evaluate", 0.5);
  const { agreement, evaluations } = data
    ? await compareModels(runtime, files, data, evaluation)
    : { agreement: null, evaluations: null };

  const asksWhy = data !== undefined && gate.max_attribution_change !== undefined;
  const why = (asksWhy && (await attributions?.(runtime, files, data.inputs))) || null;

  step("measure", 0.75);
  const notes: string[] = [];
  const speed = await measured(runtime, before, files, request, { clock, tick_ms, random, notes });

  const sizes = { before: bytes.length, after: after.length };
  const result = passGate(gate, { sizes, evaluations, agreement, speed, attributions: why });
  step("done", 1);
  return {
    kind: request.kind,
    model: result.passed || request.return_refused === true ? after : null,
    before: measureOf("before", sizes, evaluations, speed),
    after: measureOf("after", sizes, evaluations, speed),
    agreement,
    speed: speed && {
      batch_size: speed.batch_size,
      ratio: speed.ratio,
      ratio_interval: speed.ratio_interval,
    },
    attributions: why,
    report,
    gate: result,
    notes,
  };
}

type Pair<T> = { before: T; after: T };

const measureOf = (
  side: keyof Pair<unknown>,
  sizes: Pair<number>,
  evaluations: Pair<Evaluation> | null,
  speed: Pair<Latency> | null,
): ModelMeasure => ({
  size_bytes: sizes[side],
  evaluation: evaluations?.[side] ?? null,
  latency: speed?.[side] ?? null,
});

type Timing = { clock: Clock; tick_ms: number; random: Random; notes: string[] };

async function measured(
  runtime: Runtime,
  model: Model,
  files: Pair<Uint8Array>,
  { kind, data, speed = kind === "describe" ? false : {} }: OptimiseRequest,
  { clock, tick_ms, random, notes }: Timing,
): Promise<SpeedComparison | null> {
  if (speed === false) return null;
  const batch_size = fixedBatchOf(model) ?? speed.batch_size ?? 1;
  const feeds = attempt(() => speedFeeds(model, data?.inputs, batch_size, random));
  if (!feeds.ok) {
    notes.push(`the speed was not measured: ${feeds.error.message}`);
    return null;
  }
  const options = { ...speed, batch_size };
  const found = await compareSpeed(runtime, files, feeds.value, options, clock, tick_ms);
  if (found === null) notes.push("the speed was not measured: the clock stands still here");
  return found;
}

const speedFeeds = (model: Model, inputs: Feeds | undefined, rows: number, random: Random) =>
  inputs ? firstBatch(model, inputs, rows) : generatedInputs(model, rows, random);

/** The runtime, which refuses to open or run anything once the signal says so. */
function cancellable(runtime: Runtime, signal: { readonly aborted: boolean }): Runtime {
  const check = (): void => {
    if (signal.aborted) throw cancelled();
  };
  return {
    name: runtime.name,
    async open(model) {
      check();
      const open = await runtime.open(model);
      return {
        async run(feeds, outputs) {
          check();
          return open.run(feeds, outputs);
        },
        release: () => open.release(),
      };
    },
  };
}

const cancelled = (): OnnxFault => new OnnxFault("cancelled", "the work was cancelled");
