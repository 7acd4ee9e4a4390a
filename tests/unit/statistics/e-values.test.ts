import { array, assert, double, property } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  evidencePValue,
  isEvidenceAgainst,
  logSumExp,
  meanEvidence,
  productEvidence,
  restartingEvidence,
} from "../../../domain/statistics/e-values.ts";

const logs = array(double({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 8 });

describe("e-values", () => {
  it("are averaged as numbers although kept as logarithms", () => {
    expect(meanEvidence([Math.log(2), Math.log(4)])).toBeCloseTo(Math.log(3), 15);
    expect(meanEvidence([Math.log(2), Math.log(4)], [3, 1])).toBeCloseTo(Math.log(2.5), 15);
    expect(meanEvidence([1e6, 0])).toBeCloseTo(1e6 - Math.LN2, 9);
    expect(meanEvidence([-Infinity, 0], [1, 1])).toBeCloseTo(-Math.LN2, 15);
    expect(meanEvidence([5, 7], [0, 2])).toBe(7);
    expect(meanEvidence([])).toBeNull();
  });

  it("have a mean between the smallest and the largest, and the one of equals is itself", () => {
    assert(
      property(logs, (values) => {
        const mean = meanEvidence(values) ?? NaN;
        expect(mean).toBeGreaterThanOrEqual(Math.min(...values) - 1e-12);
        expect(mean).toBeLessThanOrEqual(Math.max(...values) + 1e-12);
      }),
    );
  });

  it("multiply by adding their logarithms", () => {
    expect(productEvidence([1, -3, 0.5])).toBe(-1.5);
    expect(productEvidence([])).toBe(0);
  });

  it("may be multiplied from every start on, so that what came before a break costs little", () => {
    // 1/2 * 0.1 * 30 + 1/6 * 30 + 1/3.
    expect(restartingEvidence([Math.log(0.1), Math.log(30)])).toBeCloseTo(
      Math.log(1.5 + 5 + 1 / 3),
      14,
    );
    const healthy = [-5, -5, -5, -5, -5, -5];
    expect(productEvidence([...healthy, 10])).toBe(-20);
    expect(restartingEvidence([...healthy, 10])).toBeGreaterThan(10 - Math.log(56));
    expect(restartingEvidence([])).toBe(0);
    assert(
      property(logs, (values) => {
        const now = restartingEvidence(values);
        expect(restartingEvidence([...values, 0])).toBeCloseTo(now, 10);
        expect(now).toBeGreaterThanOrEqual(productEvidence(values) - Math.LN2 - 1e-9);
      }),
    );
  });

  it("keep a mean of 1 when they are multiplied from every start on", () => {
    // Four fair bets, each of which gains or loses half.
    const bets = Array.from({ length: 16 }, (_, outcome) =>
      [1, 2, 4, 8].map((bit) => Math.log(outcome & bit ? 1.5 : 0.5)),
    );
    const mean = bets.reduce((sum, bet) => sum + Math.exp(restartingEvidence(bet)) / 16, 0);
    expect(mean).toBeCloseTo(1, 14);
  });

  it("reject at 1 / alpha, the bound included", () => {
    expect(isEvidenceAgainst(-Math.log(0.05), 0.05)).toBe(true);
    expect(isEvidenceAgainst(-Math.log(0.05) - 1e-12, 0.05)).toBe(false);
  });

  it.each([
    [-5, 1],
    [0, 1],
    [Math.log(40), 0.025],
    [700, Math.exp(-700)],
    [1e6, Number.MIN_VALUE],
    [-Infinity, 1],
  ])("with the log %d have the p-value %d", (log, pValue) => {
    expect(evidencePValue(log)).toBeCloseTo(pValue, 15);
    expect(evidencePValue(log)).toBeGreaterThan(0);
  });
});

describe("logSumExp", () => {
  it("is the log of the sum, also where the sum is no number", () => {
    expect(logSumExp([0, 0])).toBeCloseTo(Math.LN2, 15);
    expect(logSumExp([-1e5, -1e5])).toBeCloseTo(-1e5 + Math.LN2, 9);
    expect(logSumExp([])).toBe(-Infinity);
    expect(logSumExp([-Infinity, -Infinity])).toBe(-Infinity);
  });
});
