import { describe, expect, it } from "vitest";
import { cohenD, welchTTest } from "../../../domain/statistics/welch-t-test.ts";
import vectors from "../vectors/statistics/welch_t.json";
import { relativeError } from "./relative-error.ts";

describe("welchTTest", () => {
  it.each(vectors.cases)("compares $mean1 +- $sd1 with $mean2 +- $sd2", (vector) => {
    const test = welchTTest(
      { mean: vector.mean1, variance: vector.sd1 ** 2, count: vector.n1 },
      { mean: vector.mean2, variance: vector.sd2 ** 2, count: vector.n2 },
      0.95,
    );
    expect(test.ok && relativeError(test.value.t, vector.t)).toBeLessThan(1e-15);
    expect(test.ok && relativeError(test.value.df, vector.df)).toBeLessThan(1e-15);
    expect(test.ok && relativeError(test.value.pValue, vector.p_two_sided)).toBeLessThan(1e-13);
    for (const [end, bound] of vector.ci95.entries())
      expect(test.ok && relativeError(test.value.interval[end] ?? NaN, bound)).toBeLessThan(1e-13);
  });

  it("takes the degrees of freedom of the one sample that varies", () => {
    const test = welchTTest(
      { mean: 1, variance: 0, count: 50 },
      { mean: 2, variance: 4, count: 10 },
      0.95,
    );
    expect(test).toMatchObject({ ok: true, value: { df: 9 } });
  });

  it.each([
    ["no_observations", { mean: 0, variance: 0, count: 0 }],
    ["too_few_observations", { mean: 5, variance: 0, count: 1 }],
    ["no_variation", { mean: 5, variance: 0, count: 9 }],
    ["invalid_sample", { mean: NaN, variance: 1, count: 9 }],
    ["invalid_sample", { mean: 5, variance: -1, count: 9 }],
    ["invalid_sample", { mean: 5, variance: NaN, count: 9 }],
  ])("names %s instead of answering NaN", (code, sample) => {
    const constant = { mean: 6, variance: 0, count: 9 };
    expect(welchTTest(constant, sample, 0.95)).toEqual({ ok: false, error: { code } });
    expect(welchTTest(sample, constant, 0.95)).toEqual({ ok: false, error: { code } });
  });
});

describe("cohenD", () => {
  it("weighs the variances by their degrees of freedom", () => {
    const control = { mean: 10, variance: 2, count: 3 };
    const variant = { mean: 13, variance: 5, count: 5 };
    expect(cohenD(control, variant)).toBeCloseTo(3 / Math.sqrt((2 * 2 + 4 * 5) / 6), 15);
  });
});
