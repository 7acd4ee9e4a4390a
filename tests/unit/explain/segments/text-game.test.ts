import { assert, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { textGame, type TextGameOptions } from "../../../../domain/explain/segments/text-game.ts";
import { wordsOf } from "../../../../domain/explain/segments/words.ts";

/** The texts that a game plays for these coalitions. */
async function textsOf(
  text: string,
  coalitions: readonly (readonly number[])[],
  options: TextGameOptions = {},
): Promise<readonly string[]> {
  let played: readonly string[] = [];
  const game = textGame(
    async (texts) => {
      played = texts;
      return new Float64Array(texts.length);
    },
    text,
    options,
  );
  await game.worth(Uint8Array.from(coalitions.flat()), coalitions.length);
  return played;
}

describe("words", () => {
  test.each([
    ["It's a dog-eared book, No. 42!", ["It's", "a", "dog", "eared", "book", "No", "42"]],
    ["Übermäßig schöne Straße", ["Übermäßig", "schöne", "Straße"]],
    ["Привет, мир", ["Привет", "мир"]],
    ["हिन्दी पाठ", ["हिन्दी", "पाठ"]],
    ["cafe\u0301 snake_case 'quoted'", ["cafe\u0301", "snake_case", "quoted"]],
    ["好电影 2024", ["好", "电", "影", "2024"]],
    ["... --- !", []],
  ])("of %j are %j", (text, words) => {
    expect(wordsOf(text).map(({ word }) => word)).toEqual(words);
  });

  test("say where they stand, in any text", () => {
    assert(
      property(string({ unit: "binary" }), (text) => {
        let at = 0;
        for (const { word, start, end } of wordsOf(text)) {
          expect(text.slice(start, end)).toBe(word);
          expect(start).toBeGreaterThanOrEqual(at);
          at = end;
        }
      }),
    );
  });
});

describe("the players of a text", () => {
  const text = "A good film, a good end.";
  const score = async (texts: readonly string[]): Promise<Float64Array> =>
    new Float64Array(texts.length);

  test("are its distinct words, with every place where each stands", () => {
    expect(textGame(score, text).words).toEqual([
      { word: "A", spans: [{ start: 0, end: 1 }] },
      {
        word: "good",
        spans: [
          { start: 2, end: 6 },
          { start: 15, end: 19 },
        ],
      },
      { word: "film", spans: [{ start: 7, end: 11 }] },
      { word: "a", spans: [{ start: 13, end: 14 }] },
      { word: "end", spans: [{ start: 20, end: 23 }] },
    ]);
  });

  test("are its places where that is asked for", () => {
    const { words, players } = textGame(score, text, { by_position: true });
    expect(players).toBe(6);
    expect(words.map(({ word }) => word)).toEqual(["A", "good", "film", "a", "good", "end"]);
  });

  test("are missing from a text without words, which is refused", () => {
    expect(() => textGame(score, " ... ")).toThrow(
      expect.objectContaining({
        problem: expect.objectContaining({ code: "value_invalid", field: "text" }),
      }),
    );
  });
});

describe("a coalition of words is", () => {
  const text = " A good film, a good end. ";

  test("the text itself where all are in it", async () => {
    for (const mask_token of [undefined, "[MASK]"])
      expect(
        await textsOf(text, [[1, 1, 1, 1, 1]], mask_token === undefined ? {} : { mask_token }),
      ).toEqual([text]);
  });

  test("the text without the others, wherever they stand, and the empty text for nobody", async () => {
    expect(
      await textsOf(text, [
        [1, 0, 1, 1, 1],
        [0, 1, 0, 0, 1],
        [0, 0, 0, 0, 0],
      ]),
    ).toEqual([" A film, a end. ", " good , good end. ", ""]);
  });

  test("the text with a token in place of the others", async () => {
    expect(
      await textsOf(
        text,
        [
          [1, 0, 1, 1, 1],
          [0, 0, 0, 0, 0],
        ],
        { mask_token: "___" },
      ),
    ).toEqual([" A ___ film, a ___ end. ", " ___ ___ ___, ___ ___ ___. "]);
  });

  test("without one of the places of a word where places play", async () => {
    expect(await textsOf("no, no, no", [[1, 0, 1]], { by_position: true })).toEqual(["no, , no"]);
  });
});

test("worth what the classifier says, after the link", async () => {
  const half = async (texts: readonly string[]): Promise<Float64Array> =>
    new Float64Array(texts.length).fill(0.75);
  const game = textGame(half, "one two", { link: "logit" });
  expect([...(await game.worth(Uint8Array.of(1, 0), 1))]).toEqual([Math.log(3)]);
});

test("not worth anything by a link that is not known", () => {
  const options = { link: "probit" } as unknown;
  expect(() => textGame(async () => new Float64Array(), "one", options as TextGameOptions)).toThrow(
    /link is 'probit', and is to be one of identity, logit/,
  );
});
