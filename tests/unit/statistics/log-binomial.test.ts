import { describe, expect, it } from "vitest";
import { logBinomial, logHypergeometric } from "../../../domain/statistics/log-binomial.ts";

describe("logBinomial", () => {
  it.each([
    [0, 10, 0.5, -10 * Math.LN2],
    [10, 10, 0.25, 10 * Math.log(0.25)],
    [1, 2, 0.5, -Math.LN2],
    [3, 5, 0.2, Math.log(10 * 0.008 * 0.64)],
    // mpmath 1.3.0, 40 digits.
    [500_000, 1_000_000, 0.5, -7.133546881626865],
    [1, 1_000_000_000, 1e-9, -0.9999999995],
    [1_000_000, 1_000_000_000, 0.5, -685239933.2739068],
    [999_999_999, 1_000_000_000, 0.125, -2079441519.01066],
    [52_000, 1_000_000, 0.05, -47.90556531403623],
  ])("of %d in %d at %d is %d", (k, n, p, expected) => {
    expect(
      Math.abs(logBinomial(k, n, p) - expected) / Math.max(1, Math.abs(expected)),
    ).toBeLessThan(1e-13);
  });

  it("sums to 1 over all counts", () => {
    for (const p of [1e-6, 0.3, 0.999]) {
      const sum = Array.from({ length: 201 }, (_, k) => Math.exp(logBinomial(k, 200, p)));
      expect(sum.reduce((all, each) => all + each, 0)).toBeCloseTo(1, 13);
    }
  });
});

describe("logHypergeometric", () => {
  it("sums to 1 over all counts", () => {
    const sum = Array.from({ length: 31 }, (_, k) => Math.exp(logHypergeometric(k, 30, 50, 90)));
    expect(sum.reduce((all, each) => all + each, 0)).toBeCloseTo(1, 13);
  });

  it("is certain when nothing or everything is drawn", () => {
    expect(logHypergeometric(0, 0, 5, 9)).toBe(0);
    expect(logHypergeometric(5, 9, 5, 9)).toBe(0);
  });
});
