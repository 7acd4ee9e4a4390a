import { describe, expect, test } from "vitest";
import { checkDescription } from "../../../domain/models/check-description.ts";
import { detailsOf } from "../../../domain/models/details.ts";
import { takenFromCallers } from "../../../domain/models/taken-from-callers.ts";
import { runPass } from "../../../domain/onnx/optimise-passes.ts";
import type { Runtime } from "../../../domain/onnx/runtime.ts";
import { inputsDiffer } from "../../../domain/tensors/inputs-differ.ts";
import type { Signature } from "../../../domain/tensors/tensor.ts";
import { HASHING, IMAGE, read, linear, refusal } from "./description-support.ts";

describe("a description is held against its model", () => {
  const features = { name: "features", type: "float32" as const, shape: ["rows", 4] };
  const image = { name: "image", type: "float32" as const, shape: ["rows", 1, 8, 8] };
  const scores = { name: "scores", type: "float32" as const, shape: ["rows", 3] };
  const check = (value: object, signature: Partial<Signature> = {}) =>
    refusal(() =>
      checkDescription(read(value), { inputs: [features], outputs: [scores], ...signature }),
    );

  test("and fits it", () => {
    expect(
      check({
        feature_names: ["a", "b", "c", "d"],
        class_names: ["x", "y", "z"],
        preprocessing: [HASHING],
      }),
    ).toBe("none");
    expect(check({ preprocessing: [IMAGE] }, { inputs: [image] })).toBe("none");
    const cropped = { ...IMAGE, steps: [{ op: "crop", width: 8, height: 8 }] };
    expect(check({ preprocessing: [cropped] }, { inputs: [image] })).toBe("none");
    expect(check({ preprocessing: [{ ...IMAGE, steps: [] }] }, { inputs: [image] })).toBe("none");
    expect(check({ preprocessing: [HASHING] }, { inputs: [{ ...features, shape: [16, 4] }] })).toBe(
      "none",
    );
    expect(check({ preprocessing: [HASHING] }, { inputs: [{ ...features, shape: [] }] })).toBe(
      "none",
    );
    expect(
      check({ class_names: ["no", "yes"] }, { outputs: [{ ...scores, shape: ["rows", 1] }] }),
    ).toBe("none");
  });

  test.each<[string, object, Partial<Signature>, string]>([
    [
      "other features",
      { feature_names: ["a"] },
      {},
      "'feature_names' has 1 names; the model takes 4 features",
    ],
    [
      "features of images",
      { feature_names: ["a"] },
      { inputs: [image] },
      "the model takes 64 features",
    ],
    [
      "other classes",
      { class_names: ["a", "b"] },
      {},
      "'class_names' has 2 names; the model's outputs have 3 columns",
    ],
    [
      "no such input",
      { preprocessing: [IMAGE] },
      {},
      `'preprocessing[0]' fills 'image'; the model has the inputs "features"`,
    ],
    [
      "an input of strings",
      { preprocessing: [HASHING] },
      { inputs: [{ ...features, type: "string" }] },
      "the model takes strings there",
    ],
    [
      "other columns",
      { preprocessing: [{ ...HASHING, vector: { by: "hashing", n_features: 5 } }] },
      {},
      "'preprocessing[0]' makes [1, 5] of one text; the model's input 'features' is float32 [rows, 4]",
    ],
    [
      "another size",
      { preprocessing: [{ ...IMAGE, steps: [{ op: "resize", width: 8, height: 9 }] }] },
      { inputs: [image] },
      "makes [1, 1, 9, 8] of one image",
    ],
    [
      "a crop of too little",
      {
        preprocessing: [{ ...IMAGE, steps: [...IMAGE.steps, { op: "crop", width: 9, height: 9 }] }],
      },
      { inputs: [image] },
      "expected at least 9 × 9 to crop, found 8 × 8",
    ],
  ])("and refused for %s", (_, value, signature, message) => {
    expect(check(value, signature)).toContain(message);
  });

  test("by the optimisation that describes, whose model computes the same", async () => {
    const runtime: Runtime = {
      name: "none",
      open: () => Promise.reject(new Error("is not asked")),
    };
    const model = linear();
    const pass = (options: object) => runPass(runtime, model, { kind: "describe", options });
    const made = await pass({ class_names: ["x", "y", "z"] });
    expect(made.report).toEqual({ described: ["class_names"] });
    expect(made.model.graph).toBe(model.graph);
    await expect(pass({ class_names: ["x", "y"] })).rejects.toMatchObject({
      problem: {
        code: "bad_request",
        message: expect.stringContaining("'class_names' has 2 names") as string,
      },
    });
    await expect(pass({ class_names: [7] })).rejects.toMatchObject({
      problem: {
        code: "bad_request",
        message: expect.stringContaining("'options.class_names[0]'") as string,
      },
    });
  });
});

describe("what is kept of a description", () => {
  const long = Array.from({ length: 5_000 }, (_, index) => `term ${index}`);
  test("has no vocabularies, and says the steps for people", () => {
    const counts = {
      ...HASHING,
      strip_accents: "nfkd",
      ngrams: [1, 2],
      vector: { by: "counts", vocabulary: long },
    };
    const bert = {
      ...HASHING,
      input: "ids",
      tokens: { by: "wordpiece", vocabulary: ["[UNK]", "-"] },
      vector: { by: "ids", max_length: 9, pad: "-", attention_mask: "mask" },
    };
    const steps = [...IMAGE.steps, { op: "crop", width: 4, height: 4 }, { op: "divide", by: 255 }];
    const details = detailsOf(read({ preprocessing: [counts, bert, { ...IMAGE, steps }] }));
    expect(details.preprocessing).toEqual([
      {
        input: "features",
        kind: "text",
        fills: ["features"],
        summary: "lower case, no accents, words, runs of 1 to 2, counts of 5,000",
      },
      {
        input: "ids",
        kind: "text",
        fills: ["ids", "mask"],
        summary: "lower case, wordpiece, ids up to 9",
      },
      {
        input: "image",
        kind: "image",
        fills: ["image"],
        summary: "grey, resize to 8 × 8, crop to 4 × 4, divide by 255, chw",
      },
    ]);
  });

  test("makes models of texts comparable, whatever rows they make of them", () => {
    const signature = (columns: number): Signature => ({
      inputs: [
        { name: "features", type: "float32", shape: ["rows", columns] },
        { name: "mask", type: "float32", shape: ["rows", columns] },
      ],
      outputs: [],
    });
    const details = (vector: object) =>
      detailsOf(read({ preprocessing: [{ ...HASHING, vector }] }));
    const ids = { by: "ids", vocabulary: ["-"], max_length: 4, pad: "-", attention_mask: "mask" };
    const taken = takenFromCallers(signature(4), details(ids));
    expect(taken.inputs.map(({ name }) => name)).toEqual(["features"]);
    expect(inputsDiffer(taken, takenFromCallers(signature(9), details(ids)))).toBeNull();
    expect(inputsDiffer(taken, signature(4))).toContain("takes the inputs");
    const hashed = details(HASHING.vector);
    expect(
      inputsDiffer(takenFromCallers(signature(4), hashed), takenFromCallers(signature(4), null)),
    ).toContain("is float32 and not string");
  });
});
