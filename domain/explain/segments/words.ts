import { ExplainFault } from "../explain-fault.ts";

/** A word of a text, where it stands: `text.slice(start, end)`, in UTF-16 code units. */
export type Word = { readonly word: string; readonly start: number; readonly end: number };

/** What gets a share of a text's score: a word wherever it occurs, or one occurrence of it. */
export type TextPlayer = { readonly word: string; readonly spans: readonly Span[] };

export type Span = { readonly start: number; readonly end: number };

/** Of scripts that put no space between words, each letter with its marks is taken for a word. */
const UNSPACED =
  "[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}]";
/** Else letters, marks, digits and low lines, and apostrophes between them. */
const SPACED = `[[\\p{L}\\p{M}\\p{N}_]--${UNSPACED}]+`;
const WORD = new RegExp(`${UNSPACED}\\p{M}*|${SPACED}(?:['’]${SPACED})*`, "gv");

/** The words of a text in their order. */
export const wordsOf = (text: string): Word[] =>
  Array.from(text.matchAll(WORD), ({ 0: word, index }) => ({
    word,
    start: index,
    end: index + word.length,
  }));

/**
 * Who plays for a text, by first occurrence: distinct words (upper and lower case differ), or with
 * `by_position` every occurrence. Throws `ExplainFault` (value_invalid) for a text without a word.
 */
export function textPlayers(text: string, by_position: boolean): TextPlayer[] {
  const spansOf = new Map<string, Span[]>();
  for (const { word, start, end } of wordsOf(text)) {
    const key = by_position ? String(start) : word;
    const spans = spansOf.get(key) ?? [];
    spans.push({ start, end });
    spansOf.set(key, spans);
  }
  if (spansOf.size === 0)
    throw new ExplainFault("value_invalid", "the text has no word that could be explained", "text");
  return Array.from(spansOf.values(), (spans) => ({
    word: text.slice(spans[0]?.start, spans[0]?.end),
    spans,
  }));
}
