import { assert, constantFrom, double, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  asymptoticSequence,
  differenceSequence,
  FEWEST_FOR_ASYMPTOTIC_SEQUENCE,
  type AsymptoticSequence,
  type SequenceOptions,
} from "../../../domain/statistics/asymptotic-confidence-sequence.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import type { Alternative } from "../../../domain/statistics/two-proportion-z-test.ts";
import type { Sample } from "../../../domain/statistics/welch-t-test.ts";
import vectors from "../vectors/statistics/sequential_asymptotic_cs_gbstats.json";
import { relativeError } from "./relative-error.ts";

type Vector = (typeof vectors.cases)[number];

const ALTERNATIVES: Record<string, Alternative> = { lesser: "smaller", greater: "larger" };

const sampleOf = (sum: number, squares: number, count: number): Sample => ({
  mean: sum / count,
  variance: (squares - (sum * sum) / count) / (count - 1),
  count,
});

const rateOf = (successes: number, count: number): Sample => {
  const mean = successes / count;
  return { mean, variance: mean * (1 - mean), count };
};

const samplesOf = (vector: Vector): [control: Sample, variant: Sample] =>
  "sum_a" in vector && vector.sum_a !== undefined
    ? [
        sampleOf(vector.sum_a, vector.sumsq_a, vector.n_a),
        sampleOf(vector.sum_b, vector.sumsq_b, vector.n_b),
      ]
    : [rateOf(vector.x1 ?? NaN, vector.n1 ?? NaN), rateOf(vector.x2 ?? NaN, vector.n2 ?? NaN)];

const sequence = (z: number, count: number, options: SequenceOptions): AsymptoticSequence => {
  const found = asymptoticSequence({ estimate: z, standardError: 1, count }, options);
  if (!found.ok) throw new Error(found.error.code);
  return found.value;
};

describe("differenceSequence", () => {
  it.each(vectors.cases)("$kind, $difference, alpha $alpha, tuned to $tuning: $ci", (vector) => {
    const found = differenceSequence(...samplesOf(vector), {
      alpha: vector.alpha,
      tuning: vector.tuning,
      alternative: ALTERNATIVES[vector.kind] ?? "two-sided",
      difference: vector.difference === "relative" ? "relative" : "absolute",
    });
    if (!found.ok) throw new Error(found.error.code);
    const { estimate, standardError, interval, pValue } = found.value;
    expect(relativeError(estimate, vector.estimate)).toBeLessThan(1e-13);
    expect(relativeError(standardError, vector.se)).toBeLessThan(1e-13);
    for (const [i, end] of interval.entries()) {
      const expected = vector.ci[i] ?? null;
      if (end === null || expected === null) expect([end, expected]).toEqual([null, null]);
      else expect(relativeError(end, expected)).toBeLessThan(1e-12);
    }
    // The vectors' one-sided p-values are bisections that stop within 0.5%, or at 0.4999.
    const isTwoSided = vector.kind.startsWith("two_sided");
    const comparable = isTwoSided ? pValue : Math.min(pValue, 0.4999);
    expect(relativeError(comparable, vector.p)).toBeLessThan(isTwoSided ? 1e-12 : 0.006);
  });

  it("as a share of a negative mean keeps its direction", () => {
    const control = { mean: -2, variance: 1, count: 500 };
    const variant = { mean: -1, variance: 1, count: 500 };
    const found = differenceSequence(control, variant, { alpha: 0.05, difference: "relative" });
    expect(found).toMatchObject({ ok: true, value: { estimate: 0.5 } });
  });

  it.each([
    [{ mean: 1, variance: 1, count: 0 }, "no_observations"],
    [{ mean: 1, variance: 1, count: 1 }, "too_few_observations"],
    [{ mean: 0, variance: 1, count: 9 }, "control_value_zero"],
    [{ mean: NaN, variance: 1, count: 9 }, "invalid_sample"],
    [{ mean: 1, variance: -5, count: 9 }, "invalid_sample"],
  ])("refuses %j: %s", (control, code) => {
    const variant = { mean: 1, variance: 1, count: 9 };
    expect(differenceSequence(control, variant, { alpha: 0.05, difference: "relative" })).toEqual({
      ok: false,
      error: { code },
    });
  });

  it("refuses two arms without variance", () => {
    const constant = { mean: 1, variance: 0, count: 9 };
    expect(differenceSequence(constant, constant, { alpha: 0.05 })).toEqual({
      ok: false,
      error: { code: "no_variation" },
    });
  });
});

describe("asymptoticSequence", () => {
  it("leaves 0 out exactly when the p-value is at most alpha", () => {
    assert(
      property(
        double({ min: -45, max: 45, noNaN: true }),
        integer({ min: 100, max: 1e9 }),
        double({ min: 1e-6, max: 0.4, noNaN: true }),
        constantFrom<Alternative>("two-sided", "larger", "smaller"),
        (z, count, alpha, alternative) => {
          const { interval, pValue } = sequence(z, count, { alpha, alternative });
          const [low, high] = interval;
          if (Math.abs(pValue / alpha - 1) < 1e-9) return;
          const excludes = (low ?? -1) > 0 || (high ?? 1) < 0;
          expect(excludes).toBe(pValue < alpha);
          expect(pValue > 0 && pValue <= 1).toBe(true);
        },
      ),
    );
  });

  it("never says a p-value of 0", () => {
    for (const alternative of ["two-sided", "larger"] as const)
      expect(sequence(60, 10_000, { alpha: 0.05, alternative }).pValue).toBe(Number.MIN_VALUE);
  });

  it("is narrowest, per standard error, where it is tuned", () => {
    const width = (count: number): number => {
      const [low, high] = sequence(0, count, { alpha: 0.05, tuning: 2_000 }).interval;
      return (high ?? NaN) - (low ?? NaN);
    };
    expect(width(2_000)).toBeLessThan(width(1_000));
    expect(width(2_000)).toBeLessThan(width(4_000));
  });

  it("watched from the fewest observations on loses the truth in fewer than one run of 20", () => {
    let lost = 0;
    for (let run = 0; run < 400; run++) {
      const random = seededRandom(`sequence ${run}`);
      let [sum, squares] = [0, 0];
      for (let count = 1; count <= 2_000; count++) {
        const x = random.gamma(1) - 1;
        sum += x;
        squares += x * x;
        if (count < FEWEST_FOR_ASYMPTOTIC_SEQUENCE) continue;
        const estimate = sum / count;
        const standardError = Math.sqrt((squares / count - estimate ** 2) / count);
        const found = asymptoticSequence({ estimate, standardError, count }, { alpha: 0.05 });
        if (!found.ok || found.value.pValue > 0.05) continue;
        lost++;
        break;
      }
    }
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThanOrEqual(20);
  });
});
