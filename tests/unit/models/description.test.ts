import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DESCRIPTION_KEY,
  descriptionOf,
  readDescription,
  withDescription,
} from "../../../domain/models/description.ts";
import { readMetadata, readModel, writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import { HASHING, IMAGE, read, linear, refusal } from "./description-support.ts";

describe("a description", () => {
  test("lies in the file's metadata and changes nothing else of it", () => {
    const file = writeModel(linear());
    const model = readModel(file);
    expect(readDescription(model)).toBeNull();
    const description = read({
      feature_names: ["a", "b", "c", "d"],
      class_names: ["x", "y", "z"],
      categorical_features: ["b", 3],
      preprocessing: [HASHING],
    });
    const described = writeModel(withDescription(model, description));
    const again = readModel(described);
    expect(readDescription(again)).toEqual(description);
    expect(readDescription({ metadata: readMetadata(described) })).toEqual(description);
    expect(writeModel({ ...again, metadata: [] }).length).toBe(file.length);
    expect(Buffer.from(described).includes(Buffer.from(file))).toBe(true);
  });

  test("takes the place of another, and leaves other properties as they are", () => {
    const other = { key: "author", value: "somebody" };
    const model = { ...linear(), metadata: [other] };
    const first = withDescription(model, read({ class_names: ["x"] }));
    const second = withDescription(first, read({ class_names: ["y"] }));
    expect(second.metadata?.map(({ key }) => key)).toEqual(["author", DESCRIPTION_KEY]);
    expect(readDescription(second)?.class_names).toEqual(["y"]);
  });

  test("says what everything is that it leaves out", () => {
    expect(read({ preprocessing: [HASHING, IMAGE] })).toEqual({
      feature_names: null,
      class_names: null,
      categorical_features: null,
      preprocessing: [
        {
          ...HASHING,
          unicode: null,
          lowercase: true,
          strip_accents: null,
          ngrams: [1, 1],
          vector: { ...HASHING.vector, alternate_sign: true, binary: false, norm: "l2" },
        },
        {
          ...IMAGE,
          steps: [{ op: "resize", width: 8, height: 8, method: "bilinear", antialias: true }],
          flatten: false,
        },
      ],
    });
  });

  const words = ["-", "aa"];
  const ids = { by: "ids", vocabulary: words, max_length: 4, pad: "-" };
  const wordpiece = { by: "wordpiece", vocabulary: ["[UNK]", "-"] };
  test.each<[string, object]>([
    ["a list", { ...HASHING, tokens: wordpiece, vector: { ...ids, vocabulary: null } }],
    ["counts", { ...HASHING, ngrams: [1, 2], vector: { by: "counts", vocabulary: words } }],
    [
      "tf-idf",
      { ...HASHING, unicode: "NFKC", vector: { by: "tfidf", vocabulary: words, idf: [1, 2] } },
    ],
    [
      "steps",
      {
        ...IMAGE,
        steps: [
          { op: "resize", shorter: 9 },
          { op: "crop", width: 8, height: 8 },
          { op: "divide", by: 255 },
          { op: "normalize", mean: [0], std: [1] },
        ],
      },
    ],
  ])("that was written with its defaults reads as the same: %s", (_, pipeline) => {
    const once = read({ preprocessing: [pipeline] });
    expect(read(JSON.parse(JSON.stringify(once)) as object)).toEqual(once);
  });

  test.each<[string, object, string]>([
    [
      "a stray member",
      { features: [] },
      `'description' has a member "features"; expected "feature_names"`,
    ],
    [
      "names that are none",
      { class_names: ["a", 3] },
      "'description.class_names[1]': expected a text",
    ],
    [
      "a name twice",
      { class_names: ["a", "a"] },
      "'description.class_names[1]': expected no text twice",
    ],
    [
      "no names at all",
      { class_names: [] },
      "expected a list of 1 to 16384 elements, found an array of 0",
    ],
    [
      "too many names",
      { feature_names: Array.from({ length: 1_000 }, (_, i) => `${i}`.padStart(100)) },
      "have 100000 characters in all; expected at most 65536",
    ],
    [
      "an unknown feature",
      { feature_names: ["a"], categorical_features: ["b"] },
      "expected one of 'feature_names'",
    ],
    [
      "a feature beyond the last",
      { feature_names: ["a"], categorical_features: [1] },
      "expected a whole number from 0 to 0",
    ],
    [
      "pipelines that are none",
      { preprocessing: [null] },
      "'description.preprocessing[0]': expected an object",
    ],
    [
      "another kind",
      { preprocessing: [{ ...HASHING, kind: "sound" }] },
      `.kind': expected one of "text", "image"`,
    ],
    [
      "another version",
      { preprocessing: [{ ...HASHING, version: 2 }] },
      ".version': expected one of 1, found 2",
    ],
    [
      "an input twice",
      { preprocessing: [HASHING, HASHING] },
      "'description.preprocessing[1]': expected each input of the model to be filled once",
    ],
    [
      "a way that is none",
      { preprocessing: [{ ...HASHING, tokens: { by: "magic" } }] },
      "tokens.by': expected one of",
    ],
    [
      "no way at all",
      { preprocessing: [{ ...HASHING, vector: "hashing" }] },
      `vector': expected an object with "by"`,
    ],
    [
      "n-grams the wrong way round",
      { preprocessing: [{ ...HASHING, ngrams: [2, 1] }] },
      "the smaller number first",
    ],
    [
      "n-grams of ids",
      { preprocessing: [{ ...HASHING, ngrams: [1, 2], vector: ids }] },
      "takes single tokens",
    ],
    [
      "another number of weights than terms",
      { preprocessing: [{ ...HASHING, vector: { by: "tfidf", vocabulary: words, idf: [1] } }] },
      "expected a list of 2 to 2 elements",
    ],
    [
      "a padding that is no token",
      { preprocessing: [{ ...HASHING, vector: { ...ids, pad: "?" } }] },
      "vector.pad': expected a token of the vocabulary",
    ],
    [
      "a first token that is none",
      { preprocessing: [{ ...HASHING, vector: { ...ids, first: "?" } }] },
      "vector.first': expected a token of the vocabulary",
    ],
    [
      "a stranger that is no token",
      { preprocessing: [{ ...HASHING, vector: { ...ids, unknown: "?" } }] },
      "vector.unknown': expected a token of the vocabulary",
    ],
    [
      "ids of no vocabulary",
      { preprocessing: [{ ...HASHING, vector: { ...ids, vocabulary: null } }] },
      "expected the list of tokens",
    ],
    [
      "two vocabularies",
      { preprocessing: [{ ...HASHING, tokens: wordpiece, vector: ids }] },
      "expected nothing",
    ],
    [
      "no room between the special tokens",
      { preprocessing: [{ ...HASHING, vector: { ...ids, first: "-", last: "-", max_length: 2 } }] },
      "expected a whole number from 3",
    ],
    [
      "word pieces without the unknown one",
      { preprocessing: [{ ...HASHING, tokens: { by: "wordpiece", vocabulary: words } }] },
      "tokens.unknown': expected a token of the vocabulary",
    ],
    [
      "colours without an axis",
      { preprocessing: [{ ...IMAGE, channels: 3, layout: "hw" }] },
      `expected "chw" or "hwc"`,
    ],
    [
      "an unknown step",
      { preprocessing: [{ ...IMAGE, steps: [{ op: "blur" }] }] },
      "steps[0].op': expected one of",
    ],
    [
      "a division by nothing",
      { preprocessing: [{ ...IMAGE, steps: [{ op: "divide", by: 0 }] }] },
      "expected a number of 0.001 or more, found 0",
    ],
    [
      "means of other channels",
      { preprocessing: [{ ...IMAGE, steps: [{ op: "normalize", mean: [1, 2], std: [1] }] }] },
      "mean': expected a list of 1 to 1",
    ],
    [
      "two sizes",
      { preprocessing: [{ ...IMAGE, steps: [{ op: "resize", shorter: 4, width: 4 }] }] },
      "nothing beside 'width' and 'height'",
    ],
  ])("is refused with the field: %s", (_, value, message) => {
    expect(refusal(() => read(value))).toContain(message);
  });

  test("is refused where the property is no JSON, or longer than it may be", () => {
    const property = (value: string) => ({ metadata: [{ key: DESCRIPTION_KEY, value }] });
    expect(refusal(() => readDescription(property("{")))).toContain(
      "'linnet.description' is not JSON",
    );
    expect(refusal(() => readDescription(property("[]")))).toContain(
      "'linnet.description': expected an object",
    );
    expect(refusal(() => readDescription(property(" ".repeat(1_000_001))))).toContain(
      "has 1000001 characters",
    );
  });
});

test("no JSON makes the reader throw anything but its fault", () => {
  const names =
    "version kind input tokens vector by vocabulary steps op ngrams preprocessing feature_names class_names categorical_features channels layout";
  const member = fc.constantFrom(...names.split(" "));
  const words = "text image words wordpiece ids resize".split(" ");
  const leaf = fc.constantFrom<unknown>(...words, 1, -1, null, true, []);
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.dictionary(member, tie("tree"), { maxKeys: 8 }),
      fc.array(tie("tree"), { maxLength: 3 }),
    ),
  }));
  const whole = fc.oneof(tree, fc.record({ preprocessing: fc.array(tree, { maxLength: 2 }) }));
  fc.assert(
    fc.property(whole, (value) => {
      expect(typeof refusal(() => descriptionOf({ value, path: "d" }))).toBe("string");
    }),
    { numRuns: 2_000, seed: 23 },
  );
});
