import { describe, expect, test } from "vitest";
import { feedsFromInputs } from "../../../domain/preprocessing/feeds-from-inputs.ts";
import { preparePipeline } from "../../../domain/preprocessing/prepare-pipeline.ts";
import { readPipeline } from "../../../domain/preprocessing/read-pipeline.ts";
import type { Signature } from "../../../domain/tensors/tensor.ts";

const pipelineOf = (value: object) =>
  preparePipeline(readPipeline({ value: { version: 1, ...value }, path: "pipeline" }));

const TEXT = pipelineOf({
  kind: "text",
  input: "words",
  tokens: { by: "whitespace" },
  vector: { by: "counts", vocabulary: ["a", "b"] },
});
const IMAGE = pipelineOf({
  kind: "image",
  input: "image",
  channels: 1,
  layout: "hw",
  steps: [{ op: "divide", by: 2 }],
});
const IDS = pipelineOf({
  kind: "text",
  input: "ids",
  tokens: { by: "whitespace" },
  vector: { by: "ids", vocabulary: ["-", "a"], max_length: 2, pad: "-", attention_mask: "mask" },
});

const words = { name: "words", type: "float32" as const, shape: ["rows", 2] };
const image = { name: "image", type: "float32" as const, shape: ["rows", 1, 2] };
const plain = { name: "plain", type: "float32" as const, shape: ["rows", 1] };
const of = (...inputs: Signature["inputs"]): Signature => ({ inputs, outputs: [] });
const float32 = (dims: number[], data: number[]) => ({
  type: "float32",
  dims,
  data: Float32Array.from(data),
});

describe("inputs with preprocessing take", () => {
  test("raw values beside tensors of other inputs", () => {
    const inputs = { words: ["a b a", "b"], image: [[[1, 2]], [[3, 4]]], plain: [[5], [6]] };
    expect(feedsFromInputs(of(words, image, plain), [TEXT, IMAGE], inputs)).toEqual({
      ok: true,
      value: {
        batch: 2,
        feeds: {
          words: float32([2, 2], [2, 1, 0, 1]),
          image: float32([2, 1, 2], [0.5, 1, 1.5, 2]),
          plain: float32([2, 1], [5, 6]),
        },
      },
    });
  });

  test("their tensors: as {shape, data}, and nested where raw values are texts", () => {
    const tensor = { ok: true, value: { feeds: { words: float32([1, 2], [7, 8]) } } };
    for (const value of [
      [[7, 8]],
      { shape: [1, 2], data: [7, 8] },
      { shape: [1, 2], data: [7, 8], dtype: "float32" },
    ])
      expect(feedsFromInputs(of(words), [TEXT], { words: value })).toMatchObject(tensor);
    expect(
      feedsFromInputs(of(image), [IMAGE], { image: { shape: [1, 1, 2], data: [7, 8] } }),
    ).toMatchObject({
      value: { feeds: { image: float32([1, 1, 2], [7, 8]) } },
    });
  });

  test("one text for several inputs, or each input's own tensor", () => {
    const mask = { name: "mask", type: "int64" as const, shape: ["rows", "tokens"] };
    const signature = of({ ...mask, name: "ids" }, mask);
    expect(feedsFromInputs(signature, [IDS], { ids: ["a"] })).toMatchObject({
      value: {
        feeds: {
          ids: { data: BigInt64Array.of(1n, 0n) },
          mask: { data: BigInt64Array.of(1n, 0n) },
        },
      },
    });
    expect(feedsFromInputs(signature, [IDS], { ids: [[1]], mask: [[1]] })).toMatchObject({
      ok: true,
    });
    expect(feedsFromInputs(signature, [IDS], { ids: ["a"], mask: [[1, 1]] })).toMatchObject({
      error: {
        code: "input_unknown",
        input: "mask",
        expected: "nothing, as it is made of the texts of 'ids'",
      },
    });
  });
});

describe("inputs with preprocessing are refused", () => {
  test.each<[string, Record<string, unknown>, object]>([
    ["that are no texts", { words: [3] }, { code: "input_type", expected: "a text", path: "[0]" }],
    ["that are one text and no list", { words: "a" }, { code: "input_shape" }],
    [
      "that are empty",
      { words: [] },
      { expected: "a list of at least one text", found: "an array of 0" },
    ],
    ["that are missing", {}, { code: "input_missing" }],
    ["that the model has not", { words: ["a"], more: 1 }, { code: "input_unknown", input: "more" }],
    [
      "as a tensor of another shape",
      { words: { shape: [1, 3], data: [1, 2, 3] } },
      { code: "input_shape", found: "[1, 3]" },
    ],
    [
      "as a tensor of another type",
      { words: { shape: [1, 2], data: [1, 2], dtype: "int64" } },
      { code: "input_type", expected: "float32" },
    ],
    [
      "as an object that is no tensor",
      { words: { shape: "2", data: [] } },
      { expected: "raw values, or {shape, data, dtype?}" },
    ],
  ])("%s", (_, inputs, error) => {
    expect(feedsFromInputs(of(words), [TEXT], inputs)).toMatchObject({ ok: false, error });
  });

  test("with another number of rows than beside them", () => {
    const inputs = { words: ["a"], plain: [[1], [2]] };
    expect(feedsFromInputs(of(words, plain), [TEXT], inputs)).toMatchObject({
      error: { code: "input_shape", input: "plain", found: "[2, 1]" },
    });
  });

  test("as objects, where an input has no preprocessing", () => {
    const inputs = { words: ["a"], plain: { shape: [1, 1], data: [1] } };
    expect(feedsFromInputs(of(words, plain), [TEXT], inputs)).toMatchObject({
      error: { input: "plain" },
    });
  });
});
