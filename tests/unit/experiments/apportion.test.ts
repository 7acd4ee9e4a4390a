import * as fc from "fast-check";
import { expect, it } from "vitest";
import { apportion } from "../../../domain/experiments/apportion.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";

it("gives what is left over to the largest remainders, and of equal ones to the first", () => {
  expect(apportion(10, [1, 1, 1])).toEqual([4, 3, 3]);
  expect(apportion(10, [0.24, 0.1, 0.66])).toEqual([2, 1, 7]);
  expect(apportion(100, [2, 2, 4])).toEqual([25, 25, 50]);
  expect(apportion(1, [0, 5])).toEqual([0, 1]);
  expect(apportion(0, [3, 5])).toEqual([0, 0]);
});

it("always sums to the whole, and is within one unit of each part", () => {
  const shares = fc
    .array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 })
    .filter((drawn) => drawn.some((share) => share > 1e-300));
  fc.assert(
    fc.property(fc.integer({ min: 0, max: WHOLE }), shares, (whole, drawn) => {
      const parts = apportion(whole, drawn);
      const total = drawn.reduce((sum, share) => sum + share, 0);
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(whole);
      parts.forEach((part, index) => {
        expect(Number.isSafeInteger(part) && part >= 0).toBe(true);
        // Rounding of a part of 10^12 may be a few 10^-4.
        const exact = whole * ((drawn[index] ?? NaN) / total);
        expect(Math.abs(part - exact)).toBeLessThan(1.001);
      });
    }),
  );
});
