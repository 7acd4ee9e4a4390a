import { describe, expect, test } from "vitest";
import { readModel, writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import type { Evaluation } from "../../../domain/onnx/scores.ts";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import type { ValueInfo } from "../../../domain/onnx/model.ts";
import { passGate, type Measurements } from "../../../domain/onnx/optimise-gate.ts";
import {
  optimiseModel,
  type OptimiseStage,
  type OptimiseTools,
} from "../../../domain/onnx/optimise-model.ts";
import type { OptimiseRequest } from "../../../domain/onnx/optimise-request.ts";
import type { Runtime } from "../../../domain/onnx/runtime.ts";
import { elementsOf } from "../../../domain/onnx/stored-tensor.ts";
import { floatTensor } from "../../../domain/onnx/tensors.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import { DIGITS_MODEL, readDigits } from "./support/digits.ts";
import { wasmRuntime } from "./support/wasm-runtime.ts";

const { image, labels } = readDigits(0, 1797);
const data = { inputs: { image }, labels };
const speed = { runs: 10, warm_up: 1 };

const optimise = (
  request: OptimiseRequest,
  tools: Partial<OptimiseTools> = {},
  runtime: Runtime = wasmRuntime,
  bytes: Uint8Array = DIGITS_MODEL,
) =>
  optimiseModel(runtime, bytes, request, {
    clock: () => performance.now(),
    random: seededRandom(1),
    ...tools,
  });

const accuracyOf = (evaluation: Evaluation | null): number =>
  evaluation?.task === "classification" ? evaluation.accuracy : Number.NaN;

describe("the digits network", () => {
  const requests: [string, OptimiseRequest, number][] = [
    ["dynamic", { kind: "quantize_dynamic" }, 0.4],
    ["dynamic, a scale each", { kind: "quantize_dynamic", options: { per_channel: false } }, 0.4],
    ["static", { kind: "quantize_static" }, 0.45],
    ["static, a scale each", { kind: "quantize_static", options: { per_channel: false } }, 0.4],
    [
      "static by entropy",
      { kind: "quantize_static", options: { calibration: { method: "entropy" } } },
      0.45,
    ],
    ["half", { kind: "fp16" }, 0.55],
    ["pruned by 30 %", { kind: "prune" }, 1.001],
    ["graph", { kind: "graph" }, 1.001],
  ];

  test.each(requests)("%s: keeps its accuracy within a point", async (_, request, sizeRatio) => {
    const found = await optimise({ ...request, data, speed, gate: { max_accuracy_loss: 0.01 } });
    expect(found.gate).toEqual({ passed: true, reasons: [] });
    expect(found.notes).toEqual([]);
    expect(found.before.size_bytes).toBe(DIGITS_MODEL.length);
    expect(found.after.size_bytes).toBe(found.model?.length);
    expect(found.after.size_bytes / found.before.size_bytes).toBeLessThan(sizeRatio);
    expect(accuracyOf(found.before.evaluation)).toBe(1777 / 1797);
    expect(accuracyOf(found.after.evaluation)).toBeGreaterThan(1777 / 1797 - 0.01);
    expect(found.agreement?.same_class).toBeGreaterThan(0.99);
    expect(found.before.latency?.runs).toBe(10);
    expect(found.speed?.ratio).toBeGreaterThan(0);
    const again = readModel(found.model ?? new Uint8Array());
    expect(again.graph.inputs).toEqual(readModel(DIGITS_MODEL).graph.inputs);
    expect(again.graph.outputs).toEqual(readModel(DIGITS_MODEL).graph.outputs);
  });

  test("pruned by default has 30 % of each weight at zero, by magnitude", async () => {
    const { model, report } = await optimise({ kind: "prune", speed: false });
    const weight = (bytes: Uint8Array): number[] => {
      const stored = readModel(bytes).graph.initializers.find(({ name }) => name === "W1");
      return stored ? Array.from<unknown, number>(elementsOf(stored).data, Number) : [];
    };
    const [before, after] = [weight(DIGITS_MODEL), weight(model ?? new Uint8Array())];
    expect(after.filter((value) => value === 0)).toHaveLength(0.3 * 480);
    const zeroed = before.filter((_, at) => after[at] === 0).map(Math.abs);
    const kept = after.filter((value) => value !== 0).map(Math.abs);
    expect(Math.max(...zeroed)).toBeLessThanOrEqual(Math.min(...kept));
    expect(report).toMatchObject({ sparsity_after: expect.closeTo(0.3, 2) as number });
  });

  test("pruned by channel is smaller", async () => {
    const options = { method: "structured", amount: 0.15 } as const;
    const found = await optimise({ kind: "prune", options, data, speed: false });
    expect(found.after.size_bytes / found.before.size_bytes).toBeLessThan(0.87);
    expect(accuracyOf(found.after.evaluation)).toBeGreaterThan(1777 / 1797 - 0.01);
  });

  test("with a fixed batch can be set free", async () => {
    const model = readModel(DIGITS_MODEL);
    const fixed = (value: ValueInfo): ValueInfo =>
      value.type?.kind === "tensor"
        ? { ...value, type: { ...value.type, shape: [3, ...(value.type.shape ?? []).slice(1)] } }
        : value;
    const { graph } = model;
    const bytes = writeModel({
      ...model,
      graph: { ...graph, inputs: graph.inputs.map(fixed), outputs: graph.outputs.map(fixed) },
    });
    const options = { dynamic_batch: true };
    const found = await optimise({ kind: "graph", options, data, speed }, {}, wasmRuntime, bytes);
    expect(found.speed?.batch_size).toBe(3);
    expect(found.agreement).toMatchObject({ rows: 1797, same_class: 1 });
    const [input] = readModel(found.model ?? new Uint8Array()).graph.inputs;
    expect(input?.type).toMatchObject({ shape: [expect.any(String), 1, 8, 8] });
  });

  test("is converted to the opset that is asked for, and answers the same", async () => {
    const options = { opset: 21 };
    const found = await optimise({ kind: "graph", options, data, speed: false });
    const { opsets } = readModel(found.model ?? new Uint8Array());
    expect(opsets.map(({ version }) => version)).toEqual([21]);
    expect(found.agreement).toMatchObject({ same_class: 1 });
    await expect(optimise({ kind: "graph", options: { opset: 16 } })).rejects.toThrow("upward");
  });

  test("in an old opset is converted to one that can be quantised", async () => {
    const model = readModel(DIGITS_MODEL);
    const old = writeModel({ ...model, opsets: [{ version: 11 }] });
    const found = await optimise(
      { kind: "quantize_static", data, speed: false },
      {},
      wasmRuntime,
      old,
    );
    expect(accuracyOf(found.after.evaluation)).toBeGreaterThan(1777 / 1797 - 0.01);
    expect(readModel(found.model ?? new Uint8Array()).opsets).toEqual([{ version: 13 }]);
  });

  test("the weights of INT8 take a quarter", async () => {
    const { model } = await optimise({
      kind: "quantize_static",
      options: { per_channel: false },
      data,
      speed: false,
    });
    const weightBytes = (bytes: Uint8Array, types: string[]) =>
      readModel(bytes)
        .graph.initializers.filter(({ type, dims }) => dims.length === 2 && types.includes(type))
        .reduce(
          (sum, { payload }) => sum + (payload && "bytes" in payload ? payload.bytes.length : 0),
          0,
        );
    const before = weightBytes(DIGITS_MODEL, ["float32"]);
    expect(before).toBe(4 * (64 * 48 + 48 * 10));
    expect(weightBytes(model ?? new Uint8Array(), ["int8", "float32"])).toBe(before / 4);
  });
});

describe("the gate", () => {
  test("refuses a model that loses too much, and gives none", async () => {
    const found = await optimise({
      kind: "quantize_dynamic",
      data,
      speed: false,
      gate: { max_size_ratio: 0.1, min_agreement: 0.5 },
    });
    expect(found.gate.passed).toBe(false);
    expect(found.gate.reasons).toEqual([
      expect.stringMatching(/^0\.\d+ is above 'gate.max_size_ratio', 0.1$/),
    ]);
    expect(found.model).toBeNull();
    expect(found.after.size_bytes).toBeGreaterThan(0);
  });

  test("gives a refused model to whoever asks for it", async () => {
    const found = await optimise({
      kind: "quantize_dynamic",
      speed: false,
      gate: { max_size_ratio: 0.1 },
      return_refused: true,
    });
    expect(found.gate.passed).toBe(false);
    expect(readModel(found.model ?? new Uint8Array()).graph.nodes.length).toBeGreaterThan(0);
  });

  const good: Measurements = {
    sizes: { before: 100, after: 50 },
    evaluations: {
      before: { task: "classification", rows: 100, accuracy: 0.9 },
      after: { task: "classification", rows: 100, accuracy: 0.88 },
    },
    agreement: { rows: 100, max_difference: 1, mean_difference: 0.1, same_class: 0.95 },
    speed: {
      batch_size: 1,
      ratio: 1.2,
      ratio_interval: null,
      before: {} as never,
      after: {} as never,
    },
    attributions: { rows: 16, change: 0.2, interval: null, same_top_feature: 1 },
  };

  test("compares each limit with what was measured", () => {
    const at = {
      max_size_ratio: 0.5,
      max_accuracy_loss: 0.03,
      max_slowdown: 1.2,
      min_agreement: 0.95,
      max_attribution_change: 0.2,
    };
    expect(passGate(at, good)).toEqual({ passed: true, reasons: [] });
    expect(passGate({}, good).passed).toBe(true);
    const beyond = {
      max_size_ratio: 0.49,
      max_accuracy_loss: 0.01,
      max_slowdown: 1.19,
      min_agreement: 0.96,
      max_attribution_change: 0.1,
    };
    expect(passGate(beyond, good).reasons).toEqual([
      "0.5 is above 'gate.max_size_ratio', 0.49",
      "0.02 is above 'gate.max_accuracy_loss', 0.01",
      "1.2 is above 'gate.max_slowdown', 1.19",
      "0.2 is above 'gate.max_attribution_change', 0.1",
      "0.95 is below 'gate.min_agreement', 0.96",
    ]);
  });

  test("a better model has lost nothing", () => {
    const { evaluations } = good;
    if (evaluations === null) throw new Error("no evaluations");
    const better = { before: evaluations.after, after: evaluations.before };
    expect(passGate({ max_accuracy_loss: 0 }, { ...good, evaluations: better }).passed).toBe(true);
  });

  test("judges a regression by its R²", () => {
    const regression = (r2: number | null) =>
      ({ task: "regression", rows: 9, r2, mae: 1, rmse: 1 }) as const;
    const held = (before: number | null, after: number | null) =>
      passGate(
        { max_accuracy_loss: 0.1 },
        { ...good, evaluations: { before: regression(before), after: regression(after) } },
      ).passed;
    expect(held(0.9, 0.85)).toBe(true);
    expect(held(0.9, 0.7)).toBe(false);
    expect(held(null, null)).toBe(false);
  });

  test("does not pass what it could not check", () => {
    const none = { ...good, evaluations: null, agreement: null, speed: null, attributions: null };
    const limits = {
      max_accuracy_loss: 1,
      max_slowdown: 9,
      min_agreement: 0,
      max_attribution_change: 9,
    };
    expect(passGate(limits, none).reasons).toHaveLength(4);
  });
});

describe("on the way", () => {
  test("progress goes from 0 to 1", async () => {
    const steps: [OptimiseStage, number][] = [];
    await optimise(
      { kind: "quantize_static", data, speed },
      { progress: (stage, done) => steps.push([stage, done]) },
    );
    expect(steps.map(([stage]) => stage)).toEqual([
      "read",
      "optimise",
      "evaluate",
      "measure",
      "done",
    ]);
    const shares = steps.map(([, done]) => done);
    expect(shares[0]).toBe(0);
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  });

  test.each([1, 5, 40, 100])(
    "a cancelled request ends before run %d, all models released",
    async (last) => {
      const signal = { aborted: false };
      let [runs, open] = [0, 0];
      const watched: Runtime = {
        name: "watched",
        async open(model) {
          const opened = await wasmRuntime.open(model);
          open += 1;
          return {
            run(feeds, outputs) {
              runs += 1;
              signal.aborted = runs === last;
              return opened.run(feeds, outputs);
            },
            async release() {
              await opened.release();
              open -= 1;
            },
          };
        },
      };
      const cut = optimise({ kind: "quantize_static", data, speed }, { signal }, watched);
      await expect(cut).rejects.toMatchObject({ problem: { code: "cancelled" } });
      expect(runs).toBe(last);
      expect(open).toBe(0);
    },
  );

  test("a speed that cannot be measured is noted, and no obstacle", async () => {
    const request: OptimiseRequest = { kind: "quantize_dynamic", speed };
    const still = await optimise(request, { clock: () => 0 });
    expect(still.notes).toEqual([expect.stringContaining("the clock stands still")]);
    expect(still.model).not.toBeNull();
    const b = GraphBuilder.empty(17);
    const x = b.input("x", "float32", ["batch", "length", 2]);
    b.output(b.node("MatMul", [x, b.constant(floatTensor([2, 1], [1, 2]))]), "y");
    const free = await optimise(request, {}, wasmRuntime, writeModel(b.model()));
    expect(free.notes).toEqual([expect.stringContaining("axis 1 (length) is free")]);
    expect(free.speed).toBeNull();
  });

  test("the same request gives the same bytes", async () => {
    const request: OptimiseRequest = { kind: "quantize_static", data, speed: false };
    expect((await optimise(request)).model).toEqual((await optimise(request)).model);
  });
});

describe("requests that do not fit", () => {
  test.each<[string, OptimiseRequest]>([
    ["'data.inputs' is needed: static quantisation", { kind: "quantize_static" }],
    [
      "'data.labels' is needed",
      { kind: "graph", data: { inputs: { image } }, gate: { max_accuracy_loss: 0 } },
    ],
    [
      "'data.inputs' is needed: 'gate.min_agreement'",
      { kind: "graph", gate: { min_agreement: 1 } },
    ],
    ["'speed' is needed", { kind: "graph", speed: false, gate: { max_slowdown: 1 } }],
    ["'gate.max_size_ratio' is to be 0 or more", { kind: "graph", gate: { max_size_ratio: -1 } }],
    ["'data.inputs.image' is missing", { kind: "quantize_static", data: { inputs: {} } }],
    ["'op_types' names Relu", { kind: "quantize_dynamic", options: { op_types: ["Relu"] } }],
    ["'amount' is to be", { kind: "prune", options: { amount: 1 } }],
    ["'runs' is to be 1 or more", { kind: "graph", speed: { runs: 0 } }],
  ])("%s", async (message, request) => {
    await expect(optimise(request)).rejects.toMatchObject({
      problem: { code: "bad_request", message: expect.stringContaining(message) },
    });
  });

  test("a file that is no model", async () => {
    const broken = optimise({ kind: "graph" }, {}, wasmRuntime, Uint8Array.of(1, 2, 3));
    await expect(broken).rejects.toMatchObject({ problem: { code: "malformed" } });
  });
});
