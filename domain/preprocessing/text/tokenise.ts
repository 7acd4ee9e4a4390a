import type { TokenRule } from "../pipeline.ts";
import { wordPieces } from "./word-pieces.ts";

export type Tokeniser = (text: string) => string[];

/** What Python's `\w\w+` finds, the default of scikit-learn's vectorisers. */
const WORDS = /[\p{L}\p{N}_]{2,}/gu;
const WHITE_SPACE_RUN = /\s\s+/g;

/** Splits a text that has been normalised into its tokens. */
export function tokeniser(rule: TokenRule): Tokeniser {
  switch (rule.by) {
    case "words":
      return (text) => text.match(WORDS) ?? [];
    case "whitespace":
      return (text) => text.match(/\S+/g) ?? [];
    case "characters":
      return (text) => Array.from(text.replace(WHITE_SPACE_RUN, " "));
    case "wordpiece":
      return wordPieces(rule);
  }
}
