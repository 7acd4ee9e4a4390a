import { describe, expect, test } from "vitest";
import { preparePipeline } from "../../../domain/preprocessing/prepare-pipeline.ts";
import { readPipeline } from "../../../domain/preprocessing/read-pipeline.ts";
import type { Signature } from "../../../domain/tensors/tensor.ts";

const ids = (name: string) => ({ name, type: "int64" as const, shape: ["rows", "tokens"] });
const SIGNATURE: Signature = {
  inputs: [ids("input_ids"), ids("attention_mask"), ids("token_type_ids")],
  outputs: [],
};

const VOCABULARY =
  "[PAD] [UNK] [CLS] [SEP] un ##aff ##able ##ab ##le want ##ed run ##ning , ! the cafe 日 ##本 本".split(
    " ",
  );
const WORDPIECE = { by: "wordpiece", vocabulary: VOCABULARY };
const BERT = {
  by: "ids",
  max_length: 8,
  first: "[CLS]",
  last: "[SEP]",
  pad: "[PAD]",
  attention_mask: "attention_mask",
  token_type_ids: "token_type_ids",
};

const run = (tokens: object, vector: object, texts: string[], more: object = {}) => {
  const value = { version: 1, kind: "text", input: "input_ids", tokens, vector, ...more };
  const made = preparePipeline(readPipeline({ value, path: "p" })).run(texts, SIGNATURE);
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  return made.value;
};
/** The vocabulary's names of a row of ids. */
const named = (tokens: object, text: string, more: object = {}) => {
  const { input_ids } = run(tokens, { ...BERT, max_length: 64, padding: "longest" }, [text], more);
  return Array.from(input_ids?.data ?? [], Number)
    .map((id) => VOCABULARY[id])
    .slice(1, -1)
    .join(" ");
};

describe("word pieces", () => {
  test("are the longest that the vocabulary has, from the left", () => {
    expect(named(WORDPIECE, "UNAFFABLE wanted running")).toBe(
      "un ##aff ##able want ##ed run ##ning",
    );
  });

  test("a word that does not come out even is unknown as a whole", () => {
    expect(named(WORDPIECE, "unwanted runnings want")).toBe("[UNK] [UNK] want");
  });

  test("punctuation and each Chinese character are words by themselves", () => {
    expect(named(WORDPIECE, "want,the!日本 日")).toBe("want , the ! 日 本 日");
  });

  test("invisible characters do not part words; white space of all kinds does", () => {
    expect(named(WORDPIECE, "wa\u200dnt\u00a0the\tthe\u0000")).toBe("want the the");
  });

  test("accents go where the pipeline says so", () => {
    expect(named(WORDPIECE, "Café", { strip_accents: "nfd" })).toBe("cafe");
    expect(named(WORDPIECE, "Café")).toBe("[UNK]");
    expect(named(WORDPIECE, "The", { lowercase: false })).toBe("[UNK]");
  });

  test("a word of too many characters is unknown", () => {
    expect(named({ ...WORDPIECE, most_characters: 3 }, "the want")).toBe("the [UNK]");
  });
});

describe("rows of ids", () => {
  test("are cut and filled up to the length, with a mask over the tokens", () => {
    const made = run(WORDPIECE, BERT, ["the", "unaffable wanted running the the"]);
    expect(made["input_ids"]).toEqual({
      type: "int64",
      dims: [2, 8],
      data: BigInt64Array.from([2, 15, 3, 0, 0, 0, 0, 0, 2, 4, 5, 6, 9, 10, 11, 3].map(BigInt)),
    });
    expect(Array.from(made["attention_mask"]?.data ?? [], Number)).toEqual([
      1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,
    ]);
    expect(Array.from(made["token_type_ids"]?.data ?? [], Number)).toEqual(Array(16).fill(0));
  });

  test("are as long as the longest where the pipeline says so, also of empty texts", () => {
    const longest = { ...BERT, padding: "longest" };
    expect(run(WORDPIECE, longest, ["the the", "the"])["input_ids"]?.dims).toEqual([2, 4]);
    const bare = {
      by: "ids",
      vocabulary: ["-", "aa"],
      max_length: 3,
      pad: "-",
      padding: "longest",
    };
    expect(run({ by: "words" }, bare, [""])["input_ids"]).toMatchObject({ dims: [1, 1] });
  });

  test("leave unknown tokens out, or have one id for them", () => {
    const vector = { by: "ids", vocabulary: ["-", "?", "aa", "bb"], max_length: 3, pad: "-" };
    const rows = (more: object) =>
      Array.from(
        run({ by: "whitespace" }, { ...vector, ...more }, ["bb zz aa"])["input_ids"]?.data ?? [],
        Number,
      );
    expect(rows({})).toEqual([3, 2, 0]);
    expect(rows({ unknown: "?" })).toEqual([3, 1, 2]);
  });
});
