import { describe, expect, it } from "vitest";
import { chiSquareSf, logGamma, regularizedGamma } from "../../../domain/statistics/gamma.ts";
import chiSquare from "../vectors/statistics/chi2_sf.json";
import { relativeError } from "./relative-error.ts";

describe("logGamma", () => {
  const factorials = [1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880, 3628800, 39916800, 479001600];

  it.each(factorials.entries().toArray())("is the logarithm of %d!", (n, factorial) => {
    const expected = Math.log(factorial);
    expect(Math.abs(logGamma(n + 1) - expected)).toBeLessThan(1e-15 * Math.max(1, expected));
  });

  it("holds at halves and far away", () => {
    expect(relativeError(logGamma(0.5), Math.log(Math.PI) / 2)).toBeLessThan(1e-15);
    expect(relativeError(logGamma(1e6), "12815504.56914761166")).toBeLessThan(1e-15); // mpmath
  });
});

describe("the chi-square distribution", () => {
  it.each(chiSquare.cases)("has its upper tail at $x with $df degrees", ({ x, df, sf }) => {
    expect(relativeError(chiSquareSf(Number(x), df), sf)).toBeLessThan(1e-13);
  });
});

describe("regularizedGamma", () => {
  it.each([
    [1, 0.25],
    [1, 30],
  ])("is the exponential distribution for a = %d, x = %d", (a, x) => {
    const { lower, upper } = regularizedGamma(a, x);
    expect(relativeError(lower, -Math.expm1(-x))).toBeLessThan(1e-14);
    expect(relativeError(upper, Math.exp(-x))).toBeLessThan(1e-14);
  });
});
