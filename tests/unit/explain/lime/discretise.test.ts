import { describe, expect, test } from "vitest";
import { binBounds, binOf, ruleOf } from "../../../../domain/explain/lime/discretise.ts";
import {
  spreadOf,
  trainingColumn,
  weightedQuantile,
  type TrainingColumn,
} from "../../../../domain/explain/lime/training-column.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import vectors from "../../vectors/explain/lime-tabular.json";
import { tableLayout, tumours } from "./tables.ts";

const columnOf = (values: readonly number[], weights?: readonly number[]): TrainingColumn =>
  trainingColumn(
    tableLayout(1),
    {
      rows: Float64Array.from(values),
      count: values.length,
      weights: Float64Array.from(weights ?? values.map(() => 1 / values.length)),
    },
    0,
  );

describe("the bins are lime's", () => {
  const { layout, training, labels } = tumours();

  test.each(["quartile", "decile", "entropy"] as const)("%s of 30 measurements", (discretiser) => {
    const expected = vectors.discretisers[discretiser];
    for (const [index, bounds] of expected.bounds.entries()) {
      const found = binBounds(trainingColumn(layout, training, index), discretiser, labels);
      expect(found).toHaveLength(bounds.length);
      for (const [at, bound] of bounds.entries())
        expect(Math.abs((found[at] ?? 0) / bound - 1)).toBeLessThan(1e-14);
      expect(binOf(found, training.rows[index] ?? 0)).toBe(expected.bins_of_row_0[index]);
    }
  });

  test("mean and deviation in each quartile", () => {
    const { bounds, means, deviations } = vectors.discretisers.quartile;
    for (const [index, of] of bounds.entries()) {
      const column = trainingColumn(layout, training, index);
      const startOf = (bin: number): number =>
        column.values.filter((value) => binOf(Float64Array.from(of), value) < bin).length;
      for (let bin = 0; bin <= of.length; bin += 1) {
        const spread = spreadOf(column, startOf(bin), startOf(bin + 1));
        expect(spread.mean / (means[index]?.[bin] ?? 0)).toBeCloseTo(1, 9);
        expect(spread.deviation / (deviations[index]?.[bin] ?? 0)).toBeCloseTo(1, 7);
      }
    }
  });
});

describe("weights", () => {
  test("a row without weight is as good as absent", () => {
    expect(columnOf([5, 1, 9, 3], [0.5, 0.25, 0, 0.25])).toEqual({
      ...columnOf([5, 1, 3], [0.5, 0.25, 0.25]),
      rows: Int32Array.of(1, 3, 0),
    });
  });

  test("quantiles are pulled to the heavy rows, and rise from the least to the greatest value", () => {
    const random = seededRandom("quantiles");
    const values = Array.from({ length: 20 }, () => random.normal());
    const weights = values.map((value) => (value > 0 ? 0.9 : 0.1) * random.uniform());
    const heavy = columnOf(values, weights);
    const even = columnOf(values);
    const grid = Array.from({ length: 101 }, (_, at) => at / 100);
    const quantiles = grid.map((q) => weightedQuantile(heavy, q));
    expect(quantiles).toEqual(quantiles.toSorted((a, b) => a - b));
    expect([quantiles[0], quantiles[100]]).toEqual([Math.min(...values), Math.max(...values)]);
    expect(quantiles[50]).toBeGreaterThan(weightedQuantile(even, 0.5));
  });

  test("a quantile lies between the middles of the weights", () => {
    // The middles are 1, 1.5 apart: half of the way is 0.25 into the second gap.
    expect(weightedQuantile(columnOf([0, 1, 2], [1, 1, 2]), 0.5)).toBeCloseTo(1 + 0.25 / 1.5, 15);
  });

  test("a quantile that falls on a value is that value to the last bit", () => {
    const random = seededRandom("on a value");
    for (let trial = 0; trial < 200; trial += 1) {
      const values = Array.from({ length: 5 }, () => random.normal()).toSorted((a, b) => a - b);
      expect([...binBounds(columnOf(values), "quartile")]).toEqual(values.slice(1, 4));
    }
  });

  test("values that are equal do not spread, whatever their weights", () => {
    const random = seededRandom("equal values");
    for (let trial = 0; trial < 20; trial += 1) {
      const weights = Array.from({ length: 10 }, () => random.uniform());
      const equal = columnOf(
        weights.map(() => 0.1),
        weights,
      );
      expect(spreadOf(equal, 0, 10)).toMatchObject({ mean: 0.1, deviation: 0 });
    }
  });

  test("twice the weight has the mean and the deviation of two such rows", () => {
    const twice = spreadOf(columnOf([1, 2, 7], [0.25, 0.25, 0.5]), 0, 3);
    const two = spreadOf(columnOf([1, 2, 7, 7]), 0, 4);
    expect(twice.mean).toBeCloseTo(two.mean, 14);
    expect(twice.deviation).toBeCloseTo(two.deviation, 14);
  });

  test("a heavy row decides where the classes part", () => {
    const labels = [0, 1, 0, 1];
    const byWeight = (weights: readonly number[]): number | undefined =>
      binBounds(columnOf([1, 2, 3, 4], weights), "entropy", labels)[0];
    expect(byWeight([0.9, 0.1, 0, 0])).toBe(1.5);
    expect(byWeight([0, 0, 0.1, 0.9])).toBe(3.5);
  });
});

describe("bounds", () => {
  test("a column of one value has one bound, which is that value", () => {
    for (const discretiser of ["quartile", "decile", "entropy"] as const)
      expect([...binBounds(columnOf([4, 4, 4]), discretiser, [0, 1, 0])]).toEqual([4]);
  });

  test("entropy parts classes that a threshold tells apart, and stops there", () => {
    expect([...binBounds(columnOf([1, 2, 5, 6]), "entropy", [7, 7, 9, 9])]).toEqual([3.5]);
  });

  test("of splits that part equally well entropy takes the first, as scikit-learn does", () => {
    const values = Array.from({ length: 12 }, (_, at) => at);
    const alternating = values.map((value) => value % 2);
    expect([...binBounds(columnOf(values), "entropy", alternating)]).toEqual([0.5, 1.5, 2.5]);
  });

  test("entropy has no more than eight bins", () => {
    const random = seededRandom("tangled classes");
    const values = Array.from({ length: 200 }, (_, at) => at);
    const labels = values.map(() => random.integer(3));
    const bounds = binBounds(columnOf(values), "entropy", labels);
    expect(bounds.length).toBeGreaterThan(3);
    expect(bounds.length).toBeLessThanOrEqual(7);
  });

  test("entropy without classes is refused", () => {
    expect(() => binBounds(columnOf([1, 2]), "entropy")).toThrow(/needs the classes/u);
  });

  test("between neighbouring numbers the bound is the lower", () => {
    // Halfway would be rounded to the upper, and both would lie in one bin.
    const [low, high] = [1 + Number.EPSILON, 1 + 2 * Number.EPSILON];
    expect([...binBounds(columnOf([low, high]), "entropy", [0, 1])]).toEqual([low]);
  });
});

describe("rules", () => {
  const bounds = Float64Array.of(11.7, 13.37, 15.78);

  test.each([
    [11.7, "mean radius <= 11.7"],
    [12, "11.7 < mean radius <= 13.4"],
    [15.78, "13.4 < mean radius <= 15.8"],
    [15.8, "mean radius > 15.78"],
    [20, "mean radius > 15.8"],
  ])("%d", (value, rule) => {
    expect(ruleOf("mean radius", bounds, value)).toBe(rule);
  });

  test("bounds have as many digits as it takes for the rule to be true", () => {
    expect(ruleOf("x", Float64Array.of(1000.01, 1000.02), 1000.015)).toBe("1000.01 < x <= 1000.02");
    expect(ruleOf("x", bounds, 13.38)).toBe("13.37 < x <= 15.78");
  });

  test("every value lies in its bin, and its rule says so", () => {
    const random = seededRandom("rules");
    for (let trial = 0; trial < 200; trial += 1) {
      const ends = Float64Array.from({ length: 3 }, () => random.normal() * 1e-3).sort();
      const value = trial % 4 === 0 ? (ends[trial % 3] ?? 0) : random.normal() * 1e-3;
      const rule = ruleOf("x", ends, value);
      const [, low, high] = /^(?:(\S+) < )?x(?: <= (\S+))?/u.exec(rule) ?? [];
      const [, above] = /^x > (\S+)$/u.exec(rule) ?? [];
      expect(value, rule).toBeGreaterThan(Number(low ?? above ?? -Infinity));
      expect(value, rule).toBeLessThanOrEqual(Number(high ?? Infinity));
    }
  });
});
