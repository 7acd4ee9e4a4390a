import { expect, test } from "vitest";
import { normaliseText } from "../../../domain/preprocessing/text/normalise-text.ts";

const AS_IS = { unicode: null, lowercase: false, strip_accents: null };

test("a text is as it was where nothing is asked for", () => {
  expect(normaliseText("İ É ﬁ", AS_IS)).toBe("İ É ﬁ");
});

test("forms of Unicode come before lower case", () => {
  expect(normaliseText("e\u0301", { ...AS_IS, unicode: "NFC" })).toBe("é");
  expect(normaliseText("Ⓐ ﬁ", { ...AS_IS, unicode: "NFKC", lowercase: true })).toBe("a fi");
});

test("`nfkd` drops all marks that combine, of the first class to the last, and no others", () => {
  const strip = (text: string) => normaliseText(text, { ...AS_IS, strip_accents: "nfkd" });
  // U+0334 has the combining class 1, U+0301 230 and U+0345 240; the vowel sign U+0941 has 0.
  expect(strip("a\u0334b\u0301c\u0345d")).toBe("abcd");
  expect(strip("é ﬁ कु")).toBe("e fi कु");
});

test("`nfd` drops all marks without a width of their own", () => {
  const strip = (text: string) => normaliseText(text, { ...AS_IS, strip_accents: "nfd" });
  expect(strip("é ﬁ कु a\u0334")).toBe("e ﬁ क a");
});
