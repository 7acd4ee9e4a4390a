import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  createClient,
  experiments,
  keys,
  LinnetError,
  models,
  users,
  versions,
} from "../../clients/sdk/index.ts";
import { writeModel } from "../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../domain/onnx/graph-builder.ts";
import { type RunningPlatform, runPlatform } from "./support/platform.ts";

const MODEL = "digits";
const CALIBRATION_ROWS = 600;

let running: RunningPlatform;
let rows: number[][];
beforeAll(async () => {
  running = await runPlatform();
  const table = gunzipSync(await readFile("examples/digits/digits.csv.gz")).toString();
  rows = table
    .trim()
    .split("\n")
    .map((line) => line.split(",").map(Number));
});
afterAll(() => running.stop());

const dataOf = (some: readonly number[][]) => ({
  inputs: {
    image: {
      shape: [some.length, 1, 8, 8],
      data: some.flatMap((row) => row.slice(0, 64).map((pixel) => pixel / 16)),
    },
  },
  labels: some.map((row) => row[64] ?? Number.NaN),
});

const imageOf = (row: readonly number[]) => [
  [Array.from({ length: 8 }, (_, y) => row.slice(8 * y, 8 * y + 8).map((pixel) => pixel / 16))],
];

const refusal = async (work: Promise<unknown>): Promise<LinnetError> => {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (error instanceof LinnetError) return error;
  throw new Error("was not refused");
};

it("a team quantises a model, keeps what is worse from being released, and tries it as a canary", async () => {
  const { admin } = running;
  await models.create(admin, { name: MODEL });
  await versions.upload(admin, MODEL, await readFile("examples/digits/digits-mlp.onnx"));

  const found = await versions.inspect(admin, MODEL, 1);
  expect(found).toMatchObject({
    parameters: { trainable: 3_610 },
    operators: { Gemm: 2, Flatten: 1, Relu: 1, Softmax: 1 },
    macs: 64 * 48 + 48 * 10,
    problems: [],
  });

  const data = dataOf(rows.slice(0, CALIBRATION_ROWS));
  const request = { kind: "quantize_static" as const, data, speed: { runs: 5 } };
  const absurd = { ...request, gate: { max_size_ratio: 0.01 } };
  const refused = await refusal(versions.optimize(admin, MODEL, 1, absurd));
  expect(refused).toMatchObject({ code: "release_gate_failed", status: 422 });
  expect(refused.problem).toMatchObject({
    gate: { passed: false },
    before: { size_bytes: 14_744 },
  });
  expect((await versions.list(admin, MODEL)).items).toHaveLength(1);

  const gate = { max_accuracy_loss: 0.01, max_size_ratio: 0.5, min_agreement: 0.98 };
  const made = await versions.optimize(admin, MODEL, 1, { ...request, gate });
  expect(made.gate).toEqual({ passed: true, reasons: [] });
  expect(made.version).toMatchObject({
    version: 2,
    derived_from: { version: 1, kind: "quantize_static", report: { quantized_nodes: 3 } },
  });
  expect(made.after.size_bytes).toBeLessThan(0.5 * made.before.size_bytes);
  expect(made.after.evaluation).toMatchObject({ rows: CALIBRATION_ROWS });

  const { id } = await experiments.create(admin, {
    name: "INT8",
    variants: [
      { model: MODEL, version: 1, traffic_weight: "0.5", is_control: true },
      { model: MODEL, version: 2, traffic_weight: "0.5" },
    ],
  });
  await experiments.start(admin, id);
  const right: Record<number, number> = {};
  for (const [index, row] of rows.slice(CALIBRATION_ROWS, CALIBRATION_ROWS + 60).entries()) {
    const answer = await experiments.predict(admin, id, {
      request_id: `r${index}`,
      user_id: `u${index}`,
      inputs: { image: imageOf(row) },
    });
    const [scores = []] = answer.outputs["probabilities"] as number[][];
    const isRight = scores.indexOf(Math.max(...scores)) === row[64];
    right[answer.version] = (right[answer.version] ?? 0) + Number(isRight);
  }
  expect(Object.keys(right)).toEqual(["1", "2"]);
  expect((right[1] ?? 0) + (right[2] ?? 0)).toBeGreaterThan(54);
});

it("its times are those of the machine", async () => {
  const measured = await versions.benchmark(running.admin, MODEL, 2, {
    batch_sizes: [1, 32],
    runs: 5,
  });
  const [single, many] = measured.batches;
  expect(single?.p50_ms).toBeGreaterThan(0);
  expect(many?.rows_per_second).toBeGreaterThan(single?.rows_per_second ?? Infinity);
});

it("is nobody else's business", async () => {
  const { id } = await users.create(running.admin, { name: "somebody else" });
  const theirs = await keys.create(running.admin, {
    name: "theirs",
    owner_id: id,
    scopes: ["models:read", "models:write", "predict"],
  });
  const client = createClient({ baseUrl: running.url, apiKey: theirs.key });
  for (const work of [
    versions.inspect(client, MODEL, 1),
    versions.optimize(client, MODEL, 1, { kind: "fp16" }),
    versions.benchmark(client, MODEL, 1),
  ])
    expect(await refusal(work)).toMatchObject({ code: "model_not_found", status: 404 });
});

it("what a caller gave up is there whole or not at all, and may be asked for again", async () => {
  const { admin } = running;
  const before = (await versions.list(admin, MODEL)).items.length;
  const request = { kind: "prune" as const, data: dataOf(rows) };
  const aborted = new AbortController();
  const work = versions.optimize(admin, MODEL, 1, request, { signal: aborted.signal });
  setTimeout(() => aborted.abort(new Error("given up")), 100);
  await expect(work).rejects.toThrow("given up");
  const again = await versions.optimize(admin, MODEL, 1, { ...request, speed: false });
  expect(again.version).toMatchObject({ version: 3, derived_from: { kind: "prune" } });
  expect((await versions.list(admin, MODEL)).items).toHaveLength(before + 1);
  const inputs = { image: imageOf(rows[0] ?? []) };
  await expect(models.predict(admin, MODEL, { inputs, version: 3 })).resolves.toBeDefined();
});

it("a model that opens and cannot be run fails as a prediction does, not as the toolkit's limit", async () => {
  const { admin } = running;
  const b = GraphBuilder.empty();
  const x = b.input("x", "float32", ["rows"]);
  b.output(b.node("Reshape", [x, b.ints([2, 3])]), "y");
  await models.create(admin, { name: "stubborn" });
  await versions.upload(admin, "stubborn", writeModel(b.model()));
  const { code, problem } = await refusal(
    versions.benchmark(admin, "stubborn", 1, { batch_sizes: [1] }),
  );
  expect(code).toBe("inference_failed");
  expect(problem?.detail).toContain("shape");
});
