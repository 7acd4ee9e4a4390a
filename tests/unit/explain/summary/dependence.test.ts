import { describe, expect, test } from "vitest";
import { dependenceOn } from "../../../../domain/explain/summary/dependence.ts";
import { interactionStrength } from "../../../../domain/explain/summary/interaction-strength.ts";
import { smoothedTrend } from "../../../../domain/explain/summary/smoothed-trend.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { FIRST, tableOfValues, VECTORS } from "./support/tables.ts";

/** Explanations of x0 + x0 * x2, whose Shapley values are known, by features that are normal. */
function planted(rows: number, seed: string) {
  const random = seededRandom(seed);
  const inputs = Array.from({ length: rows }, () => [0, 1, 2].map(() => random.normal()));
  const values = inputs.map(([x0 = 0, , x2 = 0]) => [x0 + (x0 * x2) / 2, 0, (x0 * x2) / 2]);
  return tableOfValues(values, (at) => ({ features: inputs[at] ?? [] }));
}

describe("the dependence of a feature", () => {
  test("has a point for each row, with the value of the feature that interacts", () => {
    const table = planted(200, "dependence");
    const { points, interaction, missing } = dependenceOn(table, { feature: "f0" });
    expect(interaction).toMatchObject({ feature: "f2", measure: "variance_explained" });
    expect(interaction?.strength).toBeGreaterThan(0.9);
    expect(missing).toBe(0);
    expect(points).toHaveLength(200);
    expect(points[7]).toEqual({
      row: 7,
      value: table.features?.[21],
      contribution: table.values[21],
      interaction_value: table.features?.[23],
    });
  });

  test("takes the interaction feature that is named, or none", () => {
    const table = planted(100, "named");
    const named = dependenceOn(table, { feature: "f0", interaction_feature: "f1" });
    expect(named.interaction?.feature).toBe("f1");
    expect(named.points[3]?.interaction_value).toBe(table.features?.[10]);
    const none = dependenceOn(table, { feature: "f0", interaction_feature: null });
    expect(none.interaction).toBeNull();
    expect(none.points[3]?.interaction_value).toBeNull();
  });

  test("goes by interaction values where explanations carry them", () => {
    const interactions = [0, 3, 1, 3, 0, 0, 1, 0, 0];
    const table = tableOfValues(
      Array.from({ length: 5 }, () => [4, 3, 1]),
      (at) => ({ features: [at, at, at], interactions }),
    );
    expect(dependenceOn(table, { feature: "f0" }).interaction).toEqual({
      feature: "f1",
      strength: 3,
      measure: "interaction_values",
    });
  });

  test("leaves rows out that lack a value, and says how many", () => {
    const table = tableOfValues(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      (at) => ({
        features: [at === 0 ? null : at, at === 1 ? null : at],
      }),
    );
    const { points, missing } = dependenceOn(table, { feature: "f0", interaction_feature: "f1" });
    expect(missing).toBe(1);
    expect(points.map(({ row, interaction_value }) => [row, interaction_value])).toEqual([
      [1, null],
      [2, 2],
    ]);
  });

  test("refuses a feature that is not there, and players without values", () => {
    const table = planted(10, "refused");
    expect(() => dependenceOn(table, { feature: "age" })).toThrow(/no feature 'age'/);
    expect(() => dependenceOn(table, { feature: "f0", interaction_feature: "age" })).toThrow(/age/);
    expect(() => dependenceOn(tableOfValues(FIRST), { feature: "f0" })).toThrow(
      /values of features/,
    );
    const empty = tableOfValues([[1]], () => ({ features: [null] }));
    expect(() => dependenceOn(empty, { feature: "f0" })).toThrow(/no row has a value/);
  });
});

describe("the strength of an interaction", () => {
  const random = seededRandom("strength");
  const draw = (count: number) => Float64Array.from({ length: count }, () => random.normal());
  const x = draw(2_000);
  const z = draw(2_000);

  test("is the share of variance that the other feature explains", () => {
    const noise = draw(2_000);
    const y = x.map((value, at) => value + (z[at] ?? 0) + (noise[at] ?? 0));
    expect(interactionStrength(x, z, y)).toBeCloseTo(0.5, 1);
  });

  test("is about 0 for a feature that has nothing to do with it, however few the rows", () => {
    let sum = 0;
    for (let sample = 0; sample < 300; sample += 1)
      sum += interactionStrength(draw(60), draw(60), draw(60));
    expect(sum / 300).toBeLessThan(0.06);
  });

  test("is not taken in by a feature that only follows the first", () => {
    const twin = x.map((value) => 3 * value + 1);
    const y = x.map((value) => value ** 3);
    expect(interactionStrength(x, twin, y)).toBe(0);
  });

  test("is exactly 0 where the feature alone explains the contribution, or nothing varies", () => {
    const y = x.map((value) => 2 * value - 1);
    expect(interactionStrength(x, z, y)).toBe(0);
    expect(
      interactionStrength(
        x,
        z,
        x.map(() => 0.1),
      ),
    ).toBe(0);
    expect(
      interactionStrength(
        x,
        x.map(() => 1e7 + 0.1),
        z,
      ),
    ).toBe(0);
  });

  test("is the same in whatever numbers the values are written", () => {
    const noise = draw(2_000);
    const [whole, written] = [
      [0, 1],
      [0.1, 0.7],
    ].map(([low = 0, high = 0]) => x.map((value) => (value > 0 ? high : low))) as [
      Float64Array,
      Float64Array,
    ];
    const y = whole.map((value, at) => value * (z[at] ?? 0) + (noise[at] ?? 0));
    expect(interactionStrength(written, z, y)).toBeCloseTo(interactionStrength(whole, z, y), 12);
  });

  test("is found for features of few values too", () => {
    const two = x.map((value) => (value > 0 ? 1 : 0));
    const y = two.map((value, at) => value * (z[at] ?? 0));
    expect(interactionStrength(two, z, y)).toBeCloseTo(1, 2);
  });
});

describe("the smoothed trend", () => {
  const x = Float64Array.from(FIRST, ([first = 0]) => first);
  const y = Float64Array.from(FIRST, ([first = 0, second = 0]) => second + first ** 2 / 2);

  test("is the weighted regression that NumPy fits", () => {
    const trend = smoothedTrend(x, y);
    expect(trend).toHaveLength(VECTORS.trend.length);
    for (const [at, [value, mean]] of VECTORS.trend.entries()) {
      expect(trend[at]?.value).toBeCloseTo(value, 9);
      expect(trend[at]?.mean).toBeCloseTo(mean, 9);
      for (const [end, expected] of VECTORS.trend_bands[at]?.entries() ?? [])
        expect(trend[at]?.band?.[end]).toBeCloseTo(expected, 9);
    }
  });

  test("follows a line exactly, with a band of no width", () => {
    for (const { value, mean, band } of smoothedTrend(
      x,
      x.map((at) => 3 * at - 1),
    )) {
      expect(mean).toBeCloseTo(3 * value - 1, 9);
      expect(band?.[0]).toBeCloseTo(mean, 9);
      expect(band?.[1]).toBeCloseTo(mean, 9);
    }
  });

  test("is the mean at each value of a feature of few values, with its interval by Student's t", () => {
    const trend = smoothedTrend(Float64Array.of(1, 0, 1, 0, 1), Float64Array.of(4, 1, 6, 3, 8));
    expect(trend.map(({ value, mean }) => [value, mean])).toEqual([
      [0, 2],
      [1, 6],
    ]);
    // 4.302652729911275 is the 97.5th percentile of t with 2 degrees of freedom.
    expect(trend[1]?.band?.[1]).toBeCloseTo(6 + (4.302652729911275 * 2) / Math.sqrt(3), 9);
  });

  test("is finite where most values are one and the same", () => {
    const many = Float64Array.from({ length: 100 }, (_, at) => (at < 70 ? 0 : at));
    for (const { mean, band } of smoothedTrend(many, many.map(Math.sqrt))) {
      expect(Number.isFinite(mean)).toBe(true);
      for (const end of band ?? []) expect(Number.isFinite(end)).toBe(true);
    }
  });

  test("has a band that holds the mean in 95 % of samples at a place, though the variance is not even", () => {
    const random = seededRandom("band");
    let [held, places] = [0, 0];
    for (let sample = 0; sample < 150; sample += 1) {
      const x = Float64Array.from({ length: 120 }, () => random.uniform());
      const y = x.map((at) => 2 * at + (0.2 + at) * random.normal());
      for (const { value, band } of smoothedTrend(x, y)) {
        places += 1;
        if (band && band[0] <= 2 * value && 2 * value <= band[1]) held += 1;
      }
    }
    expect(held / places).toBeGreaterThan(0.92);
    expect(held / places).toBeLessThan(0.98);
  });
});
