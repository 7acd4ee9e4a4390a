import * as fc from "fast-check";
import { expect, test } from "vitest";
import { utf8Decode, utf8Encode, utf8Length } from "../../../domain/text/utf8.ts";

const anyText = fc.string({ unit: "binary" });
const anyUnits = fc
  .array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd7f0, max: 0xe00f })))
  .map((units) => String.fromCharCode(...units));
const nearlyUtf8 = fc
  .array(
    fc.constantFrom(0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5), // prettier-ignore
  )
  .map((bytes) => Uint8Array.from(bytes));

test("encoding agrees with the platform, lone surrogates included", () => {
  fc.assert(
    fc.property(fc.oneof(anyText, anyUnits), (text) => {
      expect(utf8Encode(text)).toEqual(new TextEncoder().encode(text));
    }),
  );
});

test("the length of what is encoded is known without encoding it", () => {
  fc.assert(
    fc.property(fc.oneof(anyText, anyUnits), (text) => {
      expect(utf8Length(text)).toBe(utf8Encode(text).length);
    }),
  );
});

test("decoding agrees with the platform on any bytes", () => {
  const platform = new TextDecoder("utf-8", { ignoreBOM: true });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), nearlyUtf8), (bytes) => {
      expect(utf8Decode(bytes)).toBe(platform.decode(bytes));
    }),
    { numRuns: 2000 },
  );
});

test("a text longer than one chunk comes back whole", () => {
  const text = "naïve 🐦 ".repeat(5000);
  expect(utf8Decode(utf8Encode(text))).toBe(text);
});
