import { array, assert, double, property } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addObservation,
  isZeroOne,
  mean,
  mergeMoments,
  noMoments,
  removeObservation,
  sampleVariance,
  type Moments,
} from "../../../domain/statistics/moments.ts";

const momentsOf = (values: readonly number[]): Moments => values.reduce(addObservation, noMoments);

/** Between two sums, relative to `scale`, with all the digits they carry. */
const distance = (a: Moments["sum"], b: Moments["sum"], scale: number): number =>
  Math.abs(a[0] - b[0] + (a[1] - b[1])) / scale;

const metricValue = double({ min: -1e6, max: 1e6, noNaN: true });

describe("moments", () => {
  it.each([
    { values: [], mean: null, variance: null },
    { values: [7], mean: 7, variance: null },
    { values: [1, 2, 3, 4], mean: 2.5, variance: 5 / 3 },
    { values: [5, 5, 5], mean: 5, variance: 0 },
    { values: [1e9, 1e9 + 1, 1e9 + 2], mean: 1e9 + 1, variance: 1 },
    { values: [1e15, 1e15 + 1, 1e15 + 2], mean: 1e15 + 1, variance: 1 },
  ])("of $values are mean $mean and variance $variance", ({ values, ...expected }) => {
    const moments = momentsOf(values);
    expect(mean(moments)).toBe(expected.mean);
    if (expected.variance === null) expect(sampleVariance(moments)).toBeNull();
    else expect(sampleVariance(moments)).toBeCloseTo(expected.variance, 14);
  });

  it("return to where they were when an added observation is removed", () => {
    assert(
      property(array(metricValue, { maxLength: 20 }), metricValue, (values, extra) => {
        const before = momentsOf(values);
        const after = removeObservation(addObservation(before, extra), extra);
        const scale = Math.max(1, Math.abs(extra), Math.abs(before.sum[0]));
        const squareScale = Math.max(1, extra * extra, before.sumOfSquares[0]);
        expect(after.count).toBe(before.count);
        expect(distance(after.sum, before.sum, scale)).toBeLessThan(1e-28);
        expect(distance(after.sumOfSquares, before.sumOfSquares, squareScale)).toBeLessThan(1e-28);
      }),
    );
  });

  it("of two parts merge into those of the whole", () => {
    assert(
      property(array(metricValue), array(metricValue), (left, right) => {
        const merged = mergeMoments(momentsOf(left), momentsOf(right));
        const whole = momentsOf([...left, ...right]);
        const squareScale = Math.max(1, whole.sumOfSquares[0]);
        expect(merged.count).toBe(whole.count);
        expect(distance(merged.sum, whole.sum, 1e8)).toBeLessThan(1e-28);
        expect(distance(merged.sumOfSquares, whole.sumOfSquares, squareScale)).toBeLessThan(1e-28);
      }),
    );
  });

  it("have a variance that agrees with the two-pass formula and is never negative", () => {
    assert(
      property(array(metricValue, { minLength: 2 }), (values) => {
        const centre = values.reduce((sum, value) => sum + value / values.length, 0);
        const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
        const variance = sampleVariance(momentsOf(values)) ?? -1;
        expect(variance).toBeGreaterThanOrEqual(0);
        const error = Math.abs(Math.sqrt(variance) - Math.sqrt(squares / (values.length - 1)));
        expect(error).toBeLessThan(1e-12 * Math.max(1, ...values.map(Math.abs)));
      }),
    );
  });

  it.each([
    [[], true],
    [[0, 1, 1, 0], true],
    [[0, 1, 2], false],
    [[-1, 1], false],
    [[0.5, 0.5], false],
  ])("tell that %j are zeros and ones: %s", (values, expected) => {
    expect(isZeroOne(momentsOf(values))).toBe(expected);
  });
});
