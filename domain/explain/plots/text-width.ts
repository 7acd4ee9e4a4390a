/** Widths of characters in parts of the font size, about those of the sans-serif faces of today's systems. */
const NARROW = new Set("iljtfrI.,:;'|!()[]{}/\\ -`\u00B7");
const WIDE = new Set("mwMW@%<>\u2026\u2014");
/** East Asian scripts and pictographs fill a square. */
const SQUARE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE4F\uFF00-\uFF60]|\p{Extended_Pictographic}/u;
const DIGIT = /[0-9+=\u2212]/;
const UPPER = /\p{Lu}/u;
const COMBINING = /\p{M}/u;

function widthOfCharacter(character: string): number {
  if (NARROW.has(character)) return 0.35;
  if (WIDE.has(character)) return 0.9;
  if (SQUARE.test(character)) return 1.05;
  if (COMBINING.test(character)) return 0;
  if (DIGIT.test(character)) return 0.62;
  return UPPER.test(character) ? 0.7 : 0.6;
}

/** An estimate, as there is no font to measure with. `size` is the font size. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width * size;
}

/** The text as far as it fits, with an ellipsis where it does not. */
export function fitted(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  const room = width - textWidth("…", size);
  let [kept, used] = ["", 0];
  for (const character of text) {
    used += textWidth(character, size);
    if (used > room) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}
