import { describe, expect, it } from "vitest";
import { bernoulli, seededRandom, type Random } from "../../../domain/statistics/random.ts";
import {
  sampleOfProportion,
  stratifiedDifference,
  stratifiedEstimate,
  stratifiedSequence,
  type DifferenceStratum,
} from "../../../domain/statistics/stratified-difference.ts";
import { twoProportionZTest } from "../../../domain/statistics/two-proportion-z-test.ts";
import { welchTTest } from "../../../domain/statistics/welch-t-test.ts";

describe("stratifiedDifference", () => {
  const control = { mean: 5, variance: 4, count: 100 };
  const variant = { mean: 6, variance: 9, count: 50 };

  it("of one stratum is the plain difference with Welch's standard error", () => {
    const found = stratifiedDifference([{ control, variant }], 0.95);
    const welch = welchTTest(control, variant, 0.95);
    if (!found.ok || !welch.ok) throw new Error("sound samples");
    expect(found.value.estimate).toBe(1);
    expect(found.value.z).toBeCloseTo(welch.value.t, 13);
    expect(found.value.count).toBe(150);
    expect(found.value.interval[0]).toBeCloseTo(1 - 1.959963984540054 * Math.sqrt(0.22), 13);
  });

  it("weighs strata by n m / (n + m)", () => {
    // Weights 100/3 and 1/2 * 2: (100/3 * 1 + 1 * 3) / (100/3 + 1).
    const small = {
      control: { mean: 1, variance: 1, count: 2 },
      variant: { mean: 4, variance: 1, count: 2 },
    };
    const found = stratifiedEstimate([{ control, variant }, small]);
    const weights = 100 / 3 + 1;
    expect(found.ok && found.value.estimate).toBeCloseTo((100 / 3 + 3) / weights, 14);
    const squaredError = ((100 / 3) ** 2 * 0.22 + 1) / weights ** 2;
    expect(found.ok && found.value.standardError).toBeCloseTo(Math.sqrt(squaredError), 14);
  });

  it("leaves out strata in which an arm has fewer than two observations", () => {
    const lonely = { control, variant: { mean: 900, variance: 0, count: 1 } };
    const plain = stratifiedDifference([{ control, variant }], 0.95);
    expect(stratifiedDifference([{ control, variant }, lonely], 0.95)).toEqual(plain);
  });

  it("has the sequence of the same estimate", () => {
    const strata = [{ control, variant }];
    const fixed = stratifiedDifference(strata, 0.95);
    const always = stratifiedSequence(strata, { alpha: 0.05 });
    if (!fixed.ok || !always.ok) throw new Error("sound samples");
    expect(always.value.estimate).toBe(fixed.value.estimate);
    expect(always.value.interval[0]).toBeLessThan(fixed.value.interval[0]);
    expect(always.value.pValue).toBeGreaterThan(fixed.value.pValue);
  });

  it.each<[string, DifferenceStratum[]]>([
    ["no_observations", []],
    ["no_observations", [{ control: { ...control, count: 0 }, variant: { ...variant, count: 0 } }]],
    ["too_few_observations", [{ control, variant: { ...variant, count: 1 } }]],
    [
      "no_variation",
      [{ control: { ...control, variance: 0 }, variant: { ...variant, variance: 0 } }],
    ],
    ["invalid_sample", [{ control, variant: { ...variant, mean: NaN } }]],
  ])("fails with %s", (code, strata) => {
    expect(stratifiedDifference(strata, 0.95)).toEqual({ ok: false, error: { code } });
    expect(stratifiedSequence(strata, { alpha: 0.05 })).toEqual({ ok: false, error: { code } });
  });
});

describe("sampleOfProportion", () => {
  it("has the mean and the sample variance of its zeros and ones", () => {
    expect(sampleOfProportion({ successes: 1, trials: 4 })).toEqual({
      count: 4,
      mean: 0.25,
      variance: 0.25,
    });
    expect(sampleOfProportion({ successes: 0, trials: 0 })).toEqual({
      count: 0,
      mean: 0,
      variance: 0,
    });
  });
});

describe("a ramp from 1% to 50% while the base rate rises from 2% to 8%", () => {
  const STAGES = [
    { share: 0.01, rate: 0.02 },
    { share: 0.05, rate: 0.04 },
    { share: 0.25, rate: 0.06 },
    { share: 0.5, rate: 0.08 },
  ];
  const REQUESTS = 5_000;

  const stage = (random: Random, share: number, rate: number) => {
    const control = { successes: 0, trials: 0 };
    const variant = { successes: 0, trials: 0 };
    for (let request = 0; request < REQUESTS; request++) {
      const arm = bernoulli(random, share) ? variant : control;
      arm.trials++;
      if (bernoulli(random, rate)) arm.successes++;
    }
    return { control, variant };
  };

  it("has an effect nearly always when epochs are pooled, and in one run of 20 when they are strata", () => {
    const runs = 500;
    let [pooled, stratified] = [0, 0];
    for (let run = 0; run < runs; run++) {
      const random = seededRandom(`ramp ${run}`);
      const epochs = STAGES.map(({ share, rate }) => stage(random, share, rate));
      const sum = (arm: "control" | "variant") => ({
        successes: epochs.reduce((all, epoch) => all + epoch[arm].successes, 0),
        trials: epochs.reduce((all, epoch) => all + epoch[arm].trials, 0),
      });
      const plain = twoProportionZTest(sum("control"), sum("variant"));
      if (plain.ok && plain.value.pValue < 0.05) pooled++;
      const strata = epochs.map(({ control, variant }) => ({
        control: sampleOfProportion(control),
        variant: sampleOfProportion(variant),
      }));
      const found = stratifiedDifference(strata, 0.95);
      if (found.ok && found.value.pValue < 0.05) stratified++;
    }
    console.log(
      `ramp without effect, of ${runs} runs: pooled ${pooled}, stratified ${stratified} significant at 0.05`,
    );
    expect(pooled / runs).toBeGreaterThan(0.9);
    expect(stratified / runs).toBeLessThan(0.08);
    expect(stratified / runs).toBeGreaterThan(0.02);
  });
});
