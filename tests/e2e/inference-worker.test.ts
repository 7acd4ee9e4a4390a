import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ModelRef } from "../../contract/inference.ts";
import type { ElementType, TensorData } from "../../domain/tensors/tensor.ts";
import { writeModel } from "../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../domain/onnx/graph-builder.ts";
import { floatTensor } from "../../domain/onnx/tensors.ts";
import { identityModel } from "../fixtures/model-file.ts";
import { absent, float32, unary } from "./support/inference-fixtures.ts";
import { buildInference, startInference, type Inference } from "./support/inference-worker.ts";

type Expected = { features: number[][]; target: number[] } & Record<ModelName, number[][]>;
type ModelName = "logistic" | "mlp" | "forest";

const loadsOf = (inference: Inference, { sha256 }: ModelRef) =>
  inference.logs().filter((line) => line["event"] === "model_loaded" && line["sha256"] === sha256);

beforeAll(buildInference);

describe("a roomy isolate", () => {
  let inference: Inference;
  let expected: Expected;
  const models = new Map<ModelName, ModelRef>();

  beforeAll(async () => {
    inference = await startInference({ session_budget: 40_000_000, max_model: 200_000 });
    expected = JSON.parse(await readFile("examples/wdbc/expected.json", "utf8"));
    for (const name of ["logistic", "mlp", "forest"] as const) {
      const bytes = await readFile(`examples/wdbc/models/wdbc-${name}.onnx`);
      models.set(name, await inference.store(bytes));
    }
  });
  afterAll(() => inference.stop());

  const model = (name: ModelName): ModelRef => models.get(name) ?? absent(name);

  async function probabilities(name: ModelName, rows: number[][]): Promise<number[]> {
    const feeds = { features: float32(rows.flat(), [rows.length, 30]) };
    const result = await inference.run(model(name), feeds, { outputs: ["probabilities"] });
    if (!result.ok) throw new Error(JSON.stringify(result.error));
    return Array.from(result.value.outputs["probabilities"]?.data ?? [], Number);
  }

  test.each(["logistic", "mlp", "forest"] as const)(
    "%s gives the probabilities that its trainer gave, in one batch and row by row",
    async (name) => {
      const batch = await probabilities(name, expected.features);
      const rows = await Promise.all(expected.features.map((row) => probabilities(name, [row])));
      const wanted = expected[name].flat();
      expect(batch).toHaveLength(40);
      for (const [index, probability] of batch.entries())
        expect(probability).toBeCloseTo(wanted[index] ?? Number.NaN, 5);
      for (const [index, probability] of rows.flat().entries())
        expect(probability).toBeCloseTo(batch[index] ?? Number.NaN, 6);
    },
  );

  test("a signature names inputs, outputs, element types and shapes", async () => {
    expect(await inference.inspect(model("logistic"))).toMatchInlineSnapshot(`
      {
        "ok": true,
        "value": {
          "details": null,
          "signature": {
            "inputs": [
              {
                "name": "features",
                "shape": [
                  "N",
                  30,
                ],
                "type": "float32",
              },
            ],
            "outputs": [
              {
                "name": "probabilities",
                "shape": [
                  "N",
                  2,
                ],
                "type": "float32",
              },
            ],
          },
        },
      }
    `);
    const opened = await inference.inspect(
      await inference.store(identityModel("float16", ["batch", null, 3])),
    );
    const port = { type: "float16", shape: ["batch", null, 3] };
    expect(opened).toEqual({
      ok: true,
      value: {
        signature: { inputs: [{ name: "x", ...port }], outputs: [{ name: "y", ...port }] },
        details: null,
      },
    });
  });

  test("timing tells loading from running", async () => {
    const fresh = await inference.store(unary("Neg"));
    const cold = await inference.run(fresh, { x: float32([1]) });
    const warm = await inference.run(fresh, { x: float32([1]) });
    expect(cold).toMatchObject({ ok: true, value: { timing: { load_ms: expect.any(Number) } } });
    expect(cold.ok && cold.value.timing.load_ms).toBeGreaterThan(0);
    expect(warm).toMatchObject({ ok: true, value: { timing: { load_ms: 0 } } });
  });

  test("is not on the public internet", async () => {
    expect(await inference.publicStatus()).toBe(404);
  });

  describe("element types", () => {
    const cases: [ElementType, TensorData][] = [
      ["float32", Float32Array.of(1.5, -0, Infinity)],
      ["float64", Float64Array.of(Math.PI, -1e-300)],
      ["float16", Uint16Array.of(0x3c00, 0xfbff, 0x7c00)],
      ["int8", Int8Array.of(-128, 127)],
      ["uint8", Uint8Array.of(0, 255)],
      ["int16", Int16Array.of(-32768, 32767)],
      ["uint16", Uint16Array.of(0, 65535)],
      ["int32", Int32Array.of(-2147483648, 2147483647)],
      ["uint32", Uint32Array.of(0, 4294967295)],
      ["int64", BigInt64Array.of(-9223372036854775808n, 9007199254740993n)],
      ["uint64", BigUint64Array.of(18446744073709551615n)],
      ["bool", Uint8Array.of(0, 1, 1)],
      ["string", ["", "žluťoučký 🐦", "", "x".repeat(2000), ""]],
    ];
    test.each(cases)("%s comes back as it went", async (type, data) => {
      const identity = await inference.store(identityModel(type));
      const result = await inference.run(identity, { x: { type, dims: [data.length], data } });
      const array = data.constructor.name;
      const texts = Array.from(data, String);
      expect(result).toMatchObject({
        ok: true,
        value: { outputs: { y: { type, dims: [data.length], array, data: texts } } },
      });
    });

    test.each(["float32", "string"] as const)("an empty batch of %s", async (type) => {
      const identity = await inference.store(identityModel(type));
      const data = type === "string" ? [] : new Float32Array();
      const result = await inference.run(identity, { x: { type, dims: [0], data } });
      expect(result).toMatchObject({
        ok: true,
        value: { outputs: { y: { dims: [0], data: [] } } },
      });
    });
  });

  describe("requests at the same time", () => {
    test("50 first requests load once", async () => {
      const stored = await inference.store(unary("Abs"));
      const runs = Array.from({ length: 50 }, (_, index) =>
        inference.run(stored, { x: float32([-index]) }),
      );
      for (const [index, result] of (await Promise.all(runs)).entries())
        expect(result).toMatchObject({
          ok: true,
          value: { outputs: { y: { data: [`${index}`] } } },
        });
      expect(loadsOf(inference, stored)).toHaveLength(1);
      expect(loadsOf(inference, stored)[0]).toMatchObject({
        request_id: "req_test",
        traceparent: expect.stringMatching(/^00-/),
      });
    });

    test("requests survive that the one that loads for them goes away", async () => {
      const stored = await inference.store(unary("Sqrt"));
      const abort = new AbortController();
      const first = inference
        .run(stored, { x: float32([4]) }, { signal: abort.signal })
        .catch(() => "gone");
      const others = Array.from({ length: 10 }, () => inference.run(stored, { x: float32([9]) }));
      abort.abort();
      expect(await first).toBe("gone");
      for (const result of await Promise.all(others))
        expect(result).toMatchObject({ ok: true, value: { outputs: { y: { data: ["3"] } } } });
    });
  });
});

describe("a tight isolate", () => {
  let inference: Inference;
  /** A small session costs 200 kB, so two of them fit. */
  beforeAll(async () => {
    inference = await startInference({
      session_budget: 450_000,
      max_model: 16_000_000,
      heap_limit: 20_000_000,
    });
  });
  afterAll(() => inference.stop());

  test("the least recently used model goes first", async () => {
    const [a, b, c] = await Promise.all(
      (["Abs", "Neg", "Ceil"] as const).map((op) => inference.store(unary(op))),
    );
    if (a === undefined || b === undefined || c === undefined) throw new Error("no models");
    const run = (stored: ModelRef) => inference.run(stored, { x: float32([1]) });
    for (const stored of [a, b, a, c, a]) {
      expect(await run(stored)).toMatchObject({ ok: true });
    }
    const story = inference.logs().map((line) => [line["event"], line["sha256"]]);
    expect(story).toEqual([
      ["model_loaded", a.sha256],
      ["model_loaded", b.sha256],
      ["model_evicted", b.sha256],
      ["model_loaded", c.sha256],
    ]);
    expect(await inference.state()).toMatchObject({ sessions: 2, budget_bytes: 450_000 });
  });

  test("a model that the heap cannot hold is too large, and the next one opens", async () => {
    const b = GraphBuilder.empty();
    const weights = b.constant(floatTensor([2_000_000], new Float32Array(2_000_000)));
    b.output(b.node("Mul", [b.input("x", "float32", [1]), weights]), "y");
    const opened = await inference.inspect(await inference.store(writeModel(b.model())));
    expect(opened).toMatchObject({ ok: false, error: { code: "model_too_large" } });
    const small = await inference.store(unary("Floor"));
    expect(await inference.run(small, { x: float32([1.5]) })).toMatchObject({ ok: true });
  });
});
