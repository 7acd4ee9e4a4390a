import { describe, expect, it } from "vitest";
import type { GuardrailResult } from "../../../domain/experiments/analysis-guardrails.ts";
import { analysed, bothArms, repeated } from "./analysed.ts";
import { cell, type Counted, epochOf, rollbackPolicy, variantsOf } from "./plain-cells.ts";

const errors = (count: number): Counted => ({ requests: 100, errors: count });
const p95 = (latency: number): Counted => ({ requests: 20, latencies: repeated(latency, 20) });
const revenue = (...values: number[]): Counted => ({ metrics: { revenue: values } });

function guard(
  metric: string,
  control: Counted,
  variant: Counted,
  margin = 0.1,
): GuardrailResult | undefined {
  const defined = {
    guardrail_metrics: [metric],
    rollback: rollbackPolicy({
      guardrail_margins: { [metric]: margin },
    }),
  };
  return analysed(bothArms(control, variant), {}, defined).guardrails[0];
}

describe("a guardrail", () => {
  it.each<[string, Counted, Counted, number, boolean]>([
    ["error_rate", errors(10), errors(11), 0.1, true],
    ["error_rate", errors(10), errors(12), 0.2, false],
    ["error_rate", errors(10), errors(5), -0.5, true],
    ["success_rate", errors(80), errors(82), 0.1, true],
    ["success_rate", errors(80), errors(84), 0.2, false],
    ["latency", { latencies: [40] }, { latencies: [50] }, 0.25, false],
    ["revenue", revenue(8), revenue(6), 0.25, false],
    ["revenue", revenue(-8), revenue(-10), 0.25, false],
    ["revenue", revenue(-8), revenue(-6), -0.25, true],
    ["error_rate", errors(0), errors(0), 0, true],
  ])("on %s of %j and %j degrades by %d", (metric, control, variant, degradation, passed) => {
    const result = guard(metric, control, variant, 0.1 + 1e-12);
    expect(result?.degradation).toBeCloseTo(degradation, 12);
    expect(result).toMatchObject({ metric, variant_id: "canary", passed, reason: null });
  });

  it.each<[number, boolean]>([
    [105, true],
    [150, false],
  ])("on p95 latency takes the sketch's word, within 1 %: %d ms after 100", (latency, passed) => {
    const result = guard("latency_p95_ms", p95(100), p95(latency));
    expect(result?.degradation).toBeCloseTo(latency / 100 - 1, 1);
    expect(result).toMatchObject({ passed, method: "quantile", non_inferiority_p_value: null });
  });

  it("tells what it compared, against the margin of the policy", () => {
    const named = ["latency_p95_ms", "error_rate", "conversion_rate"];
    const rollback = rollbackPolicy({
      latency_degradation_threshold: 0.3,
      error_degradation_threshold: 0.2,
    });
    const { guardrails } = analysed(
      bothArms({ requests: 200, errors: 20 }, { requests: 200, errors: 22 }),
      {},
      { guardrail_metrics: named, rollback },
    );
    expect(guardrails.map(({ metric, threshold, margin }) => [metric, threshold, margin])).toEqual([
      ["latency_p95_ms", 0.3, 0.3],
      ["error_rate", 0.2, 0.2],
      ["conversion_rate", 0.1, 0.1],
    ]);
    expect(guardrails[1]).toMatchObject({
      variant_id: "canary",
      control_value: 0.1,
      variant_value: 0.11,
      passed: true,
      reason: null,
      method: "event_share",
    });
  });

  it("is shown not to be worse by a small non-inferiority p-value", () => {
    const same = guard(
      "error_rate",
      { requests: 1e5, errors: 1e4 },
      { requests: 1e5, errors: 1e4 },
    );
    expect(same?.non_inferiority_p_value).toBeLessThan(1e-6);
    const worse = guard(
      "error_rate",
      { requests: 1e5, errors: 1e4 },
      { requests: 1e5, errors: 2e4 },
    );
    expect(worse?.non_inferiority_p_value).toBeGreaterThan(0.999);
    const [control, variant] = [revenue(9, 10, 11, 10), revenue(9, 10, 11, 10)];
    expect(guard("revenue", control, variant, 0.5)?.non_inferiority_p_value).toBeLessThan(0.01);
  });

  it.each<[string, Counted, Counted, boolean]>([
    ["error_rate", errors(0), errors(1), false],
    ["revenue", revenue(0), revenue(-1), false],
    ["revenue", revenue(0), revenue(1), true],
  ])("on %s has no share of a control value of 0", (metric, control, variant, passed) => {
    expect(guard(metric, control, variant, 1e3)).toMatchObject({
      degradation: null,
      passed,
      reason: "control_value_zero",
    });
  });

  it.each<[string, Counted, Counted]>([
    ["error_rate", {}, errors(1)],
    ["latency_p95_ms", p95(100), {}],
    ["unheard_of", {}, {}],
  ])("on %s passes while a side is unobserved", (metric, control, variant) => {
    expect(guard(metric, control, variant)).toMatchObject({
      degradation: null,
      passed: true,
      reason: "no_observations",
      non_inferiority_p_value: null,
    });
  });

  it("is checked for every canary, and so is what the policy always guards", () => {
    const variants = variantsOf(["control", "a", "b"]);
    const cells = [1, 1, 2].map((count, variant) => cell({ ...errors(count), variant }));
    const { guardrails, evidence } = analysed(
      cells,
      {},
      { variants, guardrail_metrics: ["error_rate", "success_rate"] },
      [epochOf(1, [0.4, 0.3, 0.3])],
    );
    expect(guardrails.map((result) => [result.variant_id, result.metric, result.passed])).toEqual([
      ["a", "error_rate", true],
      ["a", "success_rate", true],
      ["b", "error_rate", false],
      ["b", "success_rate", true],
    ]);
    expect(evidence.verdicts.map(({ variant_id, method }) => `${variant_id} ${method}`)).toEqual([
      "a beta_binomial",
      "a event_share",
      "a quantile",
      "a confidence_sequence",
      "b beta_binomial",
      "b event_share",
      "b quantile",
      "b confidence_sequence",
    ]);
    expect(evidence).toMatchObject({ false_rollback_rate: 0.05, log_threshold: Math.log(20) });
  });
});
