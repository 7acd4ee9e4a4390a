import type { TokenRule } from "../pipeline.ts";
import type { Tokeniser } from "./tokenise.ts";

type WordPieceRule = Extract<TokenRule, { by: "wordpiece" }>;

/** Control and format characters, and what stands for text that was lost; not tab and line ends. */
const UNWANTED = /[\0\ufffd]|(?![\t\n\r])[\p{Cc}\p{Cf}]/gu;

/** Marks that are words by themselves: punctuation, and all of ASCII that is neither letter nor digit. */
const PUNCTUATION = "\\p{P}!-\\/:-@[-`{-~";
/** The blocks of Chinese characters, each of which is a word by itself. */
const IDEOGRAPHS =
  "\\u4e00-\\u9fff\\u3400-\\u4dbf\\u{20000}-\\u{2a6df}\\u{2a700}-\\u{2b73f}\\u{2b740}-\\u{2b81f}\\u{2b820}-\\u{2ceaf}\\uf900-\\ufaff\\u{2f800}-\\u{2fa1f}";
const SPACE = "\\t\\n\\r\\p{Zs}";
const WORDS = new RegExp(
  `[${PUNCTUATION}${IDEOGRAPHS}]|[^${SPACE}${PUNCTUATION}${IDEOGRAPHS}]+`,
  "gu",
);

const PREFIX = "##";

/**
 * Splits words into the longest pieces that the vocabulary has, from the left (Wu et al. 2016,
 * "Google's Neural Machine Translation System"; words as in Devlin et al. 2018, "BERT"). A word
 * that cannot be split so is `unknown`.
 */
export function wordPieces({ vocabulary, unknown, most_characters }: WordPieceRule): Tokeniser {
  const known = new Set(vocabulary);
  const longest = vocabulary.reduce((most, { length }) => Math.max(most, length), 0);
  const split = (word: string): string[] => {
    const pieces: string[] = [];
    for (let from = 0; from < word.length;) {
      const prefix = from === 0 ? "" : PREFIX;
      let to = Math.min(word.length, from + longest);
      while (to > from && !known.has(prefix + word.slice(from, to))) to -= 1;
      if (to === from) return [unknown];
      pieces.push(prefix + word.slice(from, to));
      from = to;
    }
    return pieces;
  };
  return (text) =>
    (text.replace(UNWANTED, "").match(WORDS) ?? []).flatMap((word) =>
      isLonger(word, most_characters) ? unknown : split(word),
    );
}

/** Counts characters, some of which are two code units. */
const isLonger = (word: string, most: number): boolean =>
  word.length > most && Array.from(word).length > most;
