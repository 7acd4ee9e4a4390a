import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { strataOf } from "../../../domain/experiments/strata.ts";
import {
  armTotals,
  type Cell,
  cellsByEpoch,
  mergeCells,
  mergeTotals,
  noTotals,
  type Totals,
} from "../../../domain/experiments/totals.ts";
import { meanX } from "../../../domain/statistics/bivariate-moments.ts";
import { mean, sampleVariance } from "../../../domain/statistics/moments.ts";
import { cell, epochOf } from "./plain-cells.ts";

/** Whole numbers, so that sums are exact in any order. */
const cells = fc.array(
  fc
    .record({
      epoch: fc.integer({ min: 1, max: 3 }),
      variant: fc.nat({ max: 2 }),
      requests: fc.nat({ max: 9 }),
      errors: fc.nat({ max: 9 }),
      units: fc.nat({ max: 9 }),
      latencies: fc.array(fc.nat(1_000), { maxLength: 5 }),
      metrics: fc.dictionary(
        fc.constantFrom("conversion", "score"),
        fc.array(fc.nat(9), { maxLength: 3 }),
      ),
      pairs: fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 3 }),
    })
    .map((counted) => cell({ ...counted, errors: Math.min(counted.errors, counted.requests) })),
  { maxLength: 12 },
);
/** Without the order of what is a set. */
const sorted = ({ bins, metrics, counts, units, latency, covariate }: Totals) => ({
  counts,
  units,
  latency,
  covariate,
  bins: bins.toSorted(([a], [b]) => a - b),
  metrics: Object.fromEntries(Object.entries(metrics).filter(([, { count }]) => count > 0)),
});

describe("totals", () => {
  it("are the same however what was counted is divided and ordered", () => {
    fc.assert(
      fc.property(cells, fc.nat(12), (all, at) => {
        const whole = mergeTotals(all);
        const parts = [mergeTotals(all.slice(0, at)), mergeTotals(all.slice(at))].toReversed();
        expect(sorted(mergeTotals(parts))).toEqual(sorted(whole));
      }),
    );
  });

  it("of nothing are nothing, and of one thing are itself", () => {
    expect(mergeTotals([])).toEqual(noTotals);
    const one = cell({ requests: 3, latencies: [1, 2, 3] });
    expect(mergeTotals([one])).toBe(one);
  });

  it("know what every outcome alone would have told", () => {
    const [a, b] = [
      cell({ requests: 2, errors: 1, latencies: [10, 20], metrics: { score: [1, 2] }, units: 2 }),
      cell({ requests: 3, latencies: [30, 40, 50], metrics: { score: [6] }, pairs: [[4, 1]] }),
    ];
    const merged = mergeTotals([a, b]);
    expect(merged.counts).toEqual({ requests: 5, errors: 1, reported: 5, reported_errors: 1 });
    expect(merged.units).toBe(2);
    expect(mean(merged.latency)).toBe(30);
    expect(sampleVariance(merged.latency)).toBe(250);
    expect(merged.metrics["score"] && mean(merged.metrics["score"])).toBe(3);
    expect(meanX(merged.covariate)).toBe(4);
    expect(merged.bins.reduce((sum, [, count]) => sum + count, 0)).toBe(5);
  });

  it("drop a bin of which all was taken away", () => {
    const taken: Cell = { ...cell(), bins: [[7, -2]] };
    expect(
      mergeTotals([
        {
          ...cell(),
          bins: [
            [7, 2],
            [3, 1],
          ],
        },
        taken,
      ]).bins,
    ).toEqual([[3, 1]]);
  });

  it("of arms are over all epochs, and none for an arm that was never heard of", () => {
    const all = [
      cell({ epoch: 1, variant: 1, requests: 3 }),
      cell({ epoch: 2, variant: 1, requests: 4 }),
      cell({ epoch: 2, variant: 0, requests: 5 }),
    ];
    expect(armTotals(all, 3).map(({ counts }) => counts.requests)).toEqual([5, 7, 0]);
  });
});

describe("cells of several places", () => {
  it("become one for each epoch and variant, with the same sums", () => {
    fc.assert(
      fc.property(cells, (all) => {
        const merged = mergeCells(all);
        const keys = merged.map(({ epoch, variant }) => `${epoch}/${variant}`);
        expect(new Set(keys).size).toBe(keys.length);
        expect(new Set(keys)).toEqual(new Set(all.map((one) => `${one.epoch}/${one.variant}`)));
        expect(mergeTotals(merged).counts).toEqual(mergeTotals(all).counts);
      }),
    );
  });

  it("stay the same values where there is only one", () => {
    const [alone] = [cell({ epoch: 2, variant: 1, requests: 4 })];
    expect(mergeCells([alone])[0]).toBe(alone);
  });
});

describe("strata", () => {
  const counted = cellsByEpoch([
    cell({ epoch: 1, variant: 0, requests: 90 }),
    cell({ epoch: 1, variant: 1, requests: 10 }),
    cell({ epoch: 2, variant: 0, requests: 7 }),
    cell({ epoch: 3, variant: 0, requests: 5 }),
    cell({ epoch: 3, variant: 1, requests: 5 }),
  ]);
  const requestsOf = (epochs: Parameters<typeof strataOf>[1]) =>
    strataOf(counted, epochs, 1, 0).map(({ variant, control, share }) => [
      variant.counts.requests,
      control.counts.requests,
      share,
    ]);

  it("are the epochs in which both arms had a share, by the two arms' part of the weights", () => {
    expect(requestsOf([epochOf(1, [0.6, 0.2, 0.2]), epochOf(2), epochOf(3, [1, 0])])).toEqual([
      [10, 90, 0.25],
      [0, 7, 0.5],
    ]);
  });

  it("are of running epochs in which something came", () => {
    const paused = { ...epochOf(3), status: "paused" } as const;
    expect(requestsOf([paused, epochOf(4)])).toEqual([]);
  });
});
