import { describe, expect, test } from "vitest";
import { attributionDrift, ndcgOf } from "../../../../domain/explain/summary/attribution-drift.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { FIRST, randomTable, SECOND, tableOfValues, VECTORS } from "./support/tables.ts";

const SCALES = [5, 3, 2, 1, 0.5, 0.1];

describe("drift of attributions", () => {
  test("has SciPy's Welch test, scikit-learn's NDCG and the total variation", () => {
    const drift = attributionDrift(tableOfValues(FIRST), tableOfValues(SECOND), {
      random: seededRandom(1),
    });
    for (const [at, { p, low, high }] of VECTORS.welch.entries()) {
      expect(drift.features[at]?.p_value).toBeCloseTo(p, 12);
      expect(drift.features[at]?.interval?.[0]).toBeCloseTo(low, 9);
      expect(drift.features[at]?.interval?.[1]).toBeCloseTo(high, 9);
    }
    expect(drift.ndcg).toBeCloseTo(VECTORS.ndcg, 12);
    expect(drift.total_variation).toBeCloseTo(VECTORS.total_variation, 12);
    expect(drift.features[1]?.ratio).toBeCloseTo(
      (drift.features[1]?.live ?? 0) / (VECTORS.mean[1] ?? 0),
      9,
    );
  });

  test("is none between a table and itself", () => {
    const table = tableOfValues(FIRST);
    const drift = attributionDrift(table, table, { random: seededRandom(1) });
    expect(drift).toMatchObject({
      ndcg: 1,
      ndcg_p_value: 1,
      total_variation: 0,
      total_variation_p_value: 1,
      drifted: false,
      reasons: [],
    });
    expect(drift.features.every(({ adjusted_p_value }) => adjusted_p_value === 1)).toBe(true);
  });

  test("is found where two features trade places", () => {
    const random = seededRandom("traded");
    const [baseline, live] = [SCALES, [0.1, 3, 2, 1, 0.5, 5]].map((scales) =>
      randomTable(random, 100, scales),
    ) as [ReturnType<typeof randomTable>, ReturnType<typeof randomTable>];
    const drift = attributionDrift(baseline, live, { random });
    expect(drift.reasons).toEqual(["feature_changed", "shares_changed", "order_changed"]);
    expect(drift.ndcg).toBeLessThan(0.9);
    expect(drift.features.map(({ adjusted_p_value: p }) => (p ?? 1) < 0.001)).toEqual([
      true,
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  test("where all contributions grow alike, features have changed and shares have not", () => {
    const random = seededRandom("grown");
    const drift = attributionDrift(
      randomTable(random, 150, SCALES),
      randomTable(
        random,
        150,
        SCALES.map((scale) => 2 * scale),
      ),
      { random },
    );
    expect(drift.reasons).toEqual(["feature_changed"]);
  });

  test("an order counts as changed only below the limit, however certain the change", () => {
    const random = seededRandom("slightly");
    const [baseline, live] = [SCALES, [5, 3, 2, 0.5, 1, 0.1]].map((scales) =>
      randomTable(random, 150, scales),
    ) as [ReturnType<typeof randomTable>, ReturnType<typeof randomTable>];
    const drift = attributionDrift(baseline, live, { random });
    expect(drift.ndcg).toBeGreaterThan(0.95);
    expect(drift.ndcg_p_value).toBeLessThan(0.01);
    expect(drift.reasons).not.toContain("order_changed");
    const strict = attributionDrift(baseline, live, { random, ndcg_limit: 0.999 });
    expect(strict.reasons).toContain("order_changed");
  });

  test("is claimed without cause in 5 % of comparisons at most", () => {
    const random = seededRandom("false alarms");
    let alarms = 0;
    for (let comparison = 0; comparison < 300; comparison += 1) {
      const drift = attributionDrift(
        randomTable(random, 40, SCALES),
        randomTable(random, 30, SCALES),
        {
          random,
          permutations: 199,
        },
      );
      if (drift.drifted) alarms += 1;
    }
    expect(alarms / 300).toBeLessThan(0.075);
    expect(alarms / 300).toBeGreaterThan(0.005);
  });

  test("keeps quiet about an order of features that all matter alike", () => {
    const random = seededRandom("alike");
    const scales = Array.from({ length: 12 }, () => 1);
    const drift = attributionDrift(randomTable(random, 5, scales), randomTable(random, 5, scales), {
      random,
    });
    expect(drift.reasons).not.toContain("order_changed");
  });

  test("is the same for the same seed", () => {
    const [baseline, live] = [tableOfValues(FIRST), tableOfValues(SECOND)];
    const once = () => attributionDrift(baseline, live, { random: seededRandom("again") });
    expect(once()).toEqual(once());
  });

  test("has finite numbers where a feature never contributes", () => {
    const still = (values: number[][]) => tableOfValues(values);
    const drift = attributionDrift(
      still([
        [0, 1],
        [0, 2],
      ]),
      still([
        [0, 2],
        [0, 4],
      ]),
      {
        random: seededRandom(1),
      },
    );
    expect(drift.features[0]).toMatchObject({ ratio: null, p_value: null, interval: null });
    const none = attributionDrift(
      still([
        [0, 0],
        [0, 0],
      ]),
      still([
        [0, 0],
        [0, 0],
      ]),
      {
        random: seededRandom(1),
      },
    );
    expect(none).toMatchObject({ ndcg: 1, total_variation: 0, drifted: false });
  });

  test("is refused for other features, too few rows and too few permutations", () => {
    const random = seededRandom(1);
    const table = tableOfValues(FIRST);
    expect(() => attributionDrift(table, tableOfValues([[1], [2]]), { random })).toThrow(
      /features/,
    );
    expect(() => attributionDrift(table, tableOfValues([[1, 2, 3, 4, 5]]), { random })).toThrow(
      /two/,
    );
    expect(() => attributionDrift(table, table, { random, permutations: 50 })).toThrow(
      /60 or more/,
    );
  });
});

test("the discounted gain of an order is worked out by hand", () => {
  const [third, second] = [1 / Math.log2(4), 1 / Math.log2(3)];
  const found = ndcgOf(Float64Array.of(3, 2, 1), Float64Array.of(1, 2, 3));
  expect(found).toBeCloseTo((1 + 2 * second + 3 * third) / (3 + 2 * second + third), 12);
});
