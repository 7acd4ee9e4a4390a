import { array, assert, integer, property, tuple } from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleRatioTest } from "../../../domain/statistics/sample-ratio-test.ts";
import vectors from "../vectors/statistics/srm.json";
import { relativeError } from "./relative-error.ts";

describe("sampleRatioTest", () => {
  it.each(vectors.cases)("of $observed at $weights is $p", ({ observed, weights, p }) => {
    const test = sampleRatioTest(observed, weights.map(Number));
    expect(relativeError(test.ok ? test.value.pValue : NaN, p)).toBeLessThan(1e-11);
  });

  it("leaves arms without a weight out of the degrees of freedom and counts who came there", () => {
    const two = sampleRatioTest([530, 470], [0.5, 0.5]);
    const three = sampleRatioTest([530, 0, 470], [0.5, 0, 0.5]);
    expect(three).toEqual(two);
    expect(two).toMatchObject({ ok: true, value: { df: 1, unexpected: 0 } });
    const strayed = sampleRatioTest([530, 1, 470], [0.5, 0, 0.5]);
    expect(strayed.ok && two.ok && strayed.value).toEqual(
      two.ok && { ...two.value, unexpected: 1 },
    );
  });

  it("finds nothing to compare in a single arm, or when all came elsewhere", () => {
    const nothing = { statistic: 0, df: 0, pValue: 1 };
    expect(sampleRatioTest([5, 0], [1, 0])).toEqual({
      ok: true,
      value: { ...nothing, unexpected: 0 },
    });
    expect(sampleRatioTest([0, 5], [1, 0])).toEqual({
      ok: true,
      value: { ...nothing, unexpected: 5 },
    });
    expect(sampleRatioTest([0, 0, 5], [1, 1, 0])).toMatchObject({
      ok: true,
      value: { pValue: 1, unexpected: 5 },
    });
  });

  it("never says a p-value of 0", () => {
    const test = sampleRatioTest([1e12, 0], [1, 1]);
    expect(test.ok && test.value.pValue).toBe(Number.MIN_VALUE);
  });

  it("depends on weights by their ratio only, and is 1 where counts are as expected", () => {
    assert(
      property(
        array(tuple(integer({ min: 0, max: 1e6 }), integer({ min: 1, max: 1_000 })), {
          minLength: 2,
        }),
        integer({ min: 2, max: 1_000 }),
        (arms, factor) => {
          const weights = arms.map(([, weight]) => weight);
          const counts = arms.map(([count]) => count + 1);
          const plain = sampleRatioTest(counts, weights);
          const scaled = sampleRatioTest(
            counts,
            weights.map((weight) => weight * factor),
          );
          const p = plain.ok ? plain.value.pValue : NaN;
          expect(relativeError(scaled.ok ? scaled.value.pValue : NaN, p)).toBeLessThan(1e-9);
          const exact = sampleRatioTest(
            weights.map((weight) => weight * factor),
            weights,
          );
          expect(exact.ok && exact.value.statistic).toBe(0);
          expect(exact.ok && exact.value.pValue).toBe(1);
        },
      ),
    );
  });

  it.each([
    [[0, 0], [1, 1], "no_observations"],
    [[1, 1], [1], "invalid_sample"],
    [[1, 1], [0, 0], "invalid_sample"],
    [[1, -1], [1, 1], "invalid_sample"],
    [[1, NaN], [1, 1], "invalid_sample"],
    [[1, 1], [1, Infinity], "invalid_sample"],
    [[], [], "invalid_sample"],
  ])("refuses %j at %j: %s", (counts, weights, code) => {
    expect(sampleRatioTest(counts, weights)).toEqual({ ok: false, error: { code } });
  });
});
