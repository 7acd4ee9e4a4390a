import { describe, expect, test } from "vitest";
import { benchmarkModel, type BenchmarkOptions } from "../../../domain/onnx/benchmark-model.ts";
import { writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import { compareSpeed } from "../../../domain/onnx/compare-speed.ts";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import { latencyOf, medianInterval } from "../../../domain/onnx/latency.ts";
import type { OnnxType } from "../../../domain/onnx/model.ts";
import { intTensor } from "../../../domain/onnx/tensors.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import type { Dimension } from "../../../domain/tensors/tensor.ts";
import { fakeRuntime, type FakeRuntime } from "./support/fake-runtime.ts";
import { wasmRuntime } from "./support/wasm-runtime.ts";

function modelOf(shape: Dimension[] | null, type: OnnxType = "float32"): Uint8Array {
  const b = GraphBuilder.empty(17);
  b.output(b.node("Identity", [b.input("x", type, shape)]), "y");
  return writeModel(b.model());
}

const benchmark = (runtime: FakeRuntime, bytes: Uint8Array, options: BenchmarkOptions = {}) =>
  benchmarkModel(runtime, bytes, options, { clock: runtime.clock, random: seededRandom(1) });

describe("latencies", () => {
  test("quantiles lie between neighbours, as numpy.percentile has them", () => {
    const durations = [15, 20, 35, 40, 50, 1, 8];
    expect(latencyOf(durations)).toEqual({
      runs: 7,
      mean_ms: 169 / 7,
      p50_ms: 20,
      p90_ms: 44,
      p95_ms: expect.closeTo(47, 9),
      p99_ms: expect.closeTo(49.4, 9),
      min_ms: 1,
      max_ms: 50,
    });
    expect(latencyOf([3])).toMatchObject({ p50_ms: 3, p99_ms: 3, min_ms: 3 });
  });

  test("the interval of a median is of the order statistics of the sign test", () => {
    const values = (count: number) => Array.from({ length: count }, (_, at) => count - at);
    // Textbook table: n = 6 gives the extremes, 10 the 2nd and 9th, 20 the 6th and 15th, 50 the 18th and 33rd.
    expect(medianInterval(values(5), 0.95)).toBeNull();
    expect(medianInterval(values(6), 0.95)).toEqual([1, 6]);
    expect(medianInterval(values(10), 0.95)).toEqual([2, 9]);
    expect(medianInterval(values(20), 0.95)).toEqual([6, 15]);
    expect(medianInterval(values(50), 0.95)).toEqual([18, 33]);
  });
});

describe("a clock that ticks as coarsely as a Worker's", () => {
  test("has short runs timed many together, and long ones by themselves", async () => {
    const runtime = fakeRuntime((_, before) => (before % 2 === 0 ? 0.25 : 0.35));
    const ticking = async () => Math.floor(await runtime.clock());
    const tools = { clock: ticking, tick_ms: 1, random: seededRandom(1) };
    const options = { batch_sizes: [1], runs: 10 };
    const short = await benchmarkModel(runtime, modelOf(["N"]), options, tools);
    const [{ runs, runs_per_sample, p50_ms } = { runs: 0, p50_ms: 0 }] = short.batches;
    expect({ runs, runs_per_sample }).toEqual({ runs: 640, runs_per_sample: 64 });
    expect(p50_ms).toBeCloseTo(0.3, 1);

    const slow = fakeRuntime(() => 12);
    const long = await benchmarkModel(slow, modelOf(["N"]), options, {
      ...tools,
      clock: slow.clock,
    });
    expect(long.batches).toMatchObject([{ runs: 10, p50_ms: 12 }]);
    expect(long.batches[0]).not.toHaveProperty("runs_per_sample");
  });

  test("tells which of two short models is faster", async () => {
    const [before, after] = [modelOf(["N"]), modelOf(["N", 2])];
    const runtime = fakeRuntime((model) => (model === before ? 0.2 : 0.1));
    const ticking = async () => Math.floor(await runtime.clock());
    const compare = (tick_ms: number) =>
      compareSpeed(runtime, { before, after }, {}, { batch_size: 1 }, ticking, tick_ms);
    expect((await compare(1))?.ratio).toBeCloseTo(0.5, 1);
    expect(await compare(0)).toBeNull();
  });
});

describe("the benchmark", () => {
  test("runs each batch size and leaves the warm-up out", async () => {
    const runtime = fakeRuntime((_, before) => (before % 6 < 2 ? 100 : 4));
    const found = await benchmark(runtime, modelOf(["batch", 3]), {
      batch_sizes: [1, 8],
      warm_up: 2,
      runs: 4,
    });
    expect(found).toMatchObject({ runtime: "fake", opening_ms: 7 });
    expect(found.batches).toEqual([
      expect.objectContaining({
        batch_size: 1,
        runs: 4,
        p50_ms: 4,
        max_ms: 4,
        rows_per_second: 250,
      }),
      expect.objectContaining({ batch_size: 8, runs: 4, mean_ms: 4, rows_per_second: 2000 }),
    ]);
    expect(runtime.runs.map(({ feeds }) => feeds["x"]?.dims[0])).toEqual([
      ...Array<number>(6).fill(1),
      ...Array<number>(6).fill(8),
    ]);
    expect([runtime.opened, runtime.released]).toEqual([1, 1]);
  });

  test("ends after the time allowed, which the batch sizes share", async () => {
    const runtime = fakeRuntime(() => 300);
    const found = await benchmark(runtime, modelOf(["batch", 3]), { max_seconds: 6 });
    expect(found.batches.map(({ batch_size, runs }) => [batch_size, runs > 2])).toEqual([
      [1, true],
      [8, true],
      [32, true],
    ]);
    expect(runtime.clock()).toBeLessThan(6000 + 3 * 600 + 7);
  });

  test("a model that fixes its batch is run with that", async () => {
    const found = await benchmark(
      fakeRuntime(() => 1),
      modelOf([4, 3]),
    );
    expect(found.batches.map(({ batch_size }) => batch_size)).toEqual([4]);
  });

  test("rows that are given are repeated where there are too few", async () => {
    const runtime = fakeRuntime(() => 1);
    const inputs = { x: intTensor([5, 6, 7, 8], [2, 2]) };
    await benchmarkModel(
      runtime,
      modelOf(["batch", 2], "int64"),
      { batch_sizes: [3], runs: 1, warm_up: 0 },
      { clock: runtime.clock, random: seededRandom(1), inputs },
    );
    expect(runtime.runs[0]?.feeds["x"]).toEqual(intTensor([5, 6, 7, 8, 7, 8], [3, 2]));
  });

  test("integers are made up of zeros and ones, floats of normal numbers, by the seed", async () => {
    const made = async (type: OnnxType) => {
      const runtime = fakeRuntime(() => 1);
      await benchmark(runtime, modelOf(["batch", 50], type), { batch_sizes: [4], runs: 1 });
      return Array.from<unknown, number>(runtime.runs[0]?.feeds["x"]?.data ?? [], Number);
    };
    expect(new Set(await made("int64"))).toEqual(new Set([0, 1]));
    const floats = await made("float32");
    expect(Math.abs(floats.reduce((sum, value) => sum + value, 0) / 200)).toBeLessThan(0.3);
    expect(await made("float32")).toEqual(floats);
  });

  test("what cannot be measured is a problem", async () => {
    const still = fakeRuntime(() => 0);
    await expect(benchmark(still, modelOf(["batch", 3]))).rejects.toMatchObject({
      problem: { code: "unsupported" },
    });
    expect(still.released).toBe(1);
    for (const shape of [["batch", "length"], null] as const)
      await expect(
        benchmark(
          fakeRuntime(() => 1),
          modelOf(shape === null ? null : [...shape]),
        ),
      ).rejects.toMatchObject({ problem: { code: "bad_request", tensor: "x" } });
    const bad: [BenchmarkOptions, string][] = [
      [{ batch_sizes: [] }, "batch size"],
      [{ batch_sizes: [0] }, "batch size"],
      [{ runs: 0 }, "'runs'"],
      [{ warm_up: -1 }, "'warm_up'"],
      [{ max_seconds: 0 }, "'max_seconds'"],
    ];
    for (const [options, message] of bad)
      await expect(
        benchmark(
          fakeRuntime(() => 1),
          modelOf([1]),
          options,
        ),
      ).rejects.toThrow(message);
  });

  test("on the real runtime", async () => {
    const found = await benchmarkModel(
      wasmRuntime,
      modelOf(["batch", 64]),
      { batch_sizes: [1, 4], runs: 5, warm_up: 1 },
      { clock: () => performance.now(), random: seededRandom(1) },
    );
    expect(found.batches).toHaveLength(2);
    for (const { min_ms, p50_ms, max_ms } of found.batches) {
      expect(min_ms).toBeGreaterThan(0);
      expect(p50_ms).toBeLessThanOrEqual(max_ms);
    }
  });
});

describe("the comparison of two models", () => {
  const before = modelOf(["batch", 3]);
  const after = modelOf(["rows", 3]);
  const feeds = { x: intTensor([1]) };

  test("runs them in turn, so that a slow spell slows both", async () => {
    // Twice as fast, on a machine that gets slower and slower.
    const runtime = fakeRuntime((model, run) => (model === after ? 1 : 2) * (1 + run));
    const found = await compareSpeed(
      runtime,
      { before, after },
      feeds,
      { batch_size: 1, warm_up: 1, runs: 20 },
      runtime.clock,
    );
    expect(found?.ratio).toBeCloseTo(0.5, 10);
    expect(found?.ratio_interval?.map((end) => Number(end.toFixed(10)))).toEqual([0.5, 0.5]);
    expect(found?.before.runs).toBe(20);
    const order = runtime.runs.slice(2, 6).map(({ model }) => model);
    expect(order).toEqual([before, after, after, before].map(({ length }) => length));
    expect([runtime.opened, runtime.released]).toEqual([2, 2]);
  });

  test("is null where the clock stands still", async () => {
    const still = fakeRuntime(() => 0);
    const found = compareSpeed(still, { before, after }, feeds, { batch_size: 1 }, still.clock);
    expect(await found).toBeNull();
    expect(still.released).toBe(2);
  });

  test("ends after the time allowed", async () => {
    const runtime = fakeRuntime(() => 400);
    const options = { batch_size: 1, warm_up: 0, max_seconds: 2 };
    const found = await compareSpeed(runtime, { before, after }, feeds, options, runtime.clock);
    expect(found?.before.runs).toBe(3);
    expect(found?.ratio_interval).toBeNull();
  });
});
