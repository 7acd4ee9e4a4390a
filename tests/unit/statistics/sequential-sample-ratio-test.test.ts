import { array, assert, integer, property, tuple } from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../domain/statistics/random.ts";
import {
  combineEpochs,
  sequentialSampleRatioTest,
} from "../../../domain/statistics/sequential-sample-ratio-test.ts";
import vectors from "../vectors/statistics/srm_sequential_optimizely.json";

const evidence = (
  counts: readonly number[],
  weights: readonly number[],
  concentration?: number,
): number => {
  const test = sequentialSampleRatioTest(counts, weights, concentration);
  return test.ok ? test.value.logBayesFactor : NaN;
};

const add = (a: readonly number[], b: readonly number[]): number[] =>
  a.map((count, i) => count + (b[i] ?? 0));

describe("sequentialSampleRatioTest", () => {
  it.each(vectors.cases)("of $counts.length batches at $null", (vector) => {
    let counts = vector.null.map(() => 0);
    let smallest = 1;
    for (const [i, batch] of vector.counts.entries()) {
      counts = add(counts, batch);
      const test = sequentialSampleRatioTest(counts, vector.null);
      if (test.ok) smallest = Math.min(smallest, test.value.pValue);
      // The vectors subtract logarithms of gamma functions of some 1e5, whose last digits are 1e-11.
      const expected = vector.posterior[i]?.log_bayes_factor ?? NaN;
      expect(Math.abs((test.ok ? test.value.logBayesFactor : NaN) - expected)).toBeLessThan(1e-9);
      expect(Math.abs(smallest - (vector.sequential_p[i] ?? NaN))).toBeLessThan(1e-9);
    }
  });

  it.each([
    // mpmath 1.3.0, 40 digits, from the definition by log-gamma functions.
    { counts: [1, 0], weights: [1, 1], log: 7.254791210930519e-57 },
    { counts: [1000000000, 1000100000], weights: [1, 1], log: -3.6032263120303885 },
    { counts: [99000000, 995000], weights: [99, 1], log: 7.79106943957043 },
    { counts: [0, 1000000], weights: [1, 1], log: 668549.3664891706 },
    { counts: [1000000000, 3], weights: [999999, 1], log: 975.2649891678203 },
    { counts: [5, 7, 9, 0], weights: [4, 3, 2, 1], log: 0.006482902083729654 },
  ])("of $counts at $weights is $log", ({ counts, weights, log }) => {
    const error = Math.abs(evidence(counts, weights) - log) / Math.max(1, Math.abs(log));
    expect(error).toBeLessThan(1e-12);
  });

  it("is the product of what each observation is worth given those before", () => {
    assert(
      property(
        array(tuple(integer({ min: 0, max: 5 }), integer({ min: 1, max: 9 })), {
          minLength: 2,
          maxLength: 4,
        }),
        (arms) => {
          const weights = arms.map(([, weight]) => weight);
          const sum = weights.reduce((all, weight) => all + weight, 0);
          const counts = arms.map(() => 0);
          let [log, seen] = [0, 0];
          for (const [arm, [count, weight]] of arms.entries())
            for (let i = 0; i < count; i++) {
              const share = weight / sum;
              log += Math.log((100 * share + (counts[arm] ?? 0)) / (100 + seen) / share);
              counts[arm] = (counts[arm] ?? 0) + 1;
              seen++;
            }
          if (seen > 0) expect(evidence(counts, weights, 100)).toBeCloseTo(log, 12);
        },
      ),
    );
  });

  it("multiplies the evidence of epochs, whatever their weights", () => {
    const first = sequentialSampleRatioTest([990, 10], [0.99, 0.01]);
    const second = sequentialSampleRatioTest([400, 600, 3], [0.5, 0.5, 0]);
    if (!first.ok || !second.ok) throw new Error("sound counts");
    const both = combineEpochs([first.value, second.value]);
    const sum = first.value.logBayesFactor + second.value.logBayesFactor;
    expect(both).toMatchObject({ logBayesFactor: sum, unexpected: 3 });
    expect(both.pValue).toBeCloseTo(Math.exp(-sum), 12);
    expect(combineEpochs([])).toEqual({ logBayesFactor: 0, pValue: 1, unexpected: 0 });
  });

  it("never says a p-value of 0", () => {
    const test = sequentialSampleRatioTest([1e12, 0], [1, 1]);
    expect(test.ok && test.value.pValue).toBe(Number.MIN_VALUE);
  });

  it("watched from the first observation on alarms at most once in 20", () => {
    let alarms = 0;
    for (let run = 0; run < 300; run++) {
      const random = seededRandom(`ratio ${run}`);
      const counts = [0, 0];
      for (let seen = 1; seen <= 5_000; seen++) {
        const arm = random.uniform() < 0.9 ? 0 : 1;
        counts[arm] = (counts[arm] ?? 0) + 1;
        if (seen % 10 || evidence(counts, [9, 1], 100) < Math.log(20)) continue;
        alarms++;
        break;
      }
    }
    expect(alarms).toBeGreaterThan(0);
    expect(alarms).toBeLessThanOrEqual(15);
  });

  it.each([
    [[0, 0], [1, 1], "no_observations"],
    [[1, 1], [1], "invalid_sample"],
  ])("refuses %j at %j: %s", (counts, weights, code) => {
    expect(sequentialSampleRatioTest(counts, weights)).toEqual({ ok: false, error: { code } });
  });
});
