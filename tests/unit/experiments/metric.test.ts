import { describe, expect, it } from "vitest";
import {
  armEvidence,
  doCallersReport,
  kindOf,
  lowerIsBetter,
  momentsOf,
  proportionOf,
  quantileOf,
  valueOf,
} from "../../../domain/experiments/metric.ts";
import { noTotals } from "../../../domain/experiments/totals.ts";
import { mean } from "../../../domain/statistics/moments.ts";
import { cell } from "./plain-cells.ts";

const served = cell({
  requests: 200,
  errors: 10,
  reported: 0,
  latencies: [10, 20, 30, 40],
  metrics: { conversion: [0, 1, 1, 0, 0], score: [2, 4] },
});

describe("the kind of a metric", () => {
  it.each([
    ["success_rate", "rate"],
    ["error_rate", "rate"],
    ["conversion_rate", "rate"],
    ["conversion", "mean"],
    ["score", "mean"],
    ["latency", "mean"],
    ["latency_ms", "mean"],
    ["latency_p50_ms", "quantile"],
    ["latency_p95_ms", "quantile"],
    ["latency_p99_ms", "quantile"],
    ["latency_p90_ms", "mean"],
    ["constructor", "mean"],
  ])("%s is a %s", (metric, kind) => {
    expect(kindOf(metric, [served, noTotals])).toBe(kind);
  });

  it("of conversion_rate is a mean as soon as any arm has a value besides 0 and 1", () => {
    const graded = cell({ metrics: { conversion: [0, 0.5, 1] } });
    expect(kindOf("conversion_rate", [served, graded])).toBe("mean");
  });
});

it("better is lower for errors and latency, and higher for everything else", () => {
  const lower = ["error_rate", "latency", "latency_ms", "latency_p50_ms", "latency_p99_ms"];
  expect(lower.every(lowerIsBetter)).toBe(true);
  expect(["success_rate", "conversion_rate", "score"].some(lowerIsBetter)).toBe(false);
});

describe("the value of a metric", () => {
  it.each([
    ["success_rate", 0.95],
    ["error_rate", 0.05],
    ["conversion_rate", 0.4],
    ["conversion", 0.4],
    ["score", 3],
    ["latency", 25],
    ["latency_ms", 25],
  ])("%s is %d", (metric, value) => {
    expect(valueOf(served, metric, false)).toBeCloseTo(value, 12);
  });

  it.each([
    ["latency_p50_ms", 20],
    ["latency_p95_ms", 40],
    ["latency_p99_ms", 40],
  ])("%s is %d within 1 %", (metric, value) => {
    const found = valueOf(served, metric, false) ?? NaN;
    expect(Math.abs(found / value - 1)).toBeLessThan(0.01);
  });

  it.each([
    "success_rate",
    "conversion_rate",
    "latency",
    "latency_p95_ms",
    "toString",
    "__proto__",
  ])("%s is unknown where nothing was observed", (metric) => {
    expect(valueOf(noTotals, metric, false)).toBeNull();
    expect(valueOf(noTotals, metric, true)).toBeNull();
  });
});

describe("rates of requests", () => {
  const sampled = cell({ requests: 1_000, errors: 60, reported: 100, reported_errors: 10 });

  it("are of what callers report, where they do", () => {
    expect(doCallersReport([noTotals, served])).toBe(false);
    expect(doCallersReport([noTotals, sampled])).toBe(true);
    // 5 % could not be served, and a tenth of the rest went wrong: 14.5 of 100.
    expect(proportionOf(sampled, "error_rate", true)).toEqual({ successes: 15, trials: 100 });
    expect(proportionOf(sampled, "success_rate", true)).toEqual({ successes: 85, trials: 100 });
  });

  it("are of all requests, where nobody does", () => {
    expect(proportionOf(served, "success_rate", false)).toEqual({ successes: 190, trials: 200 });
  });
});

it("the moments of conversion_rate are those of the metric `conversion`", () => {
  expect(mean(momentsOf(served, "conversion_rate"))).toBeCloseTo(0.4, 12);
  expect(momentsOf(served, "conversion_rate")).toBe(served.metrics["conversion"]);
});

it("quantiles are known by name", () => {
  expect(["latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "latency"].map(quantileOf)).toEqual(
    [0.5, 0.95, 0.99, null],
  );
});

describe("what a bandit knows", () => {
  it("of a rate is its counts", () => {
    expect(armEvidence([served, noTotals], "conversion_rate")).toEqual([
      { kind: "rate", successes: 2, trials: 5 },
      { kind: "rate", successes: 0, trials: 0 },
    ]);
  });

  it("of a mean is its mean and variance, and of one kind for all arms", () => {
    const graded = cell({ metrics: { conversion: [0, 0.5, 1] } });
    expect(armEvidence([graded, served, noTotals], "conversion_rate")).toEqual([
      { kind: "mean", count: 3, mean: 0.5, variance: 0.25 },
      { kind: "mean", count: 5, mean: 0.4, variance: expect.closeTo(0.3, 12) },
      { kind: "mean", count: 0, mean: 0, variance: 0 },
    ]);
  });

  it("of a quantile of latency is the mean latency", () => {
    expect(armEvidence([served], "latency_p95_ms")).toEqual(armEvidence([served], "latency_ms"));
    expect(armEvidence([served], "latency_p95_ms")[0]).toMatchObject({ kind: "mean", mean: 25 });
  });
});
