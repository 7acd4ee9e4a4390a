import * as fc from "fast-check";
import { expect, it } from "vitest";
import { formatWeight, parseWeight, WHOLE } from "../../../domain/experiments/weight.ts";

const units = fc.oneof(fc.integer({ min: 0, max: WHOLE }), fc.constantFrom(0, 1, WHOLE - 1, WHOLE));

it.each([
  ["0", 0],
  ["1", WHOLE],
  ["0.1", 100_000_000_000],
  ["0.000000000001", 1],
  ["0.999999999999", WHOLE - 1],
  ["1.000", WHOLE],
])("reads %s as %i units", (text, expected) => {
  expect(parseWeight(text)).toEqual({ ok: true, value: expected });
});

it("adds 0.1, 0.2 and 0.7 to exactly the whole, which floats do not", () => {
  const sum = ["0.1", "0.2", "0.7"]
    .map((text) => parseWeight(text))
    .reduce((total, parsed) => total + (parsed.ok ? parsed.value : Number.NaN), 0);
  expect(sum).toBe(WHOLE);
});

it("takes twelve decimals and refuses a thirteenth that is not zero", () => {
  expect(parseWeight("0.1234567890120")).toEqual({ ok: true, value: 123_456_789_012 });
  expect(parseWeight("0.1234567890123")).toEqual({
    ok: false,
    error: { code: "weight_too_fine", text: "0.1234567890123" },
  });
});

it.each([
  "",
  "2",
  "1.1",
  "1.000000000001",
  "-0.1",
  "+0.1",
  ".5",
  "0.",
  "00.1",
  "1e-1",
  "0,1",
  " 0.1",
  "0.1\n",
  "٠.١",
  "NaN",
  "0x1",
])("refuses %j", (text) => {
  expect(parseWeight(text)).toEqual({ ok: false, error: { code: "weight_malformed", text } });
});

it("reads back every weight that it wrote", () => {
  fc.assert(
    fc.property(units, (value) => {
      expect(parseWeight(formatWeight(value))).toEqual({ ok: true, value });
    }),
  );
});

it("writes no more digits than needed", () => {
  fc.assert(
    fc.property(units, (value) => {
      expect(formatWeight(value)).toMatch(/^(?:0|1|0\.\d{0,11}[1-9])$/);
    }),
  );
});

it("orders weights as the numbers they stand for", () => {
  fc.assert(
    fc.property(units, units, (left, right) => {
      const asNumbers = Math.sign(Number(formatWeight(left)) - Number(formatWeight(right)));
      expect(asNumbers).toBe(Math.sign(left - right));
    }),
  );
});
