import { describe, expect, test } from "vitest";
import type { AttributeLiterals } from "../../../../domain/onnx/attribute-literals.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import {
  fromTensor,
  isNumbers,
  isTexts,
  numbers,
  toTensor,
  type Numbers,
  type Texts,
} from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import { attempt } from "../../../../domain/onnx/onnx-fault.ts";
import { runOnWasm } from "../support/wasm-runtime.ts";

const texts = (dims: number[], ...data: string[]): Texts => ({ type: "string", dims, data });

/** What a graph over inputs gives, by the interpreter, having held it against ONNX Runtime. */
async function computed(
  inputs: Record<string, Numbers | Texts>,
  build: (b: GraphBuilder) => readonly string[],
): Promise<(Numbers | Texts)[]> {
  const b = GraphBuilder.empty();
  for (const [name, { type, dims }] of Object.entries(inputs)) b.input(name, type, dims);
  for (const output of build(b)) b.output(output);
  const model = b.model();
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, toTensor(value)]),
  );
  const expected = await runOnWasm(model, feeds);
  const found = interpret(model, inputs);
  return model.graph.outputs.map(({ name }) => {
    const value = found[name];
    const tensor = expected[name];
    if (!value || !tensor || !(isNumbers(value) || isTexts(value))) throw new Error(name);
    expect(value).toEqual(fromTensor(tensor));
    return value;
  });
}

const rows = numbers("float32", [3, 2], [1, 2, 3, 4, 5, 6]);

describe("sequences, against ONNX Runtime", () => {
  test("made, added to, taken from and measured", async () => {
    const found = await computed({ rows }, (b) => {
      const one = b.node("Neg", ["rows"]);
      const two = b.node("SequenceConstruct", ["rows", one]);
      const three = b.node("SequenceInsert", [
        two,
        b.node("Add", ["rows", "rows"]),
        b.scalar(-1, "int64"),
      ]);
      const rest = b.node("SequenceErase", [three, b.scalar(0, "int64")]);
      return [
        b.node("SequenceLength", [three]),
        b.node("SequenceAt", [three, b.scalar(-1, "int64")]),
        b.node("SequenceAt", [rest, b.scalar(0, "int64")]),
        b.node("ConcatFromSequence", [rest], { axis: 1 }),
        b.node("ConcatFromSequence", [rest], { axis: -1, new_axis: 1 }),
      ];
    });
    expect(found[0]?.data).toEqual(Float64Array.of(3));
    expect(found[2]?.data).toEqual(Float64Array.of(2, 4, 6, 8, 10, 12));
    expect(found[4]?.dims).toEqual([3, 2, 2]);
  });

  test.each<[string, number[] | number | undefined, AttributeLiterals]>([
    ["in pairs, with what is left", 2, {}],
    ["in given lengths", [1, 2], {}],
    ["along the last axis", undefined, { axis: -1 }],
    ["without the axis", undefined, { axis: 0, keepdims: 0 }],
  ])("split %s", async (_, lengths, attributes) => {
    const [length] = await computed({ rows }, (b) => {
      const given =
        lengths === undefined
          ? []
          : [typeof lengths === "number" ? b.scalar(lengths, "int64") : b.ints(lengths)];
      const parts = b.node("SplitToSequence", ["rows", ...given], attributes);
      return [
        b.node("SequenceLength", [parts]),
        b.node("SequenceAt", [parts, b.scalar(-1, "int64")]),
      ];
    });
    expect(length?.data[0]).toBe(lengths === undefined && attributes["axis"] === 0 ? 3 : 2);
  });

  test("a position outside is refused by name", () => {
    const b = GraphBuilder.empty();
    b.input("rows", "float32", [3, 2]);
    const one = b.node("SequenceConstruct", ["rows"]);
    b.output(b.node("SequenceAt", [one, b.scalar(1, "int64")], {}, { output: "y" }));
    expect(attempt(() => interpret(b.model(), { rows }))).toMatchObject({
      ok: false,
      error: { operator: "SequenceAt", node: "y" },
    });
  });
});

describe("texts, against ONNX Runtime", () => {
  const words = texts([3], "a b  c", " lead", "x,y,,z");

  test.each<AttributeLiterals>([
    {},
    { maxsplit: 1 },
    { delimiter: "," },
    { delimiter: ",", maxsplit: 2 },
    { delimiter: "b" },
  ])("StringSplit %j", async (attributes) => {
    await computed({ words }, (b) => b.nodes("StringSplit", ["words"], 2, attributes));
  });

  test.each<AttributeLiterals>([
    { case_change_action: "UPPER", stopwords: ["MONDAY"] },
    { case_change_action: "LOWER", stopwords: ["monday"], is_case_sensitive: 1 },
    { stopwords: ["Monday", "tuesday"], is_case_sensitive: 1 },
  ])("StringNormalizer %j", async (attributes) => {
    const days = texts([3], "Monday", "tuesday", "Wednesday");
    await computed({ days }, (b) => [b.node("StringNormalizer", ["days"], attributes)]);
  });

  test("nothing left: one empty text", async () => {
    const [left] = await computed({ days: texts([1, 2], "a", "b") }, (b) => [
      b.node("StringNormalizer", ["days"], { stopwords: ["a", "b"], is_case_sensitive: 1 }),
    ]);
    expect(left).toEqual(texts([1, 1], ""));
  });

  test("RegexFullMatch takes the whole text", async () => {
    const [found] = await computed({ words: texts([3], "ab", "abc", "b") }, (b) => [
      b.node("RegexFullMatch", ["words"], { pattern: "a?b|zz" }),
    ]);
    expect(found?.data).toEqual(Float64Array.of(1, 0, 1));
  });

  test.each(["TF", "IDF", "TFIDF"])("TfIdfVectorizer, %s", async (mode) => {
    const tokens = numbers("int64", [2, 6], [1, 1, 3, 3, 3, 7, 8, 6, 7, 5, 6, 8]);
    await computed({ tokens }, (b) => [
      b.node("TfIdfVectorizer", ["tokens"], {
        mode,
        max_skip_count: 3,
        min_gram_length: 1,
        max_gram_length: 2,
        ngram_counts: [0, 4],
        ngram_indexes: [0, 1, 2, 3, 4, 5, 6],
        pool_int64s: [2, 3, 5, 4, 5, 6, 7, 8, 6, 7],
        weights: [0.5, 2, 1.5, 1, 3, 0.25, 4],
      }),
    ]);
  });
});
