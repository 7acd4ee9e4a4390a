import type { Tensor } from "../tensors/tensor.ts";
import type { Random } from "../statistics/random.ts";
import { readModel } from "./codec/onnx-file.ts";
import { generatedInputs } from "./generated-inputs.ts";
import { latencyOf, type Latency } from "./latency.ts";
import { OnnxFault } from "./onnx-fault.ts";
import { firstBatch, fixedBatchOf, type Feeds } from "./rows.ts";
import { withOpenModel, type OpenModel, type Runtime } from "./runtime.ts";

/**
 * Milliseconds since whenever; it must move while a model runs. Where time stands still until the
 * next event, as in Cloudflare Workers, the clock waits for one.
 */
export type Clock = () => number | Promise<number>;

export type BenchmarkOptions = {
  batch_sizes?: readonly number[];
  /** Runs that are not counted, for each batch size; they take half the time at most. */
  warm_up?: number;
  /** Runs that are counted, for each batch size. */
  runs?: number;
  /** After this time in all no run is started; each batch size has at least one. */
  max_seconds?: number;
};

export type BenchmarkTools = {
  clock: Clock;
  /** By how much the clock moves at least; shorter runs are timed many together. */
  tick_ms?: number;
  /** What the inputs are made from where none are given. */
  random: Random;
  /** Rows to run on: needed where not every input can be made up, such as token numbers. */
  inputs?: Feeds | undefined;
};

export type BatchLatency = Latency & { batch_size: number; rows_per_second: number };

export type Benchmark = {
  runtime: string;
  model_bytes: number;
  /** Reading the file and making it ready to run. */
  opening_ms: number;
  batches: readonly BatchLatency[];
};

export const BENCHMARK_DEFAULTS = {
  batch_sizes: [1, 8, 32],
  warm_up: 5,
  runs: 50,
  max_seconds: 20,
} as const satisfies BenchmarkOptions;

/**
 * How long a model takes to open and to run, by batch size. A model that fixes its batch is run with
 * that size only. Throws `OnnxFault`: bad_request for options or inputs that do not fit, unsupported
 * where the clock stands still while a model runs.
 */
export async function benchmarkModel(
  runtime: Runtime,
  bytes: Uint8Array,
  options: BenchmarkOptions,
  { clock, tick_ms = 0, random, inputs }: BenchmarkTools,
): Promise<Benchmark> {
  const settings = { ...BENCHMARK_DEFAULTS, ...options };
  checkEffort(settings);
  const model = readModel(bytes);
  const fixed = fixedBatchOf(model);
  const sizes = fixed === undefined ? settings.batch_sizes : [fixed];
  const began = await clock();
  return withOpenModel(runtime, bytes, async (open) => {
    const opening_ms = (await clock()) - began;
    const batches: BatchLatency[] = [];
    for (const [index, size] of sizes.entries()) {
      const left = settings.max_seconds * 1000 - ((await clock()) - began);
      const feeds = inputs ? firstBatch(model, inputs, size) : generatedInputs(model, size, random);
      const latency = await measure(open, feeds, clock, {
        ...settings,
        milliseconds: left / (sizes.length - index),
        tick_ms,
      });
      const rows_per_second = (1000 * size) / latency.mean_ms;
      batches.push({ batch_size: size, ...latency, rows_per_second });
    }
    return { runtime: runtime.name, model_bytes: bytes.length, opening_ms, batches };
  });
}

type Effort = { warm_up: number; runs: number; milliseconds: number; tick_ms: number };

async function measure(
  open: OpenModel,
  feeds: Record<string, Tensor>,
  clock: Clock,
  { warm_up, runs, milliseconds, tick_ms }: Effort,
): Promise<Latency> {
  const warm = (await clock()) + milliseconds / 2;
  const end = (await clock()) + milliseconds;
  for (let run = 0; run < warm_up && (run === 0 || (await clock()) < warm); run += 1)
    await open.run(feeds);
  const together = await runsPerSample(open, feeds, clock, tick_ms);
  const durations: number[] = [];
  while (durations.length < runs && (durations.length === 0 || (await clock()) < end))
    durations.push(await durationOf(open, feeds, clock, together));
  const latency = latencyOf(durations, together);
  if (latency.max_ms > 0) return latency;
  throw new OnnxFault(
    "unsupported",
    "the clock stands still while a model runs here; measure it in a job or on another machine",
  );
}

/** Milliseconds that one run takes, as the mean of so many. */
export async function durationOf(
  open: OpenModel,
  feeds: Record<string, Tensor>,
  clock: Clock,
  runs = 1,
): Promise<number> {
  const start = await clock();
  for (let run = 0; run < runs; run += 1) await open.run(feeds);
  return ((await clock()) - start) / runs;
}

/** A sample of this many ticks is wrong by a tenth at most, and their mean by much less. */
const TICKS_PER_SAMPLE = 10;
const MOST_RUNS_PER_SAMPLE = 4096;

/** How many runs have to be timed together so that the ticks of the clock do not show. */
export async function runsPerSample(
  open: OpenModel,
  feeds: Record<string, Tensor>,
  clock: Clock,
  tick_ms: number,
): Promise<number> {
  if (tick_ms === 0) return 1;
  const least = tick_ms * TICKS_PER_SAMPLE;
  for (let runs = 1; runs < MOST_RUNS_PER_SAMPLE; runs *= 2) {
    // A single slow spell must not pass for a slow model.
    const durations = [
      await durationOf(open, feeds, clock, runs),
      await durationOf(open, feeds, clock, runs),
    ];
    if (runs * Math.min(...durations) >= least) return runs;
  }
  return MOST_RUNS_PER_SAMPLE;
}

/** Throws `OnnxFault` (bad_request), naming the field, for a number that cannot be meant. */
export function checkEffort(effort: Required<BenchmarkOptions>): void {
  const { batch_sizes, runs, warm_up, max_seconds } = effort;
  const isCount = (value: number, least: number): boolean =>
    Number.isInteger(value) && value >= least;
  if (batch_sizes.length === 0 || !batch_sizes.every((size) => isCount(size, 1)))
    throw new OnnxFault(
      "bad_request",
      "a batch size is to be a whole number from 1 on, and there is to be at least one",
    );
  if (!isCount(runs, 1)) throw new OnnxFault("bad_request", "'runs' is to be 1 or more");
  if (!isCount(warm_up, 0)) throw new OnnxFault("bad_request", "'warm_up' is to be 0 or more");
  if (!(max_seconds > 0)) throw new OnnxFault("bad_request", "'max_seconds' is to be more than 0");
}
