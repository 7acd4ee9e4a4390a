import { expect, test } from "vitest";
import {
  correlatedContributions,
  meanInteractions,
} from "../../../../domain/explain/summary/interactions-of.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { FIRST, tableOfValues, VECTORS } from "./support/tables.ts";

test.each(["pearson", "spearman"] as const)(
  "the %s correlations are NumPy's and SciPy's",
  (which) => {
    const { strengths } = correlatedContributions(tableOfValues(FIRST), which);
    for (const [at, expected] of VECTORS[which].flat().entries())
      expect(strengths[at]).toBeCloseTo(expected, 12);
  },
);

test("a contribution that does not vary correlates with none, however it is rounded", () => {
  const { strengths } = correlatedContributions(
    tableOfValues(Array.from({ length: 9 }, (_, at) => [at, 0.1 + 0.2, 8 - 2 * at])),
  );
  expect(Array.from(strengths)).toEqual([
    1,
    0,
    expect.closeTo(-1, 12),
    0,
    1,
    0,
    expect.closeTo(-1, 12),
    0,
    1,
  ]);
});

test.each([
  ["pearson", "Fisher", () => 1],
  ["spearman", "Bonett and Wright", (r: number) => 1 + r ** 2 / 2],
] as const)(
  "by %s, pairs come strongest first, whatever their sign, with the interval of %s",
  (which, _, inflation) => {
    const { pairs } = correlatedContributions(tableOfValues(FIRST), which);
    const sizes = pairs.map(({ strength }) => Math.abs(strength));
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(pairs).toHaveLength(10);
    for (const { strength, interval } of pairs) {
      const half = 1.959963984540054 * Math.sqrt(inflation(strength) / 21);
      expect(interval?.[0]).toBeCloseTo(Math.tanh(Math.atanh(strength) - half), 12);
      expect(interval?.[1]).toBeCloseTo(Math.tanh(Math.atanh(strength) + half), 12);
    }
  },
);

test("the interval holds the correlation in 95 % of samples, give or take", () => {
  const random = seededRandom("correlation");
  const held = { pearson: 0, spearman: 0 };
  // The rank correlation of a normal pair (Pearson 1907).
  const truth = { pearson: 0.6, spearman: (6 / Math.PI) * Math.asin(0.3) };
  for (let sample = 0; sample < 600; sample += 1) {
    const table = tableOfValues(
      Array.from({ length: 40 }, () => {
        const x = random.normal();
        return [x, 0.6 * x + 0.8 * random.normal()];
      }),
    );
    for (const which of ["pearson", "spearman"] as const) {
      const [low, high] = correlatedContributions(table, which).pairs[0]?.interval ?? [0, 0];
      if (low <= truth[which] && truth[which] <= high) held[which] += 1;
    }
  }
  for (const count of Object.values(held)) {
    expect(count / 600).toBeGreaterThan(0.92);
    expect(count / 600).toBeLessThan(0.98);
  }
});

test("interaction values are averaged by size", () => {
  const interactions = [
    [1, -2, -2, 3],
    [1, 4, 4, -3],
  ];
  const table = tableOfValues(
    [
      [0, 0],
      [0, 0],
    ],
    (at) => ({ interactions: interactions[at] }),
  );
  const { strengths, pairs } = meanInteractions(table);
  expect(Array.from(strengths)).toEqual([1, 3, 3, 3]);
  expect(pairs).toEqual([{ features: ["f0", "f1"], strength: 3, interval: null }]);
});

test("there are none where an explanation carries none", () => {
  expect(() => meanInteractions(tableOfValues(FIRST))).toThrow(/carry interaction values/);
});
