import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { VersionView } from "../../../contract/model.ts";
import type { BenchmarkResult, InspectResult, OptimizeResult } from "../../../contract/optimize.ts";
import type { PredictResponse } from "../../../contract/predict.ts";
import { writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import {
  newModel,
  recordedModel,
  scaleModel,
  stringModel,
  traces,
} from "../support/model-fixtures.ts";
import { call, keyOf, newKey, refused, succeeds } from "../support/platform.ts";

let key = "";
/** A logistic regression of 30 numbers. */
const wdbc = () => new Uint8Array(env.WDBC_LOGISTIC);
const row = (index: number) => Array.from({ length: 30 }, (_, at) => ((index * 7 + at) % 11) - 5);
const ROWS = Array.from({ length: 40 }, (_, index) => row(index));
const FLAT = { shape: [40, 30], data: ROWS.flat() };
const UNTIMED = { speed: false };

beforeAll(async () => {
  key = await keyOf();
  await newModel(key, "shared", [wdbc()]);
});

const at = (what: string, version = 1, model = "shared") =>
  `${what === "inspect" ? "GET" : "POST"} /v1/models/${model}/versions/${version}/${what}`;
const optimize = (json: object, model = "shared", version = 1) =>
  call<OptimizeResult>(at("optimize", version, model), { key, json: { ...UNTIMED, ...json } });
const refuses = async (code: Parameters<typeof refused>[0], json: object, model = "shared") =>
  (await refused(code, at("optimize", 1, model), { key, json: { ...UNTIMED, ...json } })).body;

describe("looking into a version", () => {
  it("tells what it is made of and what a run costs", async () => {
    const found = await succeeds<InspectResult>(200, at("inspect"), { key });
    expect(found).toMatchObject({
      model: "shared",
      version: 1,
      file_bytes: wdbc().length,
      inputs: [{ name: "features", type: "float32", shape: ["N", 30] }],
      unknown: { macs_of_nodes: 0 },
      fits_isolate: { fits: true },
      problems: [],
    });
    expect(found.nodes.map(({ operator }) => operator).length).toBeGreaterThan(1);
    const many = await succeeds<InspectResult>(200, `${at("inspect")}?batch=10`, { key });
    expect(many.macs).toBe(10 * found.macs);
    for (const batch of ["0", "x", "-1", "1e9"])
      await refused("invalid_request", `${at("inspect")}?batch=${batch}`, { key });
  });

  it("is refused for a version that is none", async () => {
    for (const what of ["inspect", "optimize", "benchmark"]) {
      const json = what === "inspect" ? {} : { json: what === "optimize" ? { kind: "fp16" } : {} };
      await refused("version_not_found", at(what, 9), { key, ...json });
      await refused("model_not_found", at(what, 1, "none"), { key, ...json });
    }
  });
});

describe("an optimisation", () => {
  it("makes a version that says what it was made of, and that runs", async () => {
    await newModel(key, "halved", [wdbc()]);
    const made = await optimize({ kind: "fp16", data: { inputs: { features: FLAT } } }, "halved");
    expect(made.status).toBe(201);
    const { version, before, after, agreement, report } = made.body;
    expect(after.size_bytes).toBeLessThan(before.size_bytes);
    expect(agreement).toMatchObject({ rows: 40, same_class: 1 });
    const derived_from = { version: 1, kind: "fp16", options: {}, report };
    expect(version).toMatchObject({ version: 2, description: "fp16 of version 1", derived_from });

    const shown = await succeeds<VersionView>(200, "GET /v1/models/halved/versions/2", { key });
    expect(shown).toEqual(version);
    const { items } = await succeeds<{ items: VersionView[] }>(
      200,
      "GET /v1/models/halved/versions",
      { key },
    );
    expect(items.map((one) => one.derived_from)).toEqual([version?.derived_from, null]);

    const json = { inputs: { features: ROWS.slice(0, 2) } };
    const ask = (number: number) =>
      succeeds<PredictResponse>(200, `POST /v1/models/halved/predict?version=${number}`, {
        key,
        json,
      });
    const [halved, whole] = [await ask(2), await ask(1)].map(
      ({ outputs }) => (outputs["probabilities"] as number[][])[0]?.[0] ?? Number.NaN,
    );
    expect(halved).toBeCloseTo(whole ?? 0, 2);

    // The record outlives what it names.
    expect((await call("DELETE /v1/models/halved/versions/1", { key })).status).toBe(204);
    expect(await succeeds(200, "GET /v1/models/halved/versions/2", { key })).toEqual(version);
  });

  it("asked for again, or by two at once, is one version", async () => {
    await newModel(key, "twice", [wdbc()]);
    const json = { kind: "prune", options: { amount: 0.5 }, description: "half of it" };
    const both = await Promise.all([optimize(json, "twice"), optimize(json, "twice")]);
    const again = await optimize(json, "twice");
    expect(again.status).toBe(200);
    for (const { status, body } of both) {
      expect([200, 201]).toContain(status);
      expect(body.version).toEqual(again.body.version);
    }
    expect(again.body).toMatchObject({
      version: {
        version: 2,
        description: "half of it",
        derived_from: { options: { amount: 0.5 } },
      },
      report: { sparsity_before: 0 },
    });
  });

  it.each([
    ["quantize_dynamic", {}],
    ["quantize_static", { calibration: { method: "percentile", percentile: 99.9 } }],
    ["prune", { method: "unstructured", importance: "random", seed: 3 }],
    ["prune", { method: "unstructured", importance: "taylor" }],
    ["graph", { dynamic_batch: true }],
  ])("of the kind %s is measured on the data", async (kind, options) => {
    const labels = ROWS.map((_, index) => index % 2);
    const data = { inputs: { features: ROWS }, labels };
    const { status, body } = await optimize({ kind, options, data, dry_run: true });
    expect(status).toBe(200);
    const evaluation = { task: "classification", rows: 40 };
    expect(body).toMatchObject({
      version: null,
      kind,
      before: { evaluation },
      after: { evaluation },
    });
    expect(body.speed).toBeNull();
  });

  it("times both where it is not told to leave that", async () => {
    const json = { kind: "graph", speed: { runs: 3, max_seconds: 2 }, dry_run: true };
    const { body } = await optimize(json);
    expect(body.speed?.ratio).toBeGreaterThan(0);
    expect(body.before.latency?.p50_ms).toBeGreaterThan(0);
  });
});

it("a model that fixes its batch takes any number of rows of data", async () => {
  const b = GraphBuilder.empty(17);
  b.output(b.node("Relu", [b.input("x", "float32", [2, 3])]), "y");
  const fixed = writeModel(b.model());
  await newModel(key, "fixed", [fixed]);
  const x = Array.from({ length: 5 }, (_, index) => [index, -index, 1]);
  const { body } = await optimize(
    { kind: "graph", data: { inputs: { x } }, dry_run: true },
    "fixed",
  );
  expect(body.agreement).toMatchObject({ rows: 5, max_difference: 0, same_class: 1 });
});

it("an optimisation is judged by the errors of a regression where labels are numbers", async () => {
  const labels = ROWS.map((_, index) => index / 7);
  const data = { inputs: { features: FLAT }, labels };
  const evaluation = { output: "probabilities", task: "regression" };
  const pairs = { ...data, labels: labels.map((label) => [label, -label]) };
  const { body } = await optimize({ kind: "fp16", data: pairs, evaluation, dry_run: true });
  expect(body.before.evaluation).toMatchObject({ task: "regression", rows: 40 });
  const single = await refuses("optimization_invalid", { kind: "fp16", data, evaluation });
  expect(single.detail).toContain("'data.labels' has 1 numbers a row where the output has 2");
});

describe("an optimisation that is refused leaves nothing behind:", () => {
  it.each([
    ["one of no such kind", "invalid_request", { kind: "shrink" }],
    ["one without a kind", "invalid_request", {}],
    [
      "one with an option that its kind lacks",
      "invalid_request",
      { kind: "fp16", options: { amount: 1 } },
    ],
    ["one with a member that is none", "invalid_request", { kind: "fp16", sped: false }],
    ["one with a share above 1", "invalid_request", { kind: "prune", options: { amount: 1.5 } }],
    ["one without data to calibrate with", "optimization_invalid", { kind: "quantize_static" }],
    [
      "one whose gate needs labels",
      "optimization_invalid",
      { kind: "fp16", gate: { max_accuracy_loss: 0 } },
    ],
    [
      "one whose gate needs times",
      "optimization_invalid",
      { kind: "fp16", gate: { max_slowdown: 1 }, speed: false },
    ],
    [
      "one of a node that is none",
      "optimization_invalid",
      { kind: "quantize_dynamic", options: { nodes_to_exclude: ["nobody"] } },
    ],
    [
      "one with an input that is none",
      "input_unknown",
      { kind: "fp16", data: { inputs: { pixels: ROWS } } },
    ],
    ["one without its input", "input_missing", { kind: "fp16", data: { inputs: {} } }],
    [
      "one with no rows",
      "optimization_invalid",
      { kind: "fp16", data: { inputs: { features: { shape: [0, 30], data: [] } } } },
    ],
    [
      "one with fewer labels than rows",
      "optimization_invalid",
      { kind: "fp16", data: { inputs: { features: ROWS }, labels: [1] } },
    ],
    [
      "one with labels of two kinds",
      "optimization_invalid",
      {
        kind: "fp16",
        data: { inputs: { features: ROWS }, labels: ROWS.map((_, index) => (index ? 1 : "a")) },
      },
    ],
    [
      "one judged by an output that is none",
      "optimization_invalid",
      { kind: "fp16", data: { inputs: { features: ROWS } }, evaluation: { output: "nobody" } },
    ],
  ] as const)("%s", async (_, code, json) => {
    const before = await traces();
    const { detail } = await refuses(code, json);
    expect(detail.length).toBeGreaterThan(20);
    expect(await traces()).toEqual(before);
  });

  it("one with a bad row, which is named", async () => {
    const rows = ROWS.map((one, index) => (index === 7 ? one.slice(1) : one));
    const nested = await refuses("input_shape", {
      kind: "fp16",
      data: { inputs: { features: rows } },
    });
    expect(nested.detail).toBe(
      "input 'features'[7]: expected an array of 30, found an array of 29",
    );
    const flat = (change: object) =>
      ({ kind: "fp16", data: { inputs: { features: { ...FLAT, ...change } } } }) as const;
    const short = await refuses("input_shape", flat({ data: [1] }));
    expect(short.detail).toContain("expected 1200 values");
    await refuses("input_shape", flat({ shape: "many" }));
    await refuses("input_shape", flat({ shape: [40, 29] }));
    await refuses("input_type", flat({ dtype: "int64" }));
    await refuses("input_type", flat({ data: FLAT.data.with(3, "x" as never) }));
  });

  it("one that does not pass its gate, with the figures and the reasons", async () => {
    const before = await traces();
    const data = { inputs: { features: ROWS } };
    const gate = { max_size_ratio: 0.01, min_agreement: 0.5 };
    const problem = await refuses("release_gate_failed", { kind: "fp16", data, gate });
    expect(problem).toMatchObject({
      kind: "fp16",
      before: { size_bytes: wdbc().length },
      agreement: { rows: 40 },
      gate: { passed: false, reasons: [expect.stringContaining("max_size_ratio")] },
    });
    expect(problem.detail).toContain("is above 'gate.max_size_ratio', 0.01");
    expect(await traces()).toEqual(before);
    const told = await optimize({ kind: "fp16", data, gate, dry_run: true });
    expect(told.body).toMatchObject({ version: null, gate: { passed: false } });
  });

  it("one of a model that is larger than the edge works on, or whose bytes are gone", async () => {
    await recordedModel(key, "recorded", [8_000_001, 1_000]);
    const large = await refuses("model_too_large", { kind: "fp16" }, "recorded");
    expect(large).toMatchObject({ size_bytes: 8_000_001, limit_bytes: 8_000_000 });
    await refused("model_bytes_missing", at("inspect", 2, "recorded"), { key });
  });
});

describe("a benchmark", () => {
  const measure = (json: object, model = "shared") =>
    call<BenchmarkResult>(at("benchmark", 1, model), { key, json });

  it("has the times of each batch size", async () => {
    const { status, body } = await measure({ batch_sizes: [1, 4], runs: 3, max_seconds: 2 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ model: "shared", version: 1, runtime: "wasm" });
    expect(body.batches.map(({ batch_size }) => batch_size)).toEqual([1, 4]);
    for (const { p50_ms, p99_ms, rows_per_second } of body.batches) {
      expect(p50_ms).toBeGreaterThan(0);
      expect(p99_ms).toBeGreaterThanOrEqual(p50_ms);
      expect(rows_per_second).toBeGreaterThan(0);
    }
  });

  it("runs on the rows that are given", async () => {
    await newModel(key, "texts", [stringModel()]);
    const json = { batch_sizes: [1], runs: 1, data: { inputs: { x: ["a", "b"] } } };
    expect((await measure(json, "texts")).status).toBe(200);
    const bad = { ...json, data: { inputs: { x: [1] } } };
    await refused("input_type", at("benchmark", 1, "texts"), { key, json: bad });
  });

  it("is refused with numbers that cannot be meant", async () => {
    for (const json of [
      { runs: 0 },
      { batch_sizes: [] },
      { batch_sizes: [0] },
      { max_seconds: 0 },
      { max_seconds: 3_600 },
      { warm_up: -1 },
      { rounds: 1 },
      [],
    ])
      await refused("invalid_request", at("benchmark"), { key, json });
  });

  it("takes a key that may make versions, as one request runs the model many times", async () => {
    const { key: writer, owner_id } = await newKey();
    await newModel(writer, "read", [scaleModel(1)]);
    const { key: reader } = await newKey({ owner_id, scopes: ["models:read", "predict"] });
    await refused("scope_missing", at("benchmark"), { key: reader, json: {} });
    await refused("scope_missing", at("optimize"), { key: reader, json: { kind: "fp16" } });
    expect((await call(at("inspect", 1, "read"), { key: reader })).status).toBe(200);
  });
});

it("more work than an isolate has room for is told to come back", async () => {
  await newModel(key, "busy", [scaleModel(1)]);
  const json = { batch_sizes: [1], runs: 5, data: { inputs: { x: [1, 2, 3] } } };
  const log = vi.spyOn(console, "error").mockReturnValue();
  const replies = await Promise.all(
    Array.from({ length: 12 }, () =>
      call<{ code?: string }>(at("benchmark", 1, "busy"), { key, json }),
    ),
  );
  log.mockRestore();
  const statuses = replies.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(3);
  for (const { status, body, headers } of replies.filter((reply) => reply.status !== 200)) {
    expect({ status, code: body.code }).toEqual({ status: 503, code: "unavailable" });
    expect(headers.get("retry-after")).toBe("5");
  }
});
