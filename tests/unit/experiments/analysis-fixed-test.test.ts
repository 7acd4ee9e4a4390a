import { describe, expect, it } from "vitest";
import { analyse, type AnalysisOptions } from "../../../domain/experiments/analysis.ts";
import { fisherExactTest } from "../../../domain/statistics/fisher-exact-test.ts";
import { lognormal, seededRandom } from "../../../domain/statistics/random.ts";
import { welchTTest } from "../../../domain/statistics/welch-t-test.ts";
import { bothArms, compare, options, repeated, requests, zeroOne } from "./analysed.ts";
import { type Counted, definition, epochOf } from "./plain-cells.ts";

describe("a rate", () => {
  const few = requests(1396, 3000);
  const many = requests(2422, 3461);

  it("is compared by the two-proportion z test, with Newcombe's interval and Cohen's h", () => {
    const result = compare("success_rate", few, many);
    expect(result).toMatchObject({
      variant_id: "canary",
      metric: "success_rate",
      method: "two_proportion_z",
      is_significant: true,
      sample_size_adequate: true,
      recommended_action: "conclude_winner",
      winner: "canary",
      reason: null,
    });
    expect(result?.control_value).toBeCloseTo(1396 / 3000, 14);
    expect(result?.variant_value).toBeCloseTo(2422 / 3461, 14);
    expect(result?.p_value).toBeCloseTo(1.82e-81, 83);
    expect(result?.confidence_interval?.[0]).toBeCloseTo(0.21080987852406882, 14);
    expect(result?.confidence_interval?.[1]).toBeCloseTo(0.25776354802555107, 14);
    const cohenH = Math.asin((2 * 2422) / 3461 - 1) - Math.asin((2 * 1396) / 3000 - 1);
    expect(result?.effect_size).toBeCloseTo(cohenH, 14);
  });

  it.each([
    ["success_rate", few, many, "canary"],
    ["success_rate", many, few, "control"],
    ["error_rate", few, many, "canary"],
    ["error_rate", many, few, "control"],
  ])(
    "of %s is won by the better arm, by either kind of evidence",
    (metric, control, variant, won) => {
      const result = compare(metric, control, variant);
      expect(result?.winner).toBe(won);
      expect(result?.sequential.winner).toBe(won);
    },
  );

  it("that is sparse is compared by Fisher's exact test", () => {
    // 6 errors of 200: 3 are expected on either side.
    const result = compare("error_rate", requests(100, 100), requests(94, 100));
    const fisher = fisherExactTest({ successes: 0, trials: 100 }, { successes: 6, trials: 100 });
    expect(result?.method).toBe("fisher_exact");
    expect(result?.p_value).toBe(fisher.ok && fisher.value.pValue);
    expect(compare("error_rate", requests(98, 100), requests(92, 100))?.method).toBe(
      "two_proportion_z",
    );
  });

  it("has the interval that is asked for", () => {
    const [control, variant] = [requests(90, 100), requests(80, 100)];
    const intervals = (["newcombe", "score", "agresti_caffo", "wald"] as const).map(
      (interval) => compare("success_rate", control, variant, { interval })?.confidence_interval,
    );
    expect(new Set(intervals.map((ends) => ends?.[0].toFixed(12))).size).toBe(4);
    const half = 1.959963984540054 * Math.sqrt((0.9 * 0.1 + 0.8 * 0.2) / 100);
    expect(intervals[3]?.[0]).toBeCloseTo(-0.1 - half, 12);
  });

  it("without requests has no p-value", () => {
    expect(compare("success_rate", {}, requests(500, 500))).toMatchObject({
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
      adjusted_p_value: { holm: null, benjamini_hochberg: null },
      sequential: { p_value: null, reason: "no_observations", recommended_action: "continue" },
      stratified: { p_value: null, strata: 0, reason: "too_few_observations" },
      power: { achieved: null, required_sample_size: null, reason: "no_observations" },
    });
  });

  it("without any difference between requests is no sign of one, and the z test says nothing", () => {
    const perfect = requests(500, 500);
    expect(compare("success_rate", perfect, perfect)).toMatchObject({
      method: "fisher_exact",
      p_value: 1,
      effect_size: 0,
      confidence_interval: [expect.closeTo(-0.0076, 4), expect.closeTo(0.0076, 4)],
    });
    const asked = { test: "two_proportion_z" } as const;
    expect(compare("success_rate", perfect, perfect, asked)).toMatchObject({
      p_value: null,
      recommended_action: "continue",
      reason: "no_variation",
    });
  });

  it("never has a p-value of 0, however clear it is", () => {
    const result = compare("success_rate", requests(0, 1e6), requests(1e6, 1e6));
    expect(result?.p_value).toBe(Number.MIN_VALUE);
    expect(result?.sequential.p_value).toBe(Number.MIN_VALUE);
    expect(result?.sequential.e_value_log).toBeGreaterThan(100_000);
  });
});

const converting = (values: readonly number[]): Counted => ({
  requests: values.length,
  metrics: { conversion: values },
});

describe("conversion_rate", () => {
  const half = converting(zeroOne(30, 60));
  const most = converting(zeroOne(50, 60));
  const graded = converting([...repeated(0, 10), ...repeated(0.5, 20), ...repeated(1, 30)]);

  it("is a rate while each conversion is 0 or 1", () => {
    const result = compare("conversion_rate", half, most);
    const sameCounts = compare("success_rate", requests(30, 60), requests(50, 60));
    expect(result?.method).toBe("two_proportion_z");
    expect(result?.p_value).toBe(sameCounts?.p_value);
    expect(result?.confidence_interval).toEqual(sameCounts?.confidence_interval);
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
  const low = [10, 11, 12, 13, 14, 10, 11, 12, 13, 14];
  const high = [20, 22, 24, 26, 28, 20, 22, 24, 26, 28];

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
      winner: "canary",
    });
    // scipy.stats.ttest_ind(equal_var=False); the variances are 20/9 and 80/9.
    expect(result?.p_value).toBeCloseTo(3.2690289818139905e-8, 20);
    expect(result?.confidence_interval?.[0]).toBeCloseTo(9.726879977663579, 12);
    expect(result?.confidence_interval?.[1]).toBeCloseTo(14.273120022336421, 12);
    expect(result?.effect_size).toBeCloseTo(12 / Math.sqrt(50 / 9), 12);
  });

  it("of fewer than 100 observations of an arm has no sequence yet", () => {
    const [control, variant] = [{ metrics: { score: low } }, { metrics: { score: high } }];
    expect(compare("score", control, variant)?.sequential).toMatchObject({
      p_value: null,
      interval: null,
      valid_from: 100,
      reason: "too_few_observations",
      recommended_action: "continue",
    });
  });

  it.each<[string, number[]]>([
    ["no_observations", []],
    ["too_few_observations", [5]],
    ["no_variation", [5, 5]],
  ])("has no p-value: %s", (reason, values) => {
    const constant = { metrics: { score: [6, 6, 6] } };
    expect(compare("score", constant, { metrics: { score: values } })).toMatchObject({
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

describe("latency", () => {
  const low = [10, 11, 12, 13, 14, 10, 11, 12, 13, 14];
  const high = [20, 22, 24, 26, 28, 20, 22, 24, 26, 28];

  it.each(["latency", "latency_ms"])("as %s is won by the faster arm", (metric) => {
    const [slow, fast] = [{ latencies: high }, { latencies: low }];
    for (const test of ["auto", "welch_t"] as const) {
      expect(compare(metric, fast, slow, { test })?.winner).toBe("control");
      expect(compare(metric, slow, fast, { test })?.winner).toBe("canary");
    }
  });

  const drawn = (seed: string, size: number, sigma: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: size }, () => lognormal(random, 4, sigma));
  };
  it.each([
    ["mann_whitney", "fewer than 30 of an arm", 29, 0.1],
    ["welch_t", "60 that are hardly skewed", 60, 0.1],
    ["mann_whitney", "60 that are skewed", 60, 1],
    ["welch_t", "so many that their skewness no longer shows", 5_000, 1],
  ])("is tested by %s of %s", (method, _, size, sigma) => {
    const [control, variant] = [drawn("a", size, sigma), drawn("b", size, sigma)];
    const result = compare("latency", { latencies: control }, { latencies: variant });
    expect(result?.method).toBe(method);
  });

  it("by ranks has the rank-biserial correlation, and still Welch's interval for the means", () => {
    const result = compare("latency", { latencies: low }, { latencies: high });
    const [a, b] = [low, high].map((values) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      return { mean, variance: squares / (values.length - 1), count: values.length };
    });
    const welch = a && b && welchTTest(a, b, 0.95);
    expect(result).toMatchObject({ method: "mann_whitney", effect_size: 1 });
    expect(result?.confidence_interval?.[0]).toBeCloseTo(
      welch?.ok ? welch.value.interval[0] : NaN,
      9,
    );
  });
});

describe("a quantile of latency", () => {
  const random = seededRandom("quantiles");
  const latencies = (size: number, scale: number): number[] =>
    Array.from({ length: size }, () => scale * lognormal(random, 4, 0.5));
  const [base, slower] = [latencies(2_000, 1), latencies(2_000, 2)];

  it("has values but no test of a fixed sample, except of all latencies by their ranks", () => {
    const compared = (test: AnalysisOptions["test"]) =>
      compare("latency_p95_ms", { latencies: base }, { latencies: slower }, { test });
    expect(compared("auto")).toMatchObject({
      method: null,
      p_value: null,
      confidence_interval: null,
      effect_size: null,
      recommended_action: "continue",
      reason: "metric_has_no_test",
      stratified: { reason: "metric_has_no_test" },
      power: { reason: "metric_has_no_test" },
      pooled_differs: false,
    });
    const ranked = compared("mann_whitney");
    expect(ranked).toMatchObject({ method: "mann_whitney", winner: "control", reason: null });
    expect(ranked?.p_value).toBeLessThan(1e-6);
  });

  it.each(["latency_p50_ms", "latency_p95_ms", "latency_p99_ms"])(
    "is compared by the sequential test: %s",
    (metric) => {
      const { sequential } = compare(metric, { latencies: base }, { latencies: slower }) ?? {};
      expect(sequential).toMatchObject({ method: "quantile", interval: null, winner: "control" });
      expect(sequential?.estimate).toBeGreaterThan(0);
      const { sequential: same } = compare(metric, { latencies: base }, { latencies: base }) ?? {};
      expect(same).toMatchObject({ estimate: 0, winner: null, recommended_action: "continue" });
      expect(same?.p_value).toBe(1);
    },
  );
});

describe("a test that does not fit its metric", () => {
  it.each([
    ["success_rate", "welch_t"],
    ["error_rate", "mann_whitney"],
    ["latency", "fisher_exact"],
    ["score", "two_proportion_z"],
    ["score", "mann_whitney"],
    ["latency_p95_ms", "welch_t"],
  ] as const)("of %s, as %s is, is refused by name", (metric, test) => {
    const cells = bothArms({ metrics: { score: [2, 3] } }, { metrics: { score: [4, 5] } });
    const asked = options({ metric, test });
    expect(analyse(definition(), { cells, epochs: [epochOf(1)] }, asked)).toMatchObject({
      ok: false,
      error: { code: "test_unfit", pointer: "#/query/test" },
    });
  });
});
