import { stripVTControlCharacters } from "node:util";

const graphemes = new Intl.Segmenter();
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/** The columns that text takes on a terminal; colours take none. */
export const displayWidth = (text: string): number =>
  Array.from(graphemes.segment(stripVTControlCharacters(text))).reduce(
    (width, { segment }) => width + (WIDE.test(segment) ? 2 : 1),
    0,
  );

/** Text without colours, cut to `width` columns with an ellipsis. */
export function clip(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let clipped = "";
  let used = 1;
  for (const { segment } of graphemes.segment(text)) {
    used += WIDE.test(segment) ? 2 : 1;
    if (used > width) break;
    clipped += segment;
  }
  return `${clipped}…`;
}

/** One line that cannot steer the terminal, whatever somebody named a thing. */
export const plain = (text: string): string =>
  stripVTControlCharacters(text).replaceAll(/\p{Cc}+/gu, " ");
