import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ValueInfo } from "../../domain/onnx/model.ts";
import { newNode } from "../../domain/onnx/rewrite/new-node.ts";
import type { Tensor } from "../../domain/tensors/tensor.ts";
import { identityModel, modelFile, port } from "../fixtures/model-file.ts";
import { absent, float32, int32, unary } from "./support/inference-fixtures.ts";
import { buildInference, startInference, type Inference } from "./support/inference-worker.ts";

const failsWith = (reason: RegExp) => ({
  ok: false,
  error: { code: "inference_failed", reason: expect.stringMatching(reason) },
});

let inference: Inference;
beforeAll(async () => {
  await buildInference();
  inference = await startInference({ session_budget: 40_000_000, max_model: 200_000 });
});
afterAll(() => inference.stop());

const sequencePort = (name: string): ValueInfo => ({
  name,
  type: { kind: "sequence", of: { kind: "tensor", elementType: "float32", shape: ["n"] } },
});

/** The error of a model that does not open. */
async function openError(bytes: Uint8Array) {
  const opened = await inference.inspect(await inference.store(bytes));
  expect(opened.ok).toBe(false);
  return opened.ok ? undefined : opened.error;
}

describe("a model that cannot be opened", () => {
  test("bytes that are no ONNX file", async () => {
    const text = new TextEncoder().encode("certainly not an ONNX file");
    expect(await openError(text)).toMatchObject({
      code: "model_invalid",
      reason: expect.stringMatching(/protobuf/),
    });
  });

  test("a file cut in half, and an empty one", async () => {
    const whole = await readFile("examples/wdbc/models/wdbc-forest.onnx");
    expect(await openError(whole.subarray(0, whole.length / 2))).toMatchObject({
      code: "model_invalid",
    });
    expect(await openError(new Uint8Array())).toMatchObject({ code: "model_invalid" });
  });

  test("an operator or an opset that the runtime lacks is named", async () => {
    const code = "model_operator_unsupported";
    expect(await openError(unary("Bar", { domain: "com.foo" }))).toMatchObject({
      code,
      operator: "com.foo:Bar",
    });
    expect(await openError(unary("Frobnicate"))).toMatchObject({ code, operator: "Frobnicate" });
    const newer = modelFile(
      { inputs: [port("x")], outputs: [port("y")], nodes: [newNode("Relu", ["x"], ["y"])] },
      [{ version: 99 }],
    );
    expect(await openError(newer)).toMatchObject({ code, operator: "ai.onnx opset 99" });
  });

  test("a graph that does not hold together, with a reason free of build paths", async () => {
    const error = await openError(unary("Relu", { inputs: ["nobody"] }));
    expect(error).toMatchObject({ code: "model_invalid", reason: expect.stringMatching(/nobody/) });
    expect(JSON.stringify(error)).not.toContain("/onnxruntime/");
  });

  test("inputs and outputs that no tensor of ours can carry", async () => {
    const wrapped = modelFile({
      inputs: [port("x")],
      outputs: [sequencePort("y")],
      nodes: [newNode("SequenceConstruct", ["x"], ["y"])],
    });
    const code = "model_io_unsupported";
    expect(await openError(wrapped)).toMatchObject({ code });
    expect(await openError(identityModel("bfloat16"))).toEqual({
      code,
      name: "x",
      type: "bfloat16",
    });
  });

  test("an output that is no tensor is left out beside one that is", async () => {
    const both = modelFile({
      inputs: [port("x")],
      outputs: [sequencePort("all"), port("y")],
      nodes: [newNode("SequenceConstruct", ["x"], ["all"]), newNode("Relu", ["x"], ["y"])],
    });
    const result = await inference.run(await inference.store(both), { x: float32([-1]) });
    expect(result).toMatchObject({ ok: true, value: { outputs: { y: { data: ["0"] } } } });
    expect(result.ok && Object.keys(result.value.outputs)).toEqual(["y"]);
  });

  test("no object under the key", async () => {
    const error = { code: "model_bytes_missing", key: "nowhere" };
    expect(await inference.inspect(absent("nowhere"))).toEqual({ ok: false, error });
  });

  test("a model beyond the limit is refused from its declared and from its stored size", async () => {
    const error = { code: "model_too_large", limit_bytes: 200_000 };
    const declared = { ...absent("nowhere"), size_bytes: 200_001 };
    expect(await inference.inspect(declared)).toMatchObject({
      ok: false,
      error: { ...error, size_bytes: 200_001 },
    });
    const stored = await inference.store(new Uint8Array(300_000), "lies");
    expect(await inference.inspect({ ...stored, size_bytes: 10 })).toMatchObject({
      ok: false,
      error: { ...error, size_bytes: 300_000 },
    });
  });

  test("an object with other content than the hash names", async () => {
    const stored = await inference.store(identityModel("int16", [7]), "swapped");
    const result = await inference.inspect({ ...stored, sha256: "1".repeat(64) });
    expect(result).toMatchObject({
      ok: false,
      error: { code: "model_invalid", reason: expect.stringMatching(/SHA-256/) },
    });
  });

  test("a failure is not remembered", async () => {
    const bytes = identityModel("float32", [11]);
    const stored = await inference.store(bytes);
    const elsewhere = { ...stored, key: "later" };
    expect(await inference.inspect(elsewhere)).toMatchObject({ ok: false });
    await inference.store(bytes, "later");
    expect(await inference.inspect(elsewhere)).toMatchObject({ ok: true });
  });
});

describe("a run that cannot be done", () => {
  test("feeds that do not fit the model", async () => {
    const logistic = await inference.store(
      await readFile("examples/wdbc/models/wdbc-logistic.onnx"),
    );
    const run = (feeds: Record<string, Tensor>, outputs?: string[]) =>
      inference.run(logistic, feeds, outputs && { outputs });
    const row = float32(
      Array.from({ length: 30 }, () => 1),
      [1, 30],
    );
    expect(await run({})).toMatchObject(failsWith(/'features' is missing/));
    expect(await run({ features: row, other: row })).toMatchObject(failsWith(/no input 'other'/));
    expect(await run({ features: row }, ["other"])).toMatchObject(failsWith(/no output 'other'/));
    expect(await run({ features: float32([1, 2], [1, 2]) })).toMatchObject(failsWith(/dimensions/));
    expect(await run({ features: { ...row, dims: [2, 30] } })).toMatchObject(
      failsWith(/30 elements/),
    );
    const doubles: Tensor = { type: "float64", dims: [1, 30], data: new Float64Array(30) };
    expect(await run({ features: doubles })).toMatchObject(
      failsWith(/expected: \(tensor\(float\)\)/),
    );
  });

  test("an operator that fails on these values", async () => {
    const reshape = modelFile({
      inputs: [port("x"), port("shape", "int64", ["k"])],
      outputs: [port("y", "float32", [null, null])],
      nodes: [newNode("Reshape", ["x", "shape"], ["y"])],
    });
    const shape: Tensor = { type: "int64", dims: [2], data: BigInt64Array.of(3n, -1n) };
    const stored = await inference.store(reshape);
    const result = await inference.run(stored, { x: float32([1, 2, 3, 4]), shape });
    expect(result).toMatchObject(failsWith(/cannot be reshaped/));
    expect(JSON.stringify(result)).not.toContain("/onnxruntime/");
  });

  test("an output larger than the heap leaves the runtime in working order", async () => {
    const expand = modelFile({
      inputs: [port("x", "float32", [1]), port("shape", "int64", ["k"])],
      outputs: [port("y", "float32", [null])],
      nodes: [newNode("Expand", ["x", "shape"], ["y"])],
    });
    const stored = await inference.store(expand);
    const shape: Tensor = { type: "int64", dims: [1], data: BigInt64Array.of(50_000_000n) };
    expect(await inference.run(stored, { x: float32([1]), shape })).toMatchObject(
      failsWith(/more memory/),
    );
    const fits: Tensor = { type: "int64", dims: [1], data: BigInt64Array.of(2n) };
    expect(await inference.run(stored, { x: float32([5]), shape: fits })).toMatchObject({
      ok: true,
      value: { outputs: { y: { data: ["5", "5"] } } },
    });
  });

  test("a trap inside WebAssembly costs one request and a fresh runtime", async () => {
    const divide = modelFile({
      inputs: [port("a", "int32"), port("b", "int32")],
      outputs: [port("y", "int32")],
      nodes: [newNode("Div", ["a", "b"], ["y"])],
    });
    const stored = await inference.store(divide);
    const negate = await inference.store(unary("Neg"));
    const others = Array.from({ length: 20 }, () => inference.run(negate, { x: float32([1]) }));
    const crashed = await inference.run(stored, { a: int32(-2147483648), b: int32(-1) });
    expect(crashed).toMatchObject(failsWith(/crashed: divide result unrepresentable/));
    const negated = { ok: true, value: { outputs: { y: { data: ["-1"] } } } };
    for (const result of await Promise.all(others)) expect(result).toMatchObject(negated);

    const after = await inference.run(stored, { a: int32(-7), b: int32(2) });
    expect(after).toMatchObject({ ok: true, value: { outputs: { y: { data: ["-3"] } } } });
    expect(await inference.run(negate, { x: float32([1]) })).toMatchObject(negated);
    expect(inference.logs().filter((line) => line["event"] === "runtime_lost")).toHaveLength(1);
  });
});
