import { describe, expect, it } from "vitest";
import {
  meansSampleSize,
  sampleSizeRequirement,
  twoProportionSampleSize,
} from "../../../domain/statistics/sample-size.ts";
import means from "../vectors/statistics/sample_size_means.json";
import proportions from "../vectors/statistics/sample_size_two_proportions.json";
import { relativeError } from "./relative-error.ts";

describe("twoProportionSampleSize", () => {
  it.each(proportions.cases)(
    "tells $p1 from $p2 at $alpha with power $power and ratio $ratio",
    ({ p1, p2, alpha, power, ratio, n1_pooled, n1_unpooled }) => {
      const design = { p1, p2, alpha, power, ratio };
      const pooled = twoProportionSampleSize({ ...design, variance: "pooled" });
      const unpooled = twoProportionSampleSize({ ...design, variance: "unpooled" });
      expect(relativeError(pooled, n1_pooled)).toBeLessThan(2e-15);
      expect(relativeError(unpooled, n1_unpooled)).toBeLessThan(2e-15);
    },
  );

  it("needs for one side what both sides need at twice the alpha", () => {
    const design = { p1: 0.1, p2: 0.13, power: 0.8 };
    expect(twoProportionSampleSize({ ...design, alpha: 0.025, alternative: "one-sided" })).toBe(
      twoProportionSampleSize({ ...design, alpha: 0.05, alternative: "two-sided" }),
    );
  });
});

describe("meansSampleSize", () => {
  // statsmodels searches until n is within some 1e-7 of itself.
  it.each(means.cases)(
    "finds d = $effect_size_d at $alpha with power $power",
    ({ effect_size_d: effectSize, alpha, power, ratio, n1_t, n1_normal }) => {
      const design = { effectSize, alpha, power, ratio };
      const normal = meansSampleSize({ ...design, distribution: "normal" });
      expect(relativeError(meansSampleSize(design), n1_t)).toBeLessThan(1e-7);
      expect(relativeError(normal, n1_normal)).toBeLessThan(1e-7);
    },
  );

  // The same equations solved to 12 digits and more: scipy's noncentral t with brentq, and mpmath.
  it("solves its equations to 11 digits", () => {
    const large = { effectSize: 1, alpha: 0.05, power: 0.9 };
    const medium = { effectSize: 0.5, alpha: 0.01, power: 0.8 };
    expect(relativeError(meansSampleSize(large), 22.021088426378952)).toBeLessThan(1e-11);
    expect(relativeError(meansSampleSize(medium), 95.10361974751414)).toBeLessThan(1e-11);
    expect(
      relativeError(meansSampleSize({ ...large, distribution: "normal" }), 21.01483881938151),
    ).toBeLessThan(1e-13);
  });
});

describe("sampleSizeRequirement", () => {
  it("is the pooled two-sided size, rounded up, at 95% and 80% unless told otherwise", () => {
    expect(sampleSizeRequirement(0.01, 0.2)).toEqual({ ok: true, value: 42693 });
    expect(sampleSizeRequirement(0.01, 0.2, 0.99, 0.9)).toEqual({ ok: true, value: 80934 });
  });

  it("accepts a fall", () => {
    expect(sampleSizeRequirement(0.5, -0.1)).toEqual({ ok: true, value: 1565 });
  });

  it.each([
    ["baseline_rate", 0, 0.1, 0.95, 0.8],
    ["baseline_rate", 1, -0.1, 0.95, 0.8],
    ["baseline_rate", NaN, 0.1, 0.95, 0.8],
    ["minimum_detectable_effect", 0.5, 0, 0.95, 0.8],
    ["minimum_detectable_effect", 0.5, 1, 0.95, 0.8],
    ["minimum_detectable_effect", 0.5, -1, 0.95, 0.8],
    ["confidence_level", 0.5, 0.1, 1, 0.8],
    ["power", 0.5, 0.1, 0.95, 1],
    ["power", 0.5, 0.1, 0.95, 0.04],
  ])("refuses a %s out of range", (parameter, baseline, effect, confidence, power) => {
    expect(sampleSizeRequirement(baseline, effect, confidence, power)).toEqual({
      ok: false,
      error: { code: "invalid_parameter", parameter },
    });
  });
});
