import { array, assert, double, integer, oneof, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { CellHash } from "../../../../domain/datasets/profile/cell-hash.ts";
import { DyadicGrid } from "../../../../domain/datasets/profile/dyadic-grid.ts";
import { HyperLogLog } from "../../../../domain/datasets/profile/hyperloglog.ts";
import { MagnitudeSketch } from "../../../../domain/datasets/profile/magnitude-sketch.ts";
import { limitsFor } from "../../../../domain/datasets/profile/profile-limits.ts";
import { ValueCounter } from "../../../../domain/datasets/profile/value-counter.ts";
import {
  addToMoments,
  mergeWideMoments,
  noWideMoments,
  summaryOf,
} from "../../../../domain/datasets/profile/wide-moments.ts";
import { binOf } from "../../../../domain/statistics/quantile-sketch.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";

const finite = oneof(
  double({ noNaN: true, noDefaultInfinity: true }),
  double({ min: -10, max: 10, noNaN: true }),
  integer({ min: -5, max: 5 }),
);

describe("a grid", () => {
  const gridOf = (values: readonly number[], blocks: number): DyadicGrid => {
    const grid = new DyadicGrid(16);
    for (let from = 0; from < values.length; from += blocks) {
      const part = values.slice(from, from + blocks);
      grid.addAll(Float64Array.from(part), part.length, Math.min(...part), Math.max(...part));
    }
    return grid;
  };

  it("counts every value in the cell that holds it, in at most as many cells as it may have", () => {
    assert(
      property(array(finite, { minLength: 1, maxLength: 40 }), (values) => {
        const cells = gridOf(values, 3).cells();
        const [first, last] = [cells[0]?.index ?? 0, cells.at(-1)?.index ?? 0];
        expect(last - first).toBeLessThan(16);
        for (const { from, to, count } of cells) {
          const isLast = to === Number.MAX_VALUE;
          const inside = values.filter((value) => value >= from && (value < to || isLast));
          expect(inside).toHaveLength(count);
        }
        expect(cells.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
      }),
    );
  });

  it("is the same for any order, blocks and parts", () => {
    const lists = array(finite, { minLength: 1, maxLength: 20 });
    assert(
      property(lists, lists, integer({ min: 1, max: 5 }), (left, right, blocks) => {
        const merged = gridOf(left, blocks);
        merged.merge(gridOf(right, blocks));
        expect(merged.cells()).toEqual(gridOf([...right, ...left].toSorted(), 4).cells());
      }),
    );
  });
});

describe("a sketch of magnitudes", () => {
  it("keeps the highest bins apart and all others in the lowest of them, in any order", () => {
    const magnitude = oneof(
      double({ min: -9, max: 300, noNaN: true }),
      integer({ min: 0, max: 3 }),
    );
    assert(
      property(
        array(magnitude.map((exponent) => 10 ** exponent)),
        array(double({ min: 0, max: 9, noNaN: true })),
        (left, right) => {
          const bins = [...left, ...right].map(binOf);
          const lowest = Math.max(0, Math.max(-1, ...bins) - 63);
          const counts = new Map<number, number>();
          for (const bin of bins) {
            const kept = Math.max(bin, lowest);
            counts.set(kept, (counts.get(kept) ?? 0) + 1);
          }
          const [sketch, other] = [new MagnitudeSketch(64), new MagnitudeSketch(64)];
          for (const value of left) sketch.add(value);
          for (const value of right) other.add(value);
          sketch.merge(MagnitudeSketch.of(other.state()));
          expect(sketch.bins()).toEqual([...counts].sort((a, b) => a[0] - b[0]));
        },
      ),
    );
  });
});

describe("an estimate of distinct values", () => {
  it.each([0, 1, 10, 300, 3000, 20_000, 100_000])(
    "of %d is within four standard errors of 1.6 %%",
    (count) => {
      const random = seededRandom(`distinct ${count}`);
      const estimator = new HyperLogLog();
      for (let at = 0; at < count; at++)
        estimator.add(random.integer(2 ** 32), random.integer(2 ** 32));
      expect(Math.abs(estimator.estimate() - count)).toBeLessThanOrEqual(0.065 * count);
    },
  );
});

describe("a counter of values", () => {
  it("counts none too often, and misses no more than it says", () => {
    assert(
      property(
        array(integer({ min: 0, max: 60 }), { maxLength: 200, size: "max" }),
        integer({ min: 0, max: 400 }),
        (values, cut) => {
          const [counter, other] = [new ValueCounter(16), new ValueCounter(16)];
          for (const value of values.slice(0, cut)) counter.add(value);
          for (const value of values.slice(cut)) other.add(value);
          counter.merge(ValueCounter.of(other.state()));
          const truth = new Map<number, number>();
          for (const value of values) truth.set(value, (truth.get(value) ?? 0) + 1);
          const held = new Map(counter.entries().map(({ key, count }) => [key, count]));
          expect(held.size).toBeLessThanOrEqual(16);
          for (const [value, count] of truth) {
            expect(held.get(value) ?? 0).toBeLessThanOrEqual(count);
            expect((held.get(value) ?? 0) + counter.missed).toBeGreaterThanOrEqual(count);
          }
          expect(counter.isExact).toBe(truth.size <= 16);
          if (counter.isExact) expect(counter.distinct()).toBe(truth.size);
          for (const { key, count } of counter.top(3))
            for (const [value, other] of truth)
              if (!held.has(value)) expect([key, count > other]).toEqual([key, true]);
        },
      ),
    );
  });
});

describe("moments of any numbers", () => {
  const of = (values: readonly number[]) =>
    addToMoments(noWideMoments, Float64Array.from(values), values.length);

  it("keep their digits beside a large mean, and at any magnitude", () => {
    expect(summaryOf(of([1e9 + 1, 1e9 + 2, 1e9 + 3]))).toEqual({
      mean: 1e9 + 2,
      standard_deviation: 1,
    });
    expect(summaryOf(of([1e200, 3e200])).standard_deviation).toBeCloseTo(Math.SQRT2 * 1e200, -188);
    expect((summaryOf(of([1e-200, 3e-200])).standard_deviation ?? 0) / 1e-200).toBeCloseTo(
      Math.SQRT2,
      14,
    );
    expect((summaryOf(of([1e-200, 3e-200, 0])).mean ?? 0) / 1e-200).toBeCloseTo(4 / 3, 14);
    expect((summaryOf(of([1.7e308, 1.7e308])).mean ?? 0) / 1.7e308).toBeCloseTo(1, 14);
    expect((summaryOf(of([1e139, 1e141])).mean ?? 0) / 5.05e140).toBeCloseTo(1, 14);
    expect(
      (summaryOf(of([1e139, 1e141])).standard_deviation ?? 0) / 7.000357133746822e140,
    ).toBeCloseTo(1, 14);
  });

  it("have none where there are too few", () => {
    expect(summaryOf(noWideMoments)).toEqual({});
    expect(summaryOf(of([7]))).toEqual({ mean: 7 });
    expect(summaryOf(of([0, 0]))).toEqual({ mean: 0, standard_deviation: 0 });
  });

  it("merge", () => {
    expect(summaryOf(mergeWideMoments(of([1, 2]), of([3])))).toEqual({
      mean: 2,
      standard_deviation: 1,
    });
  });
});

describe("a hash", () => {
  it("tells 100,000 near values apart, by either half nearly", () => {
    const hash = new CellHash(1);
    const [both, high] = [new Set<string>(), new Set<number>()];
    for (let at = 0; at < 100_000; at++) {
      hash.begin();
      if (at % 2 === 0) hash.number(at);
      else hash.text(`row ${at}`);
      hash.end();
      both.add(`${hash.high} ${hash.low}`);
      high.add(hash.high);
    }
    expect(both.size).toBe(100_000);
    // 100,000^2 / 2^33 = 1.2 collisions of 32 bits are expected
    expect(100_000 - high.size).toBeLessThan(20);
  });

  it("is another with another seed", () => {
    const hashes = [1, 2].map((seed) => {
      const hash = new CellHash(seed);
      hash.text("a");
      hash.end();
      return hash.number53;
    });
    expect(hashes[0]).not.toBe(hashes[1]);
  });
});

describe("what a profile may hold", () => {
  it("is less the more columns there are", () => {
    expect(
      [1, 16, 17, 64, 65, 400, 401, 2000].map((columns) => limitsFor(columns).distinct),
    ).toEqual([4096, 4096, 2048, 2048, 512, 512, 128, 128]);
  });
});
