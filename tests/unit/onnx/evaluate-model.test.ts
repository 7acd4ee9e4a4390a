import { describe, expect, test } from "vitest";
import { writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import {
  compareModels,
  evaluateModel,
  type EvaluateOptions,
} from "../../../domain/onnx/evaluate-model.ts";
import { GraphBuilder } from "../../../domain/onnx/graph-builder.ts";
import { batchesOf, rowsOf } from "../../../domain/onnx/rows.ts";
import { floatTensor, intTensor } from "../../../domain/onnx/tensors.ts";
import type { Dimension, Tensor } from "../../../domain/tensors/tensor.ts";
import { DIGITS_MODEL, readDigits } from "./support/digits.ts";
import { wasmRuntime } from "./support/wasm-runtime.ts";

/** The input times a factor. */
function scaling(shape: Dimension[], factor = 1): Uint8Array {
  const b = GraphBuilder.empty(17);
  b.output(b.node("Mul", [b.input("x", "float32", shape), b.scalar(factor)]), "y");
  return writeModel(b.model());
}

const evaluate = (bytes: Uint8Array, x: Tensor, labels: Tensor, options: EvaluateOptions = {}) =>
  evaluateModel(wasmRuntime, bytes, { inputs: { x }, labels }, options);

describe("accuracy", () => {
  const scores = floatTensor([5, 3], [9, 1, 1, 1, 9, 1, 1, 1, 9, 5, 4, 5, 0, 0, 1]);

  test("is the share of rows whose greatest number is at the label", async () => {
    const found = await evaluate(scaling(["batch", 3]), scores, intTensor([0, 1, 0, 0, 2]), {
      batch_size: 2,
    });
    expect(found).toEqual({ task: "classification", rows: 5, accuracy: 0.8 });
  });

  test("fills the last batch of a model that fixes it, and does not count the filling", async () => {
    const labels = intTensor([0, 1, 2, 0, 1]);
    expect(await evaluate(scaling([2, 3]), scores, labels)).toMatchObject({
      rows: 5,
      accuracy: 0.8,
    });
  });

  test("takes one float as the chance of class 1", async () => {
    const x = floatTensor([4, 1], [0.2, 0.5, 0.9, 0.4]);
    const labels = intTensor([0, 1, 1, 1], [4, 1]);
    expect(await evaluate(scaling(["batch", 1]), x, labels)).toMatchObject({ accuracy: 0.75 });
    expect(await evaluate(scaling(["batch", 1]), x, labels, { threshold: 0.3 })).toMatchObject({
      accuracy: 1,
    });
  });

  test("takes an output of labels as it is, before one of scores", async () => {
    const b = GraphBuilder.empty(17);
    const x = b.input("x", "float32", ["batch", 3]);
    b.output(b.node("Neg", [x]), "scores");
    const best = b.node("ArgMax", [x], { axis: 1, keepdims: 0 });
    b.output(b.node("Add", [best, b.scalar(10, "int64")]), "label");
    const bytes = writeModel(b.model());
    const labels = intTensor([10, 11, 12, 10, 12]);
    expect(await evaluate(bytes, scores, labels)).toMatchObject({ accuracy: 1 });
    expect(
      await evaluate(bytes, scores, intTensor([1, 0, 0, 1, 0]), { output: "scores" }),
    ).toMatchObject({ accuracy: 1 });
  });

  test("of the digits network", async () => {
    const { image, labels } = readDigits(0, 1797);
    const data = { inputs: { image }, labels };
    const found = await evaluateModel(wasmRuntime, DIGITS_MODEL, data, { batch_size: 500 });
    // onnxruntime 1.31 for Python has 1,777 of them right.
    expect(found).toEqual({ task: "classification", rows: 1797, accuracy: 1777 / 1797 });
  });
});

describe("regression", () => {
  test("has R², and mean absolute and root mean square errors, over all batches", async () => {
    const x = floatTensor([4, 1], [3, -0.5, 2, 7]);
    const labels = floatTensor([4], [2.5, 0, 2, 8]);
    const found = await evaluate(scaling(["batch", 1]), x, labels, { batch_size: 3 });
    expect(found).toEqual({
      task: "regression",
      rows: 4,
      r2: expect.closeTo(1 - 1.5 / 35.1875, 12),
      mae: 0.5,
      rmse: expect.closeTo(Math.sqrt(0.375), 12),
    });
  });

  test("has no R² where all labels are equal", async () => {
    const found = await evaluate(
      scaling(["batch", 1]),
      floatTensor([2, 1], [1, 3]),
      floatTensor([2], [2, 2]),
    );
    expect(found).toMatchObject({ r2: null, mae: 1 });
  });
});

describe("agreement of two models", () => {
  const x = floatTensor([3, 2], [1, 2, 4, 3, -1, 0]);

  test.each(["batch", 2])(
    "counts differences and rows of the same class: [%s, 2]",
    async (size) => {
      const opposite = { before: scaling([size, 2]), after: scaling([size, 2], -1) };
      const found = await compareModels(
        wasmRuntime,
        opposite,
        { inputs: { x } },
        { batch_size: 2 },
      );
      expect(found).toEqual({
        agreement: { rows: 3, max_difference: 8, mean_difference: 22 / 6, same_class: 0 },
        evaluations: null,
      });
      const same = { before: scaling([1, 2]), after: scaling([1, 2]) };
      const { agreement } = await compareModels(wasmRuntime, same, { inputs: { x } });
      expect(agreement).toEqual({ rows: 3, max_difference: 0, mean_difference: 0, same_class: 1 });
    },
  );

  test("judges both where there are labels", async () => {
    const opposite = { before: scaling(["batch", 2]), after: scaling(["batch", 2], -1) };
    const data = { inputs: { x }, labels: intTensor([1, 0, 0]) };
    const { evaluations } = await compareModels(wasmRuntime, opposite, data, { batch_size: 2 });
    expect(evaluations).toEqual({
      before: { task: "classification", rows: 3, accuracy: 2 / 3 },
      after: { task: "classification", rows: 3, accuracy: 1 / 3 },
    });
  });

  test("is infinitely bad where one answers with NaN", async () => {
    const b = GraphBuilder.empty(17);
    b.output(b.node("Log", [b.input("x", "float32", ["batch", 2])]), "y");
    const files = { before: scaling(["batch", 2]), after: writeModel(b.model()) };
    const { agreement } = await compareModels(wasmRuntime, files, { inputs: { x } });
    expect(agreement.max_difference).toBe(Infinity);
  });

  test("has no classes where there is one number a row", async () => {
    const files = { before: scaling(["batch", 1]), after: scaling(["batch", 1], 1.5) };
    const inputs = { x: floatTensor([2, 1], [1, 2]) };
    const { agreement } = await compareModels(wasmRuntime, files, { inputs });
    expect(agreement).toEqual({
      rows: 2,
      max_difference: 1,
      mean_difference: 0.75,
      same_class: null,
    });
  });
});

describe("data that does not fit", () => {
  const bytes = scaling(["batch", 3]);
  const x = floatTensor([2, 3], [1, 2, 3, 4, 5, 6]);

  test.each<[string, Record<string, Tensor>, Tensor, EvaluateOptions]>([
    ["'data.inputs.x' is missing", {}, intTensor([0, 1]), {}],
    [
      "'data.inputs.x' is int64, and the model takes float32",
      { x: intTensor([1, 2], [2, 1]) },
      intTensor([0, 1]),
      {},
    ],
    ["'data.inputs.x' has no rows", { x: floatTensor([0, 3], []) }, intTensor([]), {}],
    ["'data.labels' has 3 rows where the inputs have 2", { x }, intTensor([0, 1, 2]), {}],
    ["one class for each row", { x }, intTensor([0, 1, 2, 0], [2, 2]), {}],
    ["1 numbers a row where the output has 3", { x }, floatTensor([2], [1, 2]), {}],
    ["a batch is to have 1 row or more", { x }, intTensor([0, 1]), { batch_size: 0 }],
    ["a batch is to have 1 row or more", { x }, intTensor([0, 1]), { batch_size: 1.5 }],
    ["no output 'z'; it has y", { x }, intTensor([0, 1]), { output: "z" }],
  ])("%s", async (message, inputs, labels, options) => {
    await expect(
      evaluateModel(wasmRuntime, bytes, { inputs, labels }, options),
    ).rejects.toMatchObject({
      problem: { code: "bad_request", message: expect.stringContaining(message) },
    });
  });

  test("rows of all inputs are counted alike; an input of a fixed shape goes whole", () => {
    const b = GraphBuilder.empty(17);
    const first = b.input("first", "float32", ["batch", 1]);
    const second = b.input("second", "float32", ["batch", 1]);
    b.output(
      b.node("Mul", [b.node("Add", [first, second]), b.input("factor", "float32", [1])]),
      "y",
    );
    const inputs = {
      first: floatTensor([3, 1], [1, 2, 3]),
      second: floatTensor([3, 1], [4, 5, 6]),
      factor: floatTensor([1], [7]),
    };
    const batches = [...batchesOf(b.model(), inputs, 2)];
    expect(batches.map(({ rows }) => rows)).toEqual([2, 1]);
    expect(batches[1]?.feeds).toEqual({
      first: floatTensor([1, 1], [3]),
      second: floatTensor([1, 1], [6]),
      factor: floatTensor([1], [7]),
    });
    const uneven = { ...inputs, second: floatTensor([2, 1], [4, 5]) };
    expect(() => [...batchesOf(b.model(), uneven, 2)]).toThrow(
      "'data.inputs.second' has 2 rows where the first input has 3",
    );
  });

  test("texts are filled up too", () => {
    const texts: Tensor = { type: "string", dims: [3, 2], data: ["a", "b", "c", "d", "e", "f"] };
    expect(rowsOf(texts, 1, 2, 3)).toEqual({
      type: "string",
      dims: [3, 2],
      data: ["c", "d", "e", "f", "e", "f"],
    });
  });
});
