import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RollbackPolicy } from "../../../domain/experiments/experiment.ts";
import {
  describeBreach,
  findBreach,
  type GuardedTotals,
} from "../../../domain/experiments/rollback-rule.ts";

const policy = (changes: Partial<RollbackPolicy> = {}): RollbackPolicy => ({
  error_rate_threshold: 0.05,
  latency_degradation_threshold: 0.2,
  min_requests: 100,
  ...changes,
});
type Totals = {
  variant_id: string;
  requests: number;
  errors: number;
  latency_p95_ms: number | null;
};

/** A variant of which every request was reported. */
const totals = (changes: Partial<Totals> = {}): GuardedTotals => {
  const { requests = 100, errors = 0, variant_id = "var_canary", latency_p95_ms = 100 } = changes;
  const counts = { requests, errors, reported: requests, reported_errors: errors };
  return { variant_id, counts, latency_p95_ms };
};
const control = (changes: Partial<Totals> = {}) =>
  totals({ variant_id: "var_control", ...changes });

describe("error rate", () => {
  it("is broken above the threshold and not at it", () => {
    expect(findBreach(policy(), control(), [totals({ errors: 5 })])).toBeNull();
    expect(findBreach(policy(), control({ errors: 2 }), [totals({ errors: 6 })])).toEqual({
      variant_id: "var_canary",
      guardrail: "error_rate",
      value: 0.06,
      limit: 0.05,
      control_value: 0.02,
      requests: 100,
    });
  });

  it("is not judged before the variant has min_requests", () => {
    expect(findBreach(policy(), control(), [totals({ requests: 99, errors: 99 })])).toBeNull();
    expect(findBreach(policy(), control(), [totals({ requests: 100, errors: 99 })])).toMatchObject({
      guardrail: "error_rate",
    });
  });

  it("needs no requests of the control", () => {
    const breach = findBreach(policy(), control({ requests: 0 }), [totals({ errors: 50 })]);
    expect(breach).toMatchObject({ guardrail: "error_rate", control_value: null });
  });

  it("tolerates no error at threshold 0, and any at threshold 1", () => {
    const zero = policy({ error_rate_threshold: 0 });
    expect(findBreach(zero, control(), [totals({ errors: 1 })])).not.toBeNull();
    const one = policy({ error_rate_threshold: 1 });
    expect(findBreach(one, control(), [totals({ errors: 100 })])).toBeNull();
  });
});

describe("p95 latency", () => {
  it("is broken above the tolerated growth and not at it", () => {
    const tolerant = policy({ latency_degradation_threshold: 0.5 });
    expect(findBreach(tolerant, control(), [totals({ latency_p95_ms: 150 })])).toBeNull();
    expect(findBreach(tolerant, control(), [totals({ latency_p95_ms: 150.1 })])).toEqual({
      variant_id: "var_canary",
      guardrail: "latency_p95_ms",
      value: 150.1,
      limit: 150,
      control_value: 100,
      requests: 100,
    });
  });

  it.each([
    { side: "variant", of: { requests: 99 }, against: {} },
    { side: "control", of: {}, against: { requests: 99 } },
  ])("is not judged before the $side has min_requests", ({ of, against }) => {
    const slow = totals({ latency_p95_ms: 900, ...of });
    expect(findBreach(policy(), control(against), [slow])).toBeNull();
  });

  it("is not judged where one side has none", () => {
    const slow = totals({ latency_p95_ms: 900 });
    expect(findBreach(policy(), control({ latency_p95_ms: null }), [slow])).toBeNull();
    expect(findBreach(policy(), control(), [totals({ latency_p95_ms: null })])).toBeNull();
  });
});

it("judges nobody without requests, even with min_requests 0", () => {
  const eager = policy({ min_requests: 0, error_rate_threshold: 0 });
  expect(findBreach(eager, control({ requests: 0 }), [totals({ requests: 0 })])).toBeNull();
});

it("names the first variant that breaks, whichever it is", () => {
  const variants = [totals({ variant_id: "var_fine" }), totals({ errors: 40 })];
  expect(findBreach(policy(), control(), variants)?.variant_id).toBe("var_canary");
});

it("never blames a variant within the policy", () => {
  const counted = fc
    .record({ requests: fc.nat(1_000), errors: fc.nat(1_000), latency_p95_ms: fc.nat(500) })
    .filter(({ requests, errors }) => errors <= requests);
  fc.assert(
    fc.property(counted, counted, (canary, against) => {
      const breach = findBreach(policy(), control(against), [totals(canary)]);
      const judged = canary.requests >= 100;
      const failing = judged && canary.errors * 20 > canary.requests;
      const slow =
        judged && against.requests >= 100 && canary.latency_p95_ms > against.latency_p95_ms * 1.2;
      const expected = failing ? "error_rate" : slow ? "latency_p95_ms" : undefined;
      expect(breach?.guardrail).toBe(expected);
    }),
  );
});

describe("the sentence about a breach", () => {
  it("compares the error rate with the control's", () => {
    const breach = findBreach(policy(), control({ errors: 2 }), [totals({ errors: 60 })]);
    expect(breach && describeBreach(breach)).toBe(
      "error rate 60.0 % (control 2.0 %) is over 5.0 % after 100 requests",
    );
  });

  it("leaves out a control without requests", () => {
    const breach = findBreach(policy(), control({ requests: 0 }), [totals({ errors: 60 })]);
    expect(breach && describeBreach(breach)).toBe(
      "error rate 60.0 % is over 5.0 % after 100 requests",
    );
  });

  it("compares the latency with the control's", () => {
    const breach = findBreach(policy(), control(), [totals({ latency_p95_ms: 150 })]);
    expect(breach && describeBreach(breach)).toBe(
      "p95 latency 150.0 ms is over 120.0 ms (control 100.0 ms) after 100 requests",
    );
  });
});
