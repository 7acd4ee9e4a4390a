import { expect, test } from "vitest";
import { WeightedMeans } from "../../../../domain/explain/deep/weighted-means.ts";
import { seededRandom, type Random } from "../../../../domain/statistics/random.ts";

const meansOf = (values: readonly number[], weights: readonly number[] = []): WeightedMeans => {
  const means = new WeightedMeans(1);
  for (const [at, value] of values.entries()) means.add(Float64Array.of(value), weights[at] ?? 1);
  return means;
};

test("with equal weights the interval is Student's of a mean", () => {
  const means = meansOf([1e6 + 1, 1e6 + 2, 1e6 + 4, 1e6 + 5], [0.25, 0.25, 0.25, 0.25]);
  expect(means.means()[0]).toBe(1e6 + 3);
  // s² = 10 / 3, and t is 3.182446 for 3 degrees of freedom.
  expect(means.halfWidths()?.[0]).toBeCloseTo(3.182446 * Math.sqrt(10 / 3 / 4), 5);
  expect(means.halfWidths(8)?.[0]).toBeCloseTo(3.182446 * Math.sqrt(10 / 3 / 4 / 2), 5);
});

test("with all rows that there are, the mean is exact; of one row nothing is known", () => {
  expect([...(meansOf([1, 2, 3]).halfWidths(3) ?? [])]).toEqual([0]);
  expect(meansOf([1]).halfWidths()).toBeNull();
});

test("a row of double weight pulls the mean as two do", () => {
  expect(meansOf([1, 4], [2, 1]).means()[0]).toBe(2);
});

/** The share of 2,000 samples whose interval holds the mean of what they are drawn from. */
function coverage(
  draw: (random: Random) => { values: number[]; weights: number[]; of: number; truth: number },
): number {
  const random = seededRandom("coverage of weighted means");
  let held = 0;
  for (let trial = 0; trial < 2_000; trial += 1) {
    const { values, weights, of, truth } = draw(random);
    const means = meansOf(values, weights);
    const distance = Math.abs((means.means()[0] ?? NaN) - truth);
    held += Number(distance <= (means.halfWidths(of)?.[0] ?? NaN));
  }
  return held / 2_000;
}

test("the interval holds the mean of a population in 95 % of samples", () => {
  const share = coverage((random) => ({
    values: Array.from({ length: 32 }, () => random.gamma(4)),
    weights: [],
    of: Infinity,
    truth: 4,
  }));
  expect(share).toBeGreaterThan(0.93);
  expect(share).toBeLessThan(0.97);
});

test("and that of a weighted background from some of its rows", () => {
  const random = seededRandom("a background");
  const values = Array.from({ length: 80 }, () => random.normal());
  const weights = values.map(() => 1 + random.uniform());
  const total = weights.reduce((sum, weight) => sum + weight);
  const truth = values.reduce((sum, value, at) => sum + (value * (weights[at] ?? 0)) / total, 0);
  const share = coverage((draws) => {
    const order = values.map((_, at) => ({ at, key: draws.uniform() }));
    const rows = order.sort((a, b) => a.key - b.key).slice(0, 40);
    return {
      values: rows.map(({ at }) => values[at] ?? 0),
      weights: rows.map(({ at }) => weights[at] ?? 0),
      of: 80,
      truth,
    };
  });
  expect(share).toBeGreaterThan(0.93);
  expect(share).toBeLessThan(0.97);
});
