import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { tensorFact, type Fact } from "../../../../domain/onnx/infer/fact.ts";
import { attempt } from "../../../../domain/onnx/onnx-fault.ts";

const sequenceOf = (of: Fact): Fact => ({ kind: "sequence", of });

function start(): GraphBuilder {
  const b = GraphBuilder.empty();
  b.input("a", "float32", [2, 3]);
  b.input("b", "float32", [4, 3]);
  b.input("texts", "string", ["n", 5]);
  return b;
}

describe("sequences", () => {
  test("an element has what all have in common", () => {
    const b = start();
    const both = b.node("SequenceConstruct", ["a", "b"]);
    const common = tensorFact("float32", [null, 3]);
    expect(b.factOf(both)).toEqual(sequenceOf(common));
    expect(b.factOf(b.node("SequenceAt", [both, b.scalar(0, "int64")]))).toEqual(common);
    expect(b.factOf(b.node("SequenceErase", [both]))).toEqual(sequenceOf(common));
    expect(b.factOf(b.node("SequenceLength", [both]))).toEqual(tensorFact("int64", []));
    expect(b.shapeOf(b.node("ConcatFromSequence", [both], { axis: 1 }))).toEqual([null, null]);
    expect(b.shapeOf(b.node("ConcatFromSequence", [both], { axis: -1, new_axis: 1 }))).toEqual([
      null,
      3,
      null,
    ]);
  });

  test("an empty one says nothing of the shapes of what is put in", () => {
    const b = start();
    const empty = b.node("SequenceEmpty", [], { dtype: 1 });
    const one = b.node("SequenceInsert", [empty, "a"]);
    expect(b.factOf(one)).toEqual(sequenceOf(tensorFact("float32", null)));
  });

  test("split in parts of one size, of known sizes, and in single rows", () => {
    const b = start();
    const element = (sequence: string): Fact => {
      const fact = b.factOf(sequence);
      return fact.kind === "sequence" ? fact.of : fact;
    };
    const split = (...inputs: string[]): Fact => element(b.node("SplitToSequence", inputs));
    expect(split("b", b.scalar(2, "int64"))).toEqual(tensorFact("float32", [2, 3]));
    expect(split("b", b.scalar(3, "int64"))).toEqual(tensorFact("float32", [null, 3]));
    expect(split("b", b.ints([2, 2]))).toEqual(tensorFact("float32", [2, 3]));
    expect(split("b", b.ints([1, 3]))).toEqual(tensorFact("float32", [null, 3]));
    expect(split("b")).toEqual(tensorFact("float32", [1, 3]));
    expect(element(b.node("SplitToSequence", ["b"], { keepdims: 0 }))).toEqual(
      tensorFact("float32", [3]),
    );
  });

  test("a tensor where a sequence is needed is refused", () => {
    const b = start();
    expect(attempt(() => b.node("SequenceLength", ["a"]))).toMatchObject({ ok: true });
    expect(attempt(() => b.node("SequenceErase", ["a"]))).toMatchObject({
      ok: false,
      error: { code: "invalid", operator: "SequenceErase" },
    });
  });

  test("an optional value", () => {
    const b = start();
    const held = b.node("Optional", ["a"]);
    expect(b.factOf(held)).toEqual({ kind: "optional", of: b.factOf("a") });
    expect(b.shapeOf(b.node("OptionalGetElement", [held]))).toEqual([2, 3]);
    expect(b.shapeOf(b.node("OptionalGetElement", ["a"]))).toEqual([2, 3]);
    expect(b.factOf(b.node("OptionalHasElement", [held]))).toEqual(tensorFact("bool", []));
  });
});

describe("texts", () => {
  test("shapes", () => {
    const b = start();
    expect(b.factOf(b.node("StringConcat", ["texts", "texts"]))).toEqual(
      tensorFact("string", ["n", 5]),
    );
    const [parts = "", counts = ""] = b.nodes("StringSplit", ["texts"], 2);
    expect(b.factOf(parts)).toEqual(tensorFact("string", ["n", 5, null]));
    expect(b.factOf(counts)).toEqual(tensorFact("int64", ["n", 5]));
    expect(b.factOf(b.node("RegexFullMatch", ["texts"], { pattern: "a+" }))).toEqual(
      tensorFact("bool", ["n", 5]),
    );
    expect(b.factOf(b.node("StringNormalizer", ["texts"]))).toEqual(
      tensorFact("string", ["n", null]),
    );
    const grams = b.node("TfIdfVectorizer", ["texts"], { ngram_indexes: [0, 3, 1], mode: "TF" });
    expect(b.factOf(grams)).toEqual(tensorFact("float32", ["n", 4]));
  });
});
