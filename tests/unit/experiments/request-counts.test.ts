import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  comparedCounts,
  countRequest,
  errorRate,
  noRequests,
} from "../../../domain/experiments/request-counts.ts";

const served = (success: boolean) => ({ success, source: "served" as const });
const reported = (success: boolean) => ({ success, source: "reported" as const });
const count = (...outcomes: { success: boolean; source: "served" | "reported" }[]) =>
  outcomes.reduce((counts, outcome) => countRequest(counts, outcome, 1), noRequests);

const many = (requests: number, unserved: number, reported: number, reported_errors: number) => ({
  requests,
  errors: unserved + reported_errors,
  reported,
  reported_errors,
});

describe("the error rate", () => {
  it("is the share of failures to serve where nobody reports", () => {
    expect(errorRate(count(served(true), served(true), served(true), served(false)))).toBe(0.25);
  });

  it("is the share of reported failures where everything is reported", () => {
    expect(errorRate(count(reported(true), reported(false)))).toBe(0.5);
  });

  it("is not hidden by requests that nobody has reported yet", () => {
    expect(errorRate(many(10_000, 0, 100, 40))).toBe(0.4);
  });

  it("does not let failures to serve weigh more where only a sample is reported", () => {
    expect(errorRate(many(10_000, 100, 99, 0))).toBe(0.01);
  });

  it("is not judged on fewer requests than asked for, and fewer reports say nothing", () => {
    expect(errorRate(many(99, 99, 0, 0), 100)).toBeNull();
    expect(errorRate(many(1_000, 10, 99, 99), 100)).toBe(0.01);
    expect(errorRate(many(1_000, 0, 100, 100), 100)).toBe(1);
  });

  it("is between 0 and 1 whatever happened", () => {
    const outcome = fc.record({
      success: fc.boolean(),
      source: fc.constantFrom("served" as const, "reported" as const),
    });
    fc.assert(
      fc.property(fc.array(outcome, { minLength: 1 }), (outcomes) => {
        const rate = errorRate(count(...outcomes)) ?? Number.NaN;
        expect(rate >= 0 && rate <= 1).toBe(true);
      }),
    );
  });
});

describe("what a test compares", () => {
  it("is all requests where nobody reports", () => {
    const counts = count(served(true), served(true), served(false));
    expect(comparedCounts(counts, false)).toEqual({ requests: 3, successes: 2, errors: 1 });
  });

  it("is the reported requests where somebody does", () => {
    const counts = count(served(true), reported(true), reported(true), reported(false));
    expect(comparedCounts(counts, true)).toEqual({ requests: 3, successes: 2, errors: 1 });
  });

  it("holds the failures to serve against the reports", () => {
    expect(comparedCounts(many(1_000, 100, 900, 0), true)).toEqual({
      requests: 900,
      successes: 810,
      errors: 90,
    });
  });
});

it("counts a request that is taken away as if it had never been", () => {
  const before = count(served(true), reported(false));
  const after = countRequest(countRequest(before, reported(true), 1), reported(true), -1);
  expect(after).toEqual(before);
});
