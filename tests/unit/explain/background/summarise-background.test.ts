import { expect, test } from "vitest";
import {
  allRows,
  kMeansBackground,
  stratifiedBackground,
} from "../../../../domain/explain/background/summarise-background.ts";
import type { RowLayout } from "../../../../domain/explain/rows.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";

const random = (seed: string | number = "background") => seededRandom(seed);

const layout: RowLayout = {
  size: 2,
  ports: [{ name: "x", type: "float32", shape: [2], offset: 0, count: 2, categories: null }],
};

/** A fraction, a whole number and a text. */
const mixed: RowLayout = {
  size: 3,
  ports: [
    { name: "x", type: "float32", shape: [1], offset: 0, count: 1, categories: null },
    { name: "n", type: "int64", shape: [1], offset: 1, count: 1, categories: null },
    { name: "t", type: "string", shape: [1], offset: 2, count: 1, categories: [["a", "b", "c"]] },
  ],
};

/** `sizes` rows around each of the places. */
function blobs(
  places: readonly (readonly [number, number])[],
  sizes: readonly number[],
): Float32Array {
  const draw = random("blobs");
  return Float32Array.from(
    places.flatMap(([x, y], at) =>
      Array.from({ length: sizes[at] ?? 0 }, () => [
        x + draw.normal() / 10,
        y + draw.normal(),
      ]).flat(),
    ),
  );
}

const rowsOf = (
  { rows, count }: { rows: ArrayLike<number>; count: number },
  size: number,
): number[][] =>
  Array.from({ length: count }, (_, row) => Array.from(rows).slice(row * size, (row + 1) * size));

const total = (weights: Float64Array): number => weights.reduce((sum, weight) => sum + weight, 0);

test("k-means finds the clusters that are there, weighted by their rows", () => {
  const rows = blobs([[0, 0], [10, 0], [0, 100], [10, 100]], [40, 20, 30, 10]); // prettier-ignore
  const {
    rows: centres,
    count,
    weights,
  } = kMeansBackground(rows, layout, 4, random(), { snap: false });
  expect(count).toBe(4);
  const found = rowsOf({ rows: centres, count }, 2)
    .map((row, at) => [...row.map(Math.round), weights[at]])
    .map(([x = 0, y = 0, weight]) => [x + 0, Math.round(y / 10) * 10 + 0, weight])
    .sort((a, b) => (b[2] ?? 0) - (a[2] ?? 0));
  expect(found).toEqual([
    [0, 0, 0.4],
    [0, 100, 0.3],
    [10, 0, 0.2],
    [10, 100, 0.1],
  ]);
});

test("columns count by their standard deviations, whatever their units", () => {
  const draw = random("units");
  const rows = Float32Array.from({ length: 200 }, (_, at) =>
    at % 2 === 0 ? Number(at % 4 === 0) + draw.normal() / 100 : 1_000 * draw.normal(),
  );
  const centres = rowsOf(kMeansBackground(rows, layout, 2, random(), { snap: false }), 2);
  expect(centres.map(([x = NaN]) => Math.round(10 * x) / 10 + 0).sort()).toEqual([0, 1]);
});

test("two texts are as far apart as any two", () => {
  const texts: RowLayout = {
    size: 2,
    ports: [
      { name: "x", type: "float64", shape: [1], offset: 0, count: 1, categories: null },
      {
        name: "t",
        type: "string",
        shape: [1],
        offset: 1,
        count: 1,
        categories: [["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]],
      },
    ],
  };
  // The one row with text 9 has the number of those with text 0, not of those with text 8.
  const rows = Array.from({ length: 20 }, (_, at) => (at < 10 ? [0, 0] : [1, 8]))
    .concat([[0, 9]])
    .flat();
  const found = kMeansBackground(Float64Array.from(rows), texts, 2, random());
  const byText = rowsOf(found, 2).map(([, text], at) => [text, found.weights[at]]);
  expect(new Map(byText as [number, number][])).toEqual(
    new Map([
      [0, 11 / 21],
      [8, 10 / 21],
    ]),
  );
});

test("a centre is the mean of its rows, and snapped it is made of numbers that occur", () => {
  const rows = Float32Array.of(0, 0, 1, 3, 2, 6, 100, 50, 101, 50);
  const means = kMeansBackground(rows, layout, 2, random(), { snap: false });
  expect(rowsOf(means, 2).sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))).toEqual([
    [1, 3],
    [100.5, 50],
  ]);
  for (const [x = NaN, y = NaN] of rowsOf(kMeansBackground(rows, layout, 2, random()), 2)) {
    expect([1, 100, 101]).toContain(x);
    expect([3, 50]).toContain(y);
  }
});

test("whole numbers and texts of a centre occur, without snapping too", () => {
  const rows = Float64Array.from(
    [[0.25, 1, 0], [0.5, 4, 0], [0.75, 5, 1], [9.25, 8, 2], [9.5, 8, 2], [9, 20, 1]].flat(), // prettier-ignore
  );
  const { rows: centres, count } = kMeansBackground(rows, mixed, 2, random(), { snap: false });
  const [low, high] = rowsOf({ rows: centres, count }, 3).sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  expect(low).toEqual([0.5, 4, 0]);
  expect(high).toEqual([9.25, 8, 2]);
});

test("rows that are alike make no more centres than there are different ones", () => {
  const rows = Float32Array.from({ length: 40 }, (_, at) => Math.floor(at / 2) % 3);
  const { count, weights } = kMeansBackground(rows, layout, 10, random());
  expect(count).toBe(3);
  expect(total(weights)).toBeCloseTo(1, 12);
});

test("no clustering by other centres of as many is found by trying, and the seed decides every byte", () => {
  const draw = random("spread");
  const rows = Float32Array.from({ length: 400 }, () => draw.normal());
  const spreadOf = (centres: number[][]): number => {
    let sum = 0;
    for (const [x = 0, y = 0] of rowsOf({ rows, count: 200 }, 2))
      sum += Math.min(...centres.map(([cx = 0, cy = 0]) => (x - cx) ** 2 + (y - cy) ** 2));
    return sum;
  };
  const found = kMeansBackground(rows, layout, 8, random("one"), { snap: false });
  expect(found).toEqual(kMeansBackground(rows, layout, 8, random("one"), { snap: false }));
  expect(total(found.weights)).toBeCloseTo(1, 12);
  const centres = rowsOf(found, 2);
  const sizes = centres.map(() => 0);
  for (const [x = 0, y = 0] of rowsOf({ rows, count: 200 }, 2)) {
    const far = centres.map(([cx = 0, cy = 0]) => (x - cx) ** 2 + (y - cy) ** 2);
    const nearest = far.indexOf(Math.min(...far));
    sizes[nearest] = (sizes[nearest] ?? 0) + 1;
  }
  // Nearly every row is with the centre nearest to it; the columns' deviations are not quite 1.
  for (const [at, size] of sizes.entries())
    expect(Math.abs(size - 200 * (found.weights[at] ?? NaN))).toBeLessThan(3);
  const spread = spreadOf(centres);
  for (let trial = 0; trial < 50; trial += 1) {
    const drawn = stratifiedBackground(rows, layout, 8, null, random(trial));
    expect(spreadOf(rowsOf(drawn, 2))).toBeGreaterThan(spread);
  }
});

test("a stratified sample has each stratum in proportion, and rows that occur, none twice", () => {
  const rows = Float32Array.from({ length: 200 }, (_, at) => at);
  const strata = Array.from({ length: 100 }, (_, row) => (row < 60 ? "a" : row < 95 ? "b" : "c"));
  const { rows: drawn, count, weights } = stratifiedBackground(rows, layout, 20, strata, random());
  const first = rowsOf({ rows: drawn, count }, 2).map(([x = NaN]) => x / 2);
  const inStratum = (name: string): number[] =>
    first.flatMap((row, at) => (strata[row] === name ? [weights[at] ?? NaN] : []));
  expect(["a", "b", "c"].map((name) => inStratum(name).length)).toEqual([12, 7, 1]);
  expect(new Set(first).size).toBe(20);
  for (const [name, share] of Object.entries({ a: 0.6, b: 0.35, c: 0.05 }))
    expect(inStratum(name).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(share, 12);
});

test("a rare stratum has a row where there is room for all, with the weight of its rows", () => {
  const rows = Float32Array.from({ length: 2_000 }, (_, at) => at);
  const strata = Array.from({ length: 1_000 }, (_, row) => (row < 997 ? "many" : `rare ${row}`));
  const { rows: drawn, weights, count } = stratifiedBackground(rows, layout, 5, strata, random());
  const found = rowsOf({ rows: drawn, count }, 2).map(([x = 0], at) => [
    strata[x / 2],
    weights[at],
  ]);
  expect(found.slice(2)).toEqual([
    ["rare 997", 0.001],
    ["rare 998", 0.001],
    ["rare 999", 0.001],
  ]);
  expect(found[0]).toEqual(["many", 0.4985]);
  const few = stratifiedBackground(rows, layout, 3, strata, random());
  expect(few.count).toBe(3);
  expect(total(few.weights)).toBeCloseTo(1, 12);
});

test("without strata every row is as likely as any other", () => {
  const rows = Float32Array.from({ length: 20 }, (_, at) => at);
  const times = new Float64Array(10);
  for (let seed = 0; seed < 1_000; seed += 1)
    for (const [x = 0] of rowsOf(stratifiedBackground(rows, layout, 3, null, random(seed)), 2))
      times[x / 2] = (times[x / 2] ?? 0) + 1;
  const chiSquare = times.reduce((sum, count) => sum + (count - 300) ** 2 / 300, 0);
  expect(chiSquare).toBeLessThan(21.7); // The 99th percentile with 9 degrees of freedom, and less for draws without replacement.
});

test("as many rows as there are, or more, are all of them", () => {
  const rows = Float32Array.of(1, 2, 3, 4);
  const all = { rows, count: 2, weights: Float64Array.of(0.5, 0.5) };
  expect(allRows(rows, layout)).toEqual(all);
  expect(kMeansBackground(rows, layout, 2, random())).toEqual(all);
  expect(stratifiedBackground(rows, layout, 9, null, random())).toEqual(all);
});

test("what cannot be summarised is refused by name", () => {
  const rows = Float32Array.of(1, 2, NaN, 4);
  const refusals = [
    [() => allRows(new Float32Array(0), layout), "background_missing"],
    [() => kMeansBackground(new Float32Array(0), layout, 1, random()), "background_missing"],
    [() => kMeansBackground(rows, layout, 1, random()), "value_invalid"],
    [() => kMeansBackground(rows, layout, 0, random()), "option_invalid"],
    [() => stratifiedBackground(rows, layout, 1.5, null, random()), "option_invalid"],
    [() => stratifiedBackground(rows, layout, 1, ["a"], random()), "option_invalid"],
  ] as const;
  for (const [refused, code] of refusals)
    expect(refused).toThrow(
      expect.objectContaining({ problem: expect.objectContaining({ code }) }),
    );
});
