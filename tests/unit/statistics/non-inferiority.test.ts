import { describe, expect, it } from "vitest";
import {
  meanNonInferiority,
  rateNonInferiority,
  type NonInferiorityMargin,
} from "../../../domain/statistics/non-inferiority.ts";
import { bernoulli, seededRandom } from "../../../domain/statistics/random.ts";
import vectors from "../vectors/statistics/non_inferiority.json";
import { relativeError } from "./relative-error.ts";

const marginOf = (vector: {
  margin: number;
  scale: string;
  better: string;
}): NonInferiorityMargin => ({
  margin: vector.margin,
  scale: vector.scale === "relative" ? "relative" : "absolute",
  better: vector.better === "higher" ? "higher" : "lower",
  alpha: 0.05,
});

const margin: NonInferiorityMargin = {
  margin: 0.1,
  scale: "absolute",
  better: "higher",
  alpha: 0.05,
};

describe("rateNonInferiority", () => {
  it.each(vectors.rates)("of $variant to $control by $margin ($scale, $better): $p", (vector) => {
    const test = rateNonInferiority(vector.control, vector.variant, marginOf(vector));
    if (!test.ok) throw new Error(test.error.code);
    expect(relativeError(test.value.statistic, vector.z)).toBeLessThan(1e-11);
    expect(relativeError(test.value.pValue, vector.p)).toBeLessThan(1e-9);
    expect(test.value.isNonInferior).toBe(Number(vector.p) <= 0.05);
  });

  it("at the margin is right to accept in one run of 20", () => {
    const runs = 2_000;
    let accepted = 0;
    for (let run = 0; run < runs; run++) {
      const random = seededRandom(`margin ${run}`);
      const draw = (rate: number): { successes: number; trials: number } => {
        let successes = 0;
        for (let trial = 0; trial < 200; trial++) if (bernoulli(random, rate)) successes++;
        return { successes, trials: 200 };
      };
      const test = rateNonInferiority(draw(0.9), draw(0.8), margin);
      if (test.ok && test.value.isNonInferior) accepted++;
    }
    expect(accepted / runs).toBeGreaterThan(0.035);
    expect(accepted / runs).toBeLessThan(0.065);
  });

  it.each([
    [{ successes: 0, trials: 0 }, margin, "no_observations"],
    [{ successes: 3, trials: 2 }, margin, "invalid_sample"],
    [{ successes: 1, trials: 2 }, { ...margin, margin: -0.1 }, "invalid_sample"],
    [{ successes: 1, trials: 2 }, { ...margin, margin: 1 }, "invalid_sample"],
    [{ successes: 1, trials: 2 }, { ...margin, margin: 1, scale: "relative" }, "invalid_sample"],
    [{ successes: 0, trials: 2 }, { ...margin, margin: 0 }, "no_variation"],
    [{ successes: 0, trials: 2 }, { ...margin, scale: "relative" }, "no_variation"],
  ] as const)("refuses %j with %j: %s", (control, plan, code) => {
    const variant = { successes: 0, trials: 2 };
    expect(rateNonInferiority(control, variant, plan)).toEqual({ ok: false, error: { code } });
  });
});

describe("meanNonInferiority", () => {
  it.each(vectors.means)("of $variant to $control by $margin ($scale, $better): $p", (vector) => {
    const test = meanNonInferiority(vector.control, vector.variant, marginOf(vector));
    if (!test.ok) throw new Error(test.error.code);
    expect(relativeError(test.value.statistic, vector.t)).toBeLessThan(1e-12);
    expect(relativeError(test.value.pValue, vector.p)).toBeLessThan(1e-9);
    expect(test.value.isNonInferior).toBe(vector.p <= 0.05);
  });

  it.each([
    [{ mean: 1, variance: 1, count: 0 }, "no_observations"],
    [{ mean: 1, variance: 1, count: 1 }, "too_few_observations"],
    [{ mean: 0, variance: 1, count: 9 }, "invalid_sample"],
    [{ mean: NaN, variance: 1, count: 9 }, "invalid_sample"],
  ])("refuses %j: %s", (control, code) => {
    const variant = { mean: 1, variance: 1, count: 9 };
    const plan: NonInferiorityMargin = { ...margin, scale: "relative" };
    expect(meanNonInferiority(control, variant, plan)).toEqual({ ok: false, error: { code } });
  });

  it("refuses two arms without variance", () => {
    const constant = { mean: 1, variance: 0, count: 9 };
    expect(meanNonInferiority(constant, constant, margin)).toEqual({
      ok: false,
      error: { code: "no_variation" },
    });
  });
});
