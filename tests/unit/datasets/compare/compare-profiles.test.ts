import { array, assert, double, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { compareProfiles } from "../../../../domain/datasets/compare/compare-profiles.ts";
import {
  kolmogorovSmirnovDistance,
  numericStability,
  populationStability,
} from "../../../../domain/datasets/compare/drift.ts";
import {
  cdfOfCounts,
  cdfOfProfile,
  quantileOf,
  shareBelow,
  shareUpTo,
  type Cdf,
} from "../../../../domain/datasets/profile/cdf.ts";
import { newProfiler, type Profiler } from "../../../../domain/datasets/profile/profiler.ts";
import type { Cell } from "../../../../domain/datasets/table.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { field } from "../support/memory-table.ts";

function exact(values: readonly number[]): Cdf {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return cdfOfCounts([...counts].sort((a, b) => a[0] - b[0]));
}

function profilerOf(cells: Cell[], type: "float64" | "string" = "float64", name = "x"): Profiler {
  const profiler = newProfiler({ fields: [field(name, type)] });
  profiler.add({ rows: cells.length, columns: [cells] });
  return profiler;
}

const values = array(
  double({ min: -5, max: 5, noNaN: true }).map((one) => Math.round(one * 2) / 2 + 0),
  { minLength: 1 },
);
const shareOf = (list: readonly number[], isIn: (value: number) => boolean): number =>
  list.filter(isIn).length / list.length;

describe("a distribution of counted values", () => {
  it("has the shares and quantiles of its values", () => {
    assert(
      property(
        values,
        double({ min: -6, max: 6, noNaN: true }),
        double({ min: 0.001, max: 1, noNaN: true }),
        (list, near, q) => {
          const cdf = exact(list);
          for (const at of [Math.round(near), ...list]) {
            expect(shareUpTo(cdf, at)).toBeCloseTo(
              shareOf(list, (value) => value <= at),
              12,
            );
            expect(shareBelow(cdf, at)).toBeCloseTo(
              shareOf(list, (value) => value < at),
              12,
            );
          }
          const sorted = list.toSorted((a, b) => a - b);
          expect(quantileOf(cdf, q)).toBe(sorted.find((_, at) => (at + 1) / list.length >= q));
        },
      ),
    );
  });
});

describe("the Kolmogorov-Smirnov distance", () => {
  it("is the greatest difference of shares, exactly where values are counted", () => {
    assert(
      property(values, values, (a, b) => {
        const all = [...a, ...b].map((at) =>
          Math.abs(shareOf(a, (value) => value <= at) - shareOf(b, (value) => value <= at)),
        );
        const found = kolmogorovSmirnovDistance(exact(a), exact(b));
        expect(found?.value).toBeCloseTo(Math.max(...all), 12);
        expect(found?.within).toBeLessThan(1e-12);
      }),
    );
  });

  it("of sketches and of finished profiles is within what they say of it", () => {
    const random = seededRandom("drift");
    const draw = (shift: number): number[] =>
      Array.from({ length: 20_000 }, () => 1000 + shift + random.normal());
    const [a, b] = [draw(0), draw(0.4)];
    const [before, after] = [profilerOf(a), profilerOf(b)];
    const sorted = [a, b].map((list) => Float64Array.from(list).sort());
    const share = (list: Float64Array | undefined, at: number): number => {
      let [low, high] = [0, list?.length ?? 0];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((list?.[middle] ?? 0) <= at) low = middle + 1;
        else high = middle;
      }
      return low / 20_000;
    };
    const distance = Math.max(
      ...[...a, ...b].map((at) => Math.abs(share(sorted[0], at) - share(sorted[1], at))),
    );
    const fine = kolmogorovSmirnovDistance(before.cdf("x") ?? [], after.cdf("x") ?? []);
    expect(Math.abs((fine?.value ?? NaN) - distance)).toBeLessThan(0.005);
    expect(fine?.within).toBeLessThan(0.02);
    const [p, q] = [before.finish()[0], after.finish()[0]];
    const coarse = kolmogorovSmirnovDistance(
      (p && cdfOfProfile(p)) ?? [],
      (q && cdfOfProfile(q)) ?? [],
    );
    expect(Math.abs((coarse?.value ?? NaN) - distance)).toBeLessThan(0.02);
    expect(Math.abs((coarse?.value ?? NaN) - distance)).toBeLessThan(coarse?.within ?? 0);
  });

  it("sees a step that a line leads up to", () => {
    const line: Cdf = [
      [0, 0],
      [1, 1],
    ];
    expect(kolmogorovSmirnovDistance(line, exact([1]))).toEqual({ value: 1, within: 1 });
  });

  it("is none without values", () => {
    expect(kolmogorovSmirnovDistance([], exact([1]))).toBeNull();
    expect(numericStability({ cdf: [], count: 0 }, { cdf: exact([1]), count: 1 })).toBeNull();
  });
});

describe("the population stability index", () => {
  it("is what its formula gives", () => {
    // (0.3 - 0.5) ln(0.3 / 0.5) + (0.7 - 0.5) ln(0.7 / 0.5), with half an observation added to bins of a million
    expect(populationStability([500_000, 500_000], [300_000, 700_000])).toBeCloseTo(0.16946, 4);
    expect(populationStability([5, 5], [50, 50])).toBe(0);
    expect(populationStability([10, 0], [0, 10])).toBeGreaterThan(4);
  });

  it("of numbers is symmetric in direction of the shift and grows with it", () => {
    const random = seededRandom(3);
    const base = Array.from({ length: 4000 }, () => Math.round(random.normal() * 100));
    const moved = (by: number) => ({
      cdf: exact(base.map((value) => value + by)),
      count: base.length,
    });
    const index = (by: number): number => numericStability(moved(0), moved(by)) ?? NaN;
    expect(index(0)).toBeCloseTo(0, 12);
    expect(index(20)).toBeLessThan(0.1);
    expect(index(100)).toBeGreaterThan(0.25);
    expect(Math.abs(index(50) - index(-50))).toBeLessThan(0.1 * index(50));
  });
});

describe("two profiles", () => {
  it("tell of means, nulls, distinct values and categories", () => {
    const [before, after] = [
      profilerOf([1, 2, 3, null]).finish(),
      profilerOf([2, 3, 4, 4]).finish(),
    ];
    const [change] = compareProfiles(before, after).columns;
    expect(change).toMatchObject({
      column: "x",
      nulls: { before: 0.25, after: 0 },
      mean: { before: 2, after: 3.25 },
      standardised_mean_change: 1.25,
      distinct: { before: 3, after: 3, is_exact: true },
      categories: { added: [4], lost: [1] },
    });
    expect(change?.kolmogorov_smirnov?.value).toBeCloseTo(0.5, 1);
  });

  it("tell of categories of text, and of their shares", () => {
    const [before, after] = [
      profilerOf(["a", "a", "b"], "string").finish(),
      profilerOf(["b", "b", "c"], "string").finish(),
    ];
    const [change] = compareProfiles(before, after).columns;
    expect(change).toMatchObject({
      categories: { added: ["c"], lost: ["a"] },
      mean: null,
      kolmogorov_smirnov: null,
    });
    // Shares of a, b, c with half an observation more each: 2.5, 1.5, 0.5 and 0.5, 2.5, 1.5 of 4.5.
    const [p, q] = [
      [2.5, 1.5, 0.5],
      [0.5, 2.5, 1.5],
    ];
    const expected = p.reduce(
      (sum, was, at) => sum + (((q[at] ?? 0) - was) / 4.5) * Math.log((q[at] ?? 0) / was),
      0,
    );
    expect(change?.population_stability_index).toBeCloseTo(expected, 12);
  });

  it("do not tell of categories that they do not all name", () => {
    const many = Array.from({ length: 50 }, (_, at) => `v${at}`);
    const [before, after] = [
      profilerOf(many, "string").finish(),
      profilerOf(["v1"], "string").finish(),
    ];
    expect(compareProfiles(before, after).columns[0]?.categories).toBeNull();
  });

  it("name columns that only one has, and put first what moved most", () => {
    const of = (cells: [string, Cell[]][]) =>
      cells.flatMap(([name, list]) => profilerOf(list, "float64", name).finish());
    const numbers = Array.from({ length: 100 }, (_, at) => at);
    const before = of([
      ["gone", [1]],
      ["still", numbers],
      ["moved", numbers],
    ]);
    const after = of([
      ["moved", numbers.map((one) => one + 80)],
      ["still", numbers],
      ["new", [1]],
    ]);
    const found = compareProfiles(before, after);
    expect([found.added, found.removed, found.columns.map(({ column }) => column)]).toEqual([
      ["new"],
      ["gone"],
      ["moved", "still"],
    ]);
  });

  it("of nothing but nulls have no distances", () => {
    const [before, after] = [profilerOf([null]).finish(), profilerOf([]).finish()];
    expect(compareProfiles(before, after).columns[0]).toMatchObject({
      population_stability_index: null,
      kolmogorov_smirnov: null,
      mean: null,
      nulls: { before: 1, after: 0 },
    });
  });
});
