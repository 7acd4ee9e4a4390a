import { describe, expect, it } from "vitest";
import {
  analyse,
  type AnalysisInput,
  type GuardrailResult,
  type SignificanceResult,
  type VariantTotals,
} from "../../../domain/experiments/analysis.ts";
import { addObservation, noMoments, type Moments } from "../../../domain/statistics/moments.ts";

const momentsOf = (values: readonly number[]): Moments => values.reduce(addObservation, noMoments);

const repeated = (value: number, times: number): number[] => Array<number>(times).fill(value);

function totals(variantId: string, known: Partial<VariantTotals> = {}): VariantTotals {
  return {
    variant_id: variantId,
    is_control: variantId === "control",
    requests: 0,
    successes: 0,
    errors: 0,
    latency: noMoments,
    latency_p95_ms: null,
    metrics: {},
    ...known,
  };
}

type Arm = Partial<VariantTotals>;

function compare(
  metric: string,
  control: Arm,
  variant: Arm,
  options: Partial<AnalysisInput> = {},
): SignificanceResult | undefined {
  const { results } = analyse({
    control: totals("control", control),
    variants: [totals("variant", variant)],
    metric,
    confidenceLevel: 0.95,
    minimumSampleSize: 10,
    guardrails: [],
    ...options,
  });
  return results[0];
}

function guard(
  metric: string,
  control: Arm,
  variant: Arm,
  degradationThreshold?: number,
): GuardrailResult | undefined {
  const { guardrails } = analyse({
    control: totals("control", control),
    variants: [totals("variant", variant)],
    metric: "success_rate",
    confidenceLevel: 0.95,
    minimumSampleSize: 10,
    guardrails: [metric],
    ...(degradationThreshold === undefined ? {} : { degradationThreshold }),
  });
  return guardrails[0];
}

describe("a rate", () => {
  const few = { requests: 3000, successes: 1396, errors: 1396 };
  const many = { requests: 3461, successes: 2422, errors: 2422 };

  it("is compared by the two-proportion z test, with Newcombe's interval and Cohen's h", () => {
    const result = compare("success_rate", few, many);
    expect(result).toMatchObject({
      variant_id: "variant",
      metric: "success_rate",
      method: "two_proportion_z",
      control_value: 1396 / 3000,
      variant_value: 2422 / 3461,
      is_significant: true,
      sample_size_adequate: true,
      recommended_action: "conclude_winner",
      winner: "variant",
      reason: null,
    });
    expect(result?.p_value).toBeCloseTo(1.82e-81, 83);
    expect(result?.confidence_interval?.[0]).toBeCloseTo(0.21080987852406882, 14);
    expect(result?.confidence_interval?.[1]).toBeCloseTo(0.25776354802555107, 14);
    const cohenH = Math.asin((2 * 2422) / 3461 - 1) - Math.asin((2 * 1396) / 3000 - 1);
    expect(result?.effect_size).toBeCloseTo(cohenH, 14);
  });

  it.each([
    ["success_rate", few, many, "variant"],
    ["success_rate", many, few, "control"],
    ["error_rate", few, many, "control"],
    ["error_rate", many, few, "variant"],
  ])("of %s is won by the better arm", (metric, control, variant, winner) => {
    expect(compare(metric, control, variant)?.winner).toBe(winner);
  });

  it("without requests, or without any difference between requests, has no p-value", () => {
    const perfect = { requests: 500, successes: 500 };
    expect(compare("success_rate", {}, perfect)).toMatchObject({
      method: "two_proportion_z",
      control_value: null,
      variant_value: 1,
      p_value: null,
      confidence_interval: null,
      effect_size: null,
      is_significant: false,
      recommended_action: "continue",
      winner: null,
      reason: "no_observations",
    });
    expect(compare("success_rate", perfect, perfect)).toMatchObject({
      p_value: null,
      effect_size: 0,
      confidence_interval: [expect.closeTo(-0.0076, 4), expect.closeTo(0.0076, 4)],
      recommended_action: "continue",
      reason: "no_variation",
    });
  });
});

const converting = (values: readonly number[]): Arm => ({
  metrics: { conversion: momentsOf(values) },
});

describe("conversion_rate", () => {
  const half = converting([...repeated(0, 30), ...repeated(1, 30)]);
  const most = converting([...repeated(0, 10), ...repeated(1, 50)]);
  const graded = converting([...repeated(0, 10), ...repeated(0.5, 20), ...repeated(1, 30)]);

  it("is a rate while each conversion is 0 or 1", () => {
    const result = compare("conversion_rate", half, most);
    const sameCounts = compare(
      "success_rate",
      { requests: 60, successes: 30 },
      { requests: 60, successes: 50 },
    );
    expect(result).toEqual({ ...sameCounts, metric: "conversion_rate" });
  });

  it("is a mean once either arm has another value", () => {
    expect(compare("conversion_rate", half, graded)?.method).toBe("welch_t");
    expect(compare("conversion_rate", graded, half)?.method).toBe("welch_t");
  });

  it("has no p-value before the first conversion is reported", () => {
    expect(compare("conversion_rate", {}, most)).toMatchObject({
      control_value: null,
      p_value: null,
      reason: "no_observations",
    });
  });
});

describe("a mean", () => {
  const low = momentsOf([10, 11, 12, 13, 14, 10, 11, 12, 13, 14]);
  const high = momentsOf([20, 22, 24, 26, 28, 20, 22, 24, 26, 28]);

  it("is compared by Welch's t test, with its interval and Cohen's d", () => {
    const result = compare(
      "revenue",
      { metrics: { revenue: low } },
      { metrics: { revenue: high } },
    );
    expect(result).toMatchObject({
      method: "welch_t",
      control_value: 12,
      variant_value: 24,
      is_significant: true,
      recommended_action: "conclude_winner",
      winner: "variant",
    });
    // scipy.stats.ttest_ind(equal_var=False); the variances are 20/9 and 80/9.
    expect(result?.p_value).toBeCloseTo(3.2690289818139905e-8, 20);
    expect(result?.confidence_interval?.[0]).toBeCloseTo(9.726879977663579, 12);
    expect(result?.confidence_interval?.[1]).toBeCloseTo(14.273120022336421, 12);
    expect(result?.effect_size).toBeCloseTo(12 / Math.sqrt(50 / 9), 12);
  });

  it.each(["latency", "latency_ms"])("of %s is won by the faster arm", (metric) => {
    expect(compare(metric, { latency: low }, { latency: high })?.winner).toBe("control");
    expect(compare(metric, { latency: high }, { latency: low })?.winner).toBe("variant");
  });

  it.each<[string, number[]]>([
    ["no_observations", []],
    ["too_few_observations", [5]],
    ["no_variation", [5, 5]],
  ])("has no p-value: %s", (reason, values) => {
    const constant = { latency: momentsOf([6, 6, 6]) };
    expect(compare("latency", constant, { latency: momentsOf(values) })).toMatchObject({
      p_value: null,
      confidence_interval: null,
      effect_size: null,
      is_significant: false,
      recommended_action: "continue",
      reason,
    });
  });

  it("does not take an inherited property for a metric", () => {
    expect(compare("constructor", {}, {})?.reason).toBe("no_observations");
  });
});

describe("latency_p95_ms", () => {
  it("has values but no test", () => {
    expect(
      compare("latency_p95_ms", { latency_p95_ms: 100 }, { latency_p95_ms: 120 }),
    ).toMatchObject({
      method: null,
      control_value: 100,
      variant_value: 120,
      p_value: null,
      recommended_action: "continue",
      reason: "metric_has_no_test",
    });
  });
});

describe("the recommended action", () => {
  const [low, equal, high] = [400, 402, 600].map((successes) => ({ requests: 1000, successes }));

  it.each([
    ["conclude_winner", low, high, 1000],
    ["continue", low, high, 1001],
    ["conclude_no_difference", low, equal, 1000],
    ["continue", low, equal, 1001],
  ])("is %s", (action, control, variant, minimumSampleSize) => {
    expect(
      compare("success_rate", control ?? {}, variant ?? {}, { minimumSampleSize }),
    ).toMatchObject({
      recommended_action: action,
      sample_size_adequate: minimumSampleSize <= 1000,
    });
  });

  it("follows the confidence level", () => {
    const [control, variant] = [
      { requests: 1000, successes: 400 },
      { requests: 1000, successes: 450 },
    ]; // p = 0.024
    expect(
      [0.95, 0.99].map(
        (confidenceLevel) =>
          compare("success_rate", control, variant, { confidenceLevel })?.is_significant,
      ),
    ).toEqual([true, false]);
  });
});

const rate = (errors: number): Arm => ({ requests: 100, errors, successes: 100 - errors });
const p95 = (latency_p95_ms: number | null): Arm => ({ latency_p95_ms });
const revenue = (...values: number[]): Arm => ({ metrics: { revenue: momentsOf(values) } });

describe("a guardrail", () => {
  it.each<[string, Arm, Arm, number | null, boolean]>([
    ["error_rate", rate(10), rate(11), 0.1, true],
    ["error_rate", rate(10), rate(12), 0.2, false],
    ["error_rate", rate(10), rate(5), -0.5, true],
    ["success_rate", rate(20), rate(28), 0.1, true],
    ["success_rate", rate(20), rate(36), 0.2, false],
    ["latency", { latency: momentsOf([40]) }, { latency: momentsOf([50]) }, 0.25, false],
    ["latency_p95_ms", p95(200), p95(210), 0.05, true],
    ["latency_p95_ms", p95(200), p95(300), 0.5, false],
    ["revenue", revenue(8), revenue(6), 0.25, false],
    ["revenue", revenue(-8), revenue(-10), 0.25, false],
    ["revenue", revenue(-8), revenue(-6), -0.25, true],
    ["error_rate", rate(0), rate(0), 0, true],
  ])("on %s of %j and %j degrades by %d", (metric, control, variant, degradation, passed) => {
    const result = guard(metric, control, variant, 0.1 + 1e-12);
    expect(result?.degradation).toBeCloseTo(degradation ?? NaN, 12);
    expect(result).toMatchObject({ metric, variant_id: "variant", passed, reason: null });
  });

  it("tells what it compared, by default against a tenth", () => {
    expect(guard("latency_p95_ms", p95(100), p95(130))).toEqual({
      metric: "latency_p95_ms",
      variant_id: "variant",
      control_value: 100,
      variant_value: 130,
      degradation: 0.3,
      threshold: 0.1,
      passed: false,
      reason: null,
    });
  });

  it.each<[string, Arm, Arm, boolean]>([
    ["error_rate", rate(0), rate(1), false],
    ["revenue", revenue(0), revenue(-1), false],
    ["revenue", revenue(0), revenue(1), true],
  ])("on %s has no share of a control value of 0", (metric, control, variant, passed) => {
    expect(guard(metric, control, variant, 1e9)).toMatchObject({
      degradation: null,
      passed,
      reason: "control_value_zero",
    });
  });

  it.each<[string, Arm, Arm]>([
    ["error_rate", {}, rate(1)],
    ["latency_p95_ms", p95(100), p95(null)],
    ["unheard_of", {}, {}],
  ])("on %s passes while a side is unobserved", (metric, control, variant) => {
    expect(guard(metric, control, variant)).toMatchObject({
      degradation: null,
      passed: true,
      reason: "no_observations",
    });
  });

  it("is checked for every variant", () => {
    const { guardrails } = analyse({
      control: totals("control", rate(1)),
      variants: [totals("a", rate(1)), totals("b", rate(2))],
      metric: "success_rate",
      confidenceLevel: 0.95,
      minimumSampleSize: 10,
      guardrails: ["error_rate", "success_rate"],
    });
    expect(guardrails.map((result) => [result.variant_id, result.metric, result.passed])).toEqual([
      ["a", "error_rate", true],
      ["a", "success_rate", true],
      ["b", "error_rate", false],
      ["b", "success_rate", true],
    ]);
  });
});
