import { assert, double, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { meansPower, tTestPower, twoProportionPower } from "../../../domain/statistics/power.ts";
import {
  meansSampleSize,
  twoProportionSampleSize,
} from "../../../domain/statistics/sample-size.ts";
import vectors from "../vectors/statistics/power_means.json";
import { relativeError } from "./relative-error.ts";

const power = double({ min: 0.3, max: 0.99, noNaN: true });
const alpha = double({ min: 0.001, max: 0.1, noNaN: true });

describe("meansPower", () => {
  it.each(vectors.cases)(
    "of d $effect_size with $size, ratio $ratio, alpha $alpha: $t",
    ({ effect_size: effectSize, size, ratio, alpha: level, t, normal }) => {
      const plan = { effectSize, size, ratio, alpha: level };
      expect(relativeError(meansPower(plan), t)).toBeLessThan(1e-12);
      const known = meansPower({ ...plan, distribution: "normal" });
      expect(relativeError(known, normal)).toBeLessThan(1e-11);
    },
  );

  it("undoes the sample size", () => {
    assert(
      property(
        double({ min: 0.02, max: 2, noNaN: true }),
        double({ min: 0.2, max: 5, noNaN: true }),
        power,
        alpha,
        (effectSize, ratio, asked, level) => {
          for (const distribution of ["t", "normal"] as const) {
            const design = { effectSize, ratio, alpha: level, distribution };
            const size = meansSampleSize({ ...design, power: asked });
            expect(meansPower({ ...design, size })).toBeCloseTo(asked, 9);
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it("grows with the sample up to 1, however large it gets", () => {
    const at = (size: number): number => meansPower({ effectSize: 0.05, size, alpha: 0.05 });
    const found = [100, 1_000, 10_000, 1e5, 1e6, 1e7, 1e9].map(at);
    expect(found.toSorted((a, b) => a - b)).toEqual(found);
    expect(found.slice(-3)).toEqual([1, 1, 1]);
  });
});

describe("tTestPower", () => {
  it("is the size of the test without an effect", () => {
    for (const level of [0.5, 0.05, 1e-6]) expect(tTestPower(0, 12, level)).toBeCloseTo(level, 13);
  });

  it("far beyond the critical value is 1", () => {
    expect(tTestPower(1e5, 1e6, 0.05)).toBe(1);
    // Six standard errors short of a critical value of 31: the sum around its likeliest term, at a tiny alpha.
    expect(tTestPower(625, 1e6, 1e-210)).toBeGreaterThan(1e-10);
    expect(tTestPower(625, 1e6, 1e-210)).toBeLessThan(1e-8);
  });
});

describe("twoProportionPower", () => {
  it.each([
    // scipy 1.17.1: both tails of the normal approximation.
    {
      p1: 0.05,
      p2: 0.06,
      size: 5000,
      ratio: 1,
      alpha: 0.05,
      alternative: "two-sided",
      variance: "pooled",
      expected: 0.5922382906747236,
    } as const,
    {
      p1: 0.05,
      p2: 0.06,
      size: 5000,
      ratio: 2,
      alpha: 0.05,
      alternative: "one-sided",
      variance: "unpooled",
      expected: 0.8225611746977057,
    } as const,
    {
      p1: 0.5,
      p2: 0.45,
      size: 300,
      ratio: 0.5,
      alpha: 0.01,
      alternative: "two-sided",
      variance: "unpooled",
      expected: 0.058092065842636625,
    } as const,
    {
      p1: 0.001,
      p2: 0.002,
      size: 1000,
      ratio: 1,
      alpha: 0.05,
      alternative: "two-sided",
      variance: "pooled",
      expected: 0.08901552378911064,
    } as const,
    {
      p1: 0.3,
      p2: 0.3,
      size: 500,
      ratio: 1,
      alpha: 0.05,
      alternative: "two-sided",
      variance: "pooled",
      expected: 0.049999999999999954,
    } as const,
  ])("of $p1 against $p2 with $size: $expected", ({ expected, ...plan }) => {
    expect(relativeError(twoProportionPower(plan), expected)).toBeLessThan(1e-12);
  });

  it("undoes the sample size but for rejections on the wrong side", () => {
    const rate = double({ min: 0.01, max: 0.99, noNaN: true });
    assert(
      property(rate, rate, power, alpha, (p1, p2, asked, level) => {
        if (Math.abs(p1 - p2) < 0.005) return;
        for (const variance of ["pooled", "unpooled"] as const) {
          const oneSided = {
            p1,
            p2,
            ratio: 1.5,
            alpha: level,
            variance,
            alternative: "one-sided",
          } as const;
          const size = twoProportionSampleSize({ ...oneSided, power: asked });
          expect(twoProportionPower({ ...oneSided, size })).toBeCloseTo(asked, 12);
          const twoSided = { ...oneSided, alternative: "two-sided" } as const;
          const more = twoProportionSampleSize({ ...twoSided, power: asked });
          const found = twoProportionPower({ ...twoSided, size: more });
          expect(found).toBeGreaterThanOrEqual(asked - 1e-12);
          expect(found).toBeLessThan(asked + 0.01);
        }
      }),
    );
  });
});
