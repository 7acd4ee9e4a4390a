import { describe, expect, it } from "vitest";
import { betaCdf, regularizedBeta } from "../../../domain/statistics/beta.ts";
import vectors from "../vectors/statistics/beta_cdf.json";
import { relativeError } from "./relative-error.ts";

describe("the beta distribution", () => {
  // From scipy, itself in double precision: its worst case, (3, 99998) at 0.00003, is 2e-12 off, see below.
  it.each(vectors.cases)("has cdf $cdf at $x for ($a, $b)", ({ a, b, x, cdf }) => {
    expect(relativeError(betaCdf(Number(x), a, b), cdf)).toBeLessThan(3e-12);
  });

  // mpmath
  it.each([
    [3, 99998, 0.00003, "0.57681327955348239608"],
    [29394.521644133434, 19261.19981999994, 0.600903237193017, "0.07269246352300415550925994"],
    [
      1046.3368396180267,
      1538.2896831923028,
      0.3603019454633188,
      "0.000001475922112210497904022333",
    ],
  ])("has its cdf to 13 digits for (%d, %d) at %d", (a, b, x, cdf) => {
    expect(relativeError(betaCdf(x, a, b), cdf)).toBeLessThan(1e-13);
  });

  it("has an upper tail of its own far from 1", () => {
    expect(relativeError(regularizedBeta(1, 30, 0.9, 0.1).upper, 1e-30)).toBeLessThan(1e-14);
  });

  it("starts at 0 and ends at 1", () => {
    expect(regularizedBeta(2, 3, 0)).toEqual({ lower: 0, upper: 1 });
    expect(regularizedBeta(2, 3, 1)).toEqual({ lower: 1, upper: 0 });
  });
});
