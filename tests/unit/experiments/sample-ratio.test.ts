import { describe, expect, it } from "vitest";
import { sampleRatio } from "../../../domain/experiments/sample-ratio.ts";
import { binomialDraw } from "../../../domain/statistics/binomial-draw.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import { cell, epochOf } from "./plain-cells.ts";

const counts = (epoch: number, ...requests: number[]) =>
  requests.map((count, variant) => cell({ epoch, variant, requests: count }));

describe("the sample ratio", () => {
  it("is as it should be, epoch by epoch, though the sum over epochs fits no weights", () => {
    const cells = [...counts(1, 9_000, 1_000), ...counts(2, 1_000, 9_000)];
    const report = sampleRatio(cells, [epochOf(1, [0.9, 0.1]), epochOf(2, [0.1, 0.9])]);
    expect(report).toMatchObject({ p_value: 1, mismatch: false, counted: "requests" });
    expect(report.epochs).toEqual([
      { epoch: 1, observed: [9_000, 1_000], expected: [9_000, 1_000], p_value: 1 },
      { epoch: 2, observed: [1_000, 9_000], expected: [1_000, 9_000], p_value: 1 },
    ]);
  });

  it("is broken by traffic that contradicts the weights", () => {
    const report = sampleRatio(counts(1, 5_500, 4_500), [epochOf(1)]);
    expect(report.mismatch).toBe(true);
    expect(report.p_value).toBeGreaterThan(0);
    expect(report.p_value).toBeLessThan(1e-9);
    expect(report.epochs[0]?.expected).toEqual([5_000, 5_000]);
  });

  it("adds up small contradictions of several epochs", () => {
    const epochs = [1, 2, 3, 4, 5, 6].map((epoch) => epochOf(epoch));
    const cells = epochs.flatMap(({ epoch }) => counts(epoch, 5_200, 4_800));
    const one = sampleRatio(cells.slice(0, 2), epochs);
    expect(one.mismatch).toBe(false);
    expect(sampleRatio(cells, epochs).mismatch).toBe(true);
  });

  it("is of users, by their first exposure, as soon as there are any", () => {
    const heavy = [
      cell({ variant: 0, requests: 100, units: 500 }),
      cell({ variant: 1, requests: 9_900, units: 500 }),
    ];
    expect(sampleRatio(heavy, [epochOf(1)])).toMatchObject({ counted: "users", mismatch: false });
    const lost = [
      cell({ variant: 0, requests: 100, units: 9_000 }),
      cell({ variant: 1, requests: 100, units: 1_000 }),
    ];
    expect(sampleRatio(lost, [epochOf(1)])).toMatchObject({ counted: "users", mismatch: true });
  });

  it("says nothing of epochs that did not run or in which nothing came", () => {
    const paused = { ...epochOf(2), status: "paused" } as const;
    const report = sampleRatio(counts(2, 500, 0), [epochOf(1), paused]);
    expect(report).toEqual({ p_value: 1, mismatch: false, counted: "requests", epochs: [] });
  });

  it("leaves out an arm without a weight", () => {
    const report = sampleRatio(counts(1, 500, 500, 0), [epochOf(1, [0.5, 0.5, 0])]);
    expect(report).toMatchObject({ mismatch: false });
    expect(report.epochs[0]).toMatchObject({ expected: [500, 500, 0] });
  });

  it("may be looked at all the time: a true split is called a mismatch by less than alpha of 500", () => {
    const runs = 500;
    const wrong = Array.from({ length: runs }, (_, run) => {
      const random = seededRandom(`ratio/${run}`);
      let [a, b] = [0, 0];
      for (let look = 0; look < 40; look++) {
        const drawn = binomialDraw(random, 500, 0.3);
        [a, b] = [a + 500 - drawn, b + drawn];
        if (sampleRatio(counts(1, a, b), [epochOf(1, [0.7, 0.3])]).mismatch) return true;
      }
      return false;
    }).filter(Boolean).length;
    expect(wrong / runs).toBeLessThanOrEqual(0.001 + 3 * Math.sqrt(0.001 / runs));
  });
});
