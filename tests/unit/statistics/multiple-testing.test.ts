import { array, assert, constantFrom, double, option, property } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  benjaminiHochberg,
  bonferroni,
  eBenjaminiHochberg,
  eBenjaminiHochbergPValues,
  holm,
} from "../../../domain/statistics/multiple-testing.ts";
import vectors from "../vectors/statistics/multiple_testing.json";

const expectClose = (found: readonly (number | null)[], expected: readonly number[]): void => {
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 14);
};

const probability = double({ min: 0, max: 1, noNaN: true });
const adjustments = constantFrom(bonferroni, holm, benjaminiHochberg);

describe("adjusted p-values", () => {
  it.each(vectors.cases)("of $p", ({ p, ...expected }) => {
    expectClose(bonferroni(p), expected.bonferroni);
    expectClose(holm(p), expected.holm);
    expectClose(benjaminiHochberg(p), expected.bh);
  });

  it("keep their places, order and nulls, and stay between p and Bonferroni's", () => {
    assert(
      property(array(option(probability)), adjustments, (pValues, adjust) => {
        const found = adjust(pValues);
        const most = bonferroni(pValues);
        for (const [i, p] of pValues.entries()) {
          const now = found[i] ?? null;
          if (p === null || now === null) {
            expect([p, now]).toEqual([null, null]);
            continue;
          }
          expect(now).toBeGreaterThanOrEqual(p * (1 - 1e-15));
          expect(now).toBeLessThanOrEqual((most[i] ?? 0) * (1 + 1e-15));
          for (const [j, other] of pValues.entries())
            if (other !== null && other >= p) expect(found[j]).toBeGreaterThanOrEqual(now);
        }
      }),
    );
  });

  it("do not count what was not tested", () => {
    expect(holm([0.01, null, 0.04, null])).toEqual([0.02, null, 0.04, null]);
    expect(benjaminiHochberg([null])).toEqual([null]);
    expect(bonferroni([])).toEqual([]);
  });

  it("keep p-values as small as numbers get", () => {
    expect(holm([1e-300, 0.5])).toEqual([2e-300, 0.5]);
    expect(benjaminiHochberg([1e-300, 0.5])).toEqual([2e-300, 0.5]);
  });
});

describe("eBenjaminiHochberg", () => {
  const logs = (...eValues: number[]): number[] => eValues.map(Math.log);

  it("rejects the k largest when each is at least tests / (k alpha)", () => {
    // Thresholds at alpha 0.1 for four tests: 40, 20, 40/3 and 10.
    expect(eBenjaminiHochberg(logs(41, 1, 1, 1), 0.1)).toEqual([true, false, false, false]);
    expect(eBenjaminiHochberg(logs(39, 1, 1, 1), 0.1)).toEqual([false, false, false, false]);
    expect(eBenjaminiHochberg(logs(1, 21, 39, 9), 0.1)).toEqual([false, true, true, false]);
    expect(eBenjaminiHochberg(logs(11, 11, 11, 11), 0.1)).toEqual([true, true, true, true]);
  });

  it("leaves out what was not tested", () => {
    expect(eBenjaminiHochberg([null, Math.log(21), null], 0.05)).toEqual([null, true, null]);
    expect(eBenjaminiHochberg([], 0.05)).toEqual([]);
    expect(eBenjaminiHochberg([-Infinity, 1e6], 0.05)).toEqual([false, true]);
  });

  it("rejects where the adjusted p-value is at most alpha", () => {
    const evidence = option(double({ min: -5, max: 20, noNaN: true }));
    assert(
      property(array(evidence), double({ min: 0.001, max: 0.5, noNaN: true }), (values, alpha) => {
        const rejected = eBenjaminiHochberg(values, alpha);
        for (const [i, p] of eBenjaminiHochbergPValues(values).entries()) {
          if (p === null) expect(rejected[i]).toBeNull();
          else if (Math.abs(p / alpha - 1) > 1e-12) expect(rejected[i]).toBe(p < alpha);
        }
      }),
    );
  });
});
