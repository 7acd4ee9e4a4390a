import { describe, expect, test } from "vitest";
import {
  aggregateImportance,
  IMPORTANCE_MEASURES,
} from "../../../../domain/explain/summary/aggregate-importance.ts";
import { quantileInterval } from "../../../../domain/explain/summary/column-statistics.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { FIRST, randomTable, tableOfValues, VECTORS } from "./support/tables.ts";

describe("the importance of features over many rows", () => {
  test.each(IMPORTANCE_MEASURES)("%s is NumPy's", (measure) => {
    const { features } = aggregateImportance(tableOfValues(FIRST), measure);
    for (const { feature, importance } of features)
      expect(importance).toBeCloseTo(VECTORS[measure][Number(feature.slice(1))] ?? 0, 12);
  });

  test("the most important feature comes first", () => {
    const { features } = aggregateImportance(
      tableOfValues([
        [1, -5, 0],
        [2, 4, 0],
      ]),
    );
    expect(features.map(({ feature }) => feature)).toEqual(["f1", "f0", "f2"]);
    expect(features[0]).toMatchObject({ importance: 4.5, mean_contribution: -0.5 });
  });

  test("the interval of a mean is SciPy's, and ends at 0", () => {
    const { features } = aggregateImportance(tableOfValues(FIRST));
    for (const { feature, interval } of features) {
      const [low = 0, high = 0] = VECTORS.mean_intervals[Number(feature.slice(1))] ?? [];
      expect(interval?.[0]).toBeCloseTo(Math.max(0, low), 9);
      expect(interval?.[1]).toBeCloseTo(high, 9);
    }
    const [lopsided] = aggregateImportance(tableOfValues([[0], [0], [9]])).features;
    expect(lopsided?.interval?.[0]).toBe(0);
    expect(lopsided?.mean_contribution_interval?.[0]).toBeLessThan(0);
  });

  test("one row has no intervals, and a maximum never has one", () => {
    const [alone] = aggregateImportance(tableOfValues([[3]])).features;
    expect(alone).toMatchObject({
      importance: 3,
      interval: null,
      mean_contribution_interval: null,
    });
    for (const { interval } of aggregateImportance(tableOfValues(FIRST), "max").features)
      expect(interval).toBeNull();
  });
});

describe("the interval of a quantile", () => {
  test.each(Object.entries(VECTORS.median_interval_ranks))(
    "of the median of %s rows lies between the ranks that the binomial distribution gives",
    (count, ranks) => {
      const sorted = Float64Array.from({ length: Number(count) }, (_, at) => at + 1);
      expect(quantileInterval(sorted, 0.5)).toEqual(ranks);
    },
  );

  test("of the 95th percentile needs 72 rows, since 0.95^72 is the first power below 0.025", () => {
    const sorted = (count: number): Float64Array =>
      Float64Array.from({ length: count }, (_, at) => at);
    expect(quantileInterval(sorted(71), 0.95)).toBeNull();
    expect(quantileInterval(sorted(72), 0.95)).not.toBeNull();
  });
});

test("95 % intervals hold what they are for in 95 % of samples, give or take", () => {
  const random = seededRandom("coverage of importances");
  // |gamma(2)| has the mean 2; its median solves 1 - e^-x (1 + x) = 1/2.
  const truth = { mean: 2, median: 1.6783469900166605 };
  const held = { mean: 0, median: 0 };
  const samples = 1_000;
  for (let sample = 0; sample < samples; sample += 1) {
    const table = randomTable(random, 60, [1]);
    for (const measure of ["mean", "median"] as const) {
      const [low, high] = aggregateImportance(table, measure).features[0]?.interval ?? [0, 0];
      if (low <= truth[measure] && truth[measure] <= high) held[measure] += 1;
    }
  }
  expect(held.mean / samples).toBeGreaterThan(0.925);
  expect(held.mean / samples).toBeLessThan(0.97);
  expect(held.median / samples).toBeGreaterThan(0.94);
  expect(held.median / samples).toBeLessThan(0.985);
});
