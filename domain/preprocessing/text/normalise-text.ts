import type { TextPipeline } from "../pipeline.ts";

const NOT_ASCII = /[^\0-\x7f]/;
const MARKS = /\p{M}/gu;
const NONSPACING_MARKS = /\p{Mn}/gu;

/** Of the marks with a combining class, the first and the last in canonical order (1 and 240). */
const FIRST_MARK = "\u0334";
const LAST_MARK = "\u0345";

/** The text in the pipeline's form of Unicode, in lower case, without accents. */
export function normaliseText(
  text: string,
  {
    unicode,
    lowercase,
    strip_accents,
  }: Pick<TextPipeline, "unicode" | "lowercase" | "strip_accents">,
): string {
  const formed = unicode === null ? text : text.normalize(unicode);
  const lower = lowercase ? formed.toLowerCase() : formed;
  if (strip_accents === null || !NOT_ASCII.test(lower)) return lower;
  return strip_accents === "nfd"
    ? lower.normalize("NFD").replace(NONSPACING_MARKS, "")
    : lower.normalize("NFKD").replace(MARKS, (mark) => (isCombining(mark) ? "" : mark));
}

/**
 * Whether the mark's canonical combining class is not 0, which JavaScript does not tell: such
 * marks, and only they, change places with others when a text is normalised.
 */
const isCombining = (mark: string): boolean =>
  isReordered(mark + FIRST_MARK) || isReordered(LAST_MARK + mark);

const isReordered = (marks: string): boolean => marks.normalize("NFD") !== marks;
