import { expect, test } from "vitest";
import {
  addDraw,
  halfWidthsOf,
  noDraws,
  varianceOf,
} from "../../../../domain/explain/shap/running-moments.ts";

test("means, variances and Student's intervals are those of the draws", () => {
  const moments = noDraws(2);
  for (const value of [1, 2, 4]) addDraw(moments, 0, value);
  for (const value of [-1e9, -1e9 + 2]) addDraw(moments, 1, value);
  expect([...moments.means]).toEqual([7 / 3, -1e9 + 1]);
  expect(varianceOf(moments, 0)).toBeCloseTo(7 / 3, 12);
  expect(varianceOf(moments, 1)).toBeCloseTo(2, 12);
  const [three = NaN, two = NaN] = halfWidthsOf(moments) ?? [];
  // The 97.5 % quantiles with 2 and 1 degrees of freedom, from a table.
  expect(three).toBeCloseTo(4.302652729911275 * Math.sqrt(7 / 9), 9);
  expect(two).toBeCloseTo(12.706204736432095, 9);
});

test("one draw has no interval", () => {
  const moments = noDraws(2);
  addDraw(moments, 0, 1);
  addDraw(moments, 0, 2);
  addDraw(moments, 1, 1);
  expect(halfWidthsOf(moments)).toBeNull();
});
