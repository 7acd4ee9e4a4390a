import { describe, expect, it } from "vitest";
import { layOut } from "../../../domain/experiments/ledger.ts";
import { summarise } from "../../../domain/experiments/summary.ts";
import type { Cell } from "../../../domain/experiments/totals.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { cell, definition } from "./plain-cells.ts";

const summaryOf = (cells: readonly Cell[]) =>
  summarise(
    definition(),
    { status: "running", epoch: 2, ledger: layOut([0.875 * WHOLE, 0.125 * WHOLE]) },
    cells,
  );

describe("a summary", () => {
  it("is over all epochs, with the weights in force", () => {
    const { variants, ...experiment } = summaryOf([
      cell({ epoch: 1, variant: 1, requests: 60, errors: 6, reported: 0, units: 30 }),
      cell({
        epoch: 2,
        variant: 1,
        requests: 40,
        reported: 0,
        latencies: [10, 30],
        metrics: { conversion: [0, 0, 0, 1], score: [5, 7] },
        units: 20,
      }),
    ]);
    expect(experiment).toEqual({
      experiment_id: "exp_1",
      name: "an experiment",
      status: "running",
      epoch: 2,
    });
    expect(variants.map(({ traffic_weight }) => traffic_weight)).toEqual(["0.875", "0.125"]);
    expect(variants[1]).toMatchObject({
      variant_id: "canary",
      request_count: 100,
      success_count: 94,
      error_count: 6,
      user_count: 50,
      success_rate: expect.closeTo(0.94, 12),
      error_rate: expect.closeTo(0.06, 12),
      latency_mean_ms: 20,
      conversion_rate: 0.25,
      custom_metrics: { conversion: 0.25, score: 6 },
    });
    expect((variants[1]?.latency_p50_ms ?? NaN) / 10).toBeCloseTo(1, 1);
    expect((variants[1]?.latency_p99_ms ?? NaN) / 30).toBeCloseTo(1, 1);
  });

  it("counts as success what callers report, once anybody does", () => {
    const { variants } = summaryOf([
      cell({ variant: 0, requests: 100, errors: 1, reported: 0 }),
      cell({ variant: 1, requests: 100, errors: 5, reported: 20, reported_errors: 5 }),
    ]);
    expect(variants.map(({ success_count }) => success_count)).toEqual([0, 15]);
    expect(variants[1]).toMatchObject({ error_count: 5, error_rate: 0.25, success_rate: 0.75 });
  });

  it("of nothing has counts of 0 and knows nothing else", () => {
    for (const variant of summaryOf([]).variants)
      expect(variant).toMatchObject({
        request_count: 0,
        success_count: 0,
        error_count: 0,
        user_count: 0,
        success_rate: null,
        error_rate: null,
        latency_mean_ms: null,
        latency_p50_ms: null,
        latency_p95_ms: null,
        latency_p99_ms: null,
        conversion_rate: null,
        custom_metrics: {},
      });
  });

  it("leaves out a metric of which everything was taken back", () => {
    const { variants } = summaryOf([cell({ metrics: { score: [] } })]);
    expect(variants[0]?.custom_metrics).toEqual({});
  });
});
