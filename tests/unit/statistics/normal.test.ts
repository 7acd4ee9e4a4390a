import { describe, expect, it } from "vitest";
import { normalCdf, normalQuantile, normalSf } from "../../../domain/statistics/normal.ts";
import quantiles from "../vectors/statistics/normal_quantile.json";
import tails from "../vectors/statistics/normal.json";
import { relativeError } from "./relative-error.ts";

describe("the normal distribution", () => {
  it.each(tails.cases)("has both tails at z = $z", ({ z, cdf, sf }) => {
    expect(relativeError(normalCdf(Number(z)), cdf)).toBeLessThan(1e-15);
    expect(relativeError(normalSf(Number(z)), sf)).toBeLessThan(1e-15);
  });

  // mpmath: both sides of the change of method at 1.5, then the subnormal range.
  it.each([
    [1.4999, "0.06682015399983360347"],
    [1.5, "0.066807201268858066004"],
    [12.345678, "2.5699702582622068413e-35"],
    [38, "2.8854283600687843084e-316"],
    [38.4, "6.6015998543267680242e-323"],
  ])("has its upper tail at z = %d", (z, sf) => {
    expect(relativeError(normalSf(z), sf)).toBeLessThan(5e-15);
  });

  it("ends where doubles end", () => {
    expect([normalSf(40), normalSf(Infinity), normalSf(-Infinity)]).toEqual([0, 0, 1]);
  });

  it.each(quantiles.cases)("has the quantile $z at p = $p", ({ p, z }) => {
    expect(relativeError(normalQuantile(Number(p)), z)).toBeLessThan(1e-15);
  });

  it.each([1e-300, 1e-100, 1e-12, 0.02, 0.3, 0.6])("inverts its own cdf at p = %d", (p) => {
    expect(relativeError(normalCdf(normalQuantile(p)), p)).toBeLessThan(1e-12);
  });
});
