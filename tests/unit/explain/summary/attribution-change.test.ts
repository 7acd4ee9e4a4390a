import { expect, test } from "vitest";
import { attributionChange } from "../../../../domain/explain/summary/attribution-change.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { FIRST, SECOND, tableOfValues, VECTORS } from "./support/tables.ts";

test("nothing changes between a model and itself", () => {
  const table = tableOfValues(FIRST);
  expect(attributionChange(table, table)).toMatchObject({
    rows: 24,
    change: 0,
    interval: [0, 0],
    cosine_similarity: expect.closeTo(1, 12),
    same_top_feature: 1,
    top_k_overlap: 1,
    worst: { change: 0 },
  });
});

test("the change and the cosine are NumPy's", () => {
  const { change, cosine_similarity } = attributionChange(
    tableOfValues(FIRST),
    tableOfValues(SECOND),
  );
  expect(change).toBeCloseTo(VECTORS.change, 12);
  expect(cosine_similarity).toBeCloseTo(VECTORS.cosine, 12);
});

test("a model that says the opposite changes by 2 and turns round", () => {
  const opposite = FIRST.map((values) => values.map((value) => -value));
  const found = attributionChange(tableOfValues(FIRST), tableOfValues(opposite));
  expect(found.change).toBeCloseTo(2, 12);
  expect(found.cosine_similarity).toBeCloseTo(-1, 12);
  expect(found.same_top_feature).toBe(1);
});

test("top features and the worst row are found by hand", () => {
  const first = tableOfValues([
    [3, 1, 0],
    [1, 0, 3],
  ]);
  const second = tableOfValues([
    [3, 1, 0],
    [2, 4, 0],
  ]);
  const found = attributionChange(first, second, 2);
  expect(found.same_top_feature).toBe(0.5);
  // Of {2, 0} and {1, 0} one of three is shared.
  expect(found.top_k_overlap).toBeCloseTo((1 + 1 / 3) / 2, 12);
  expect(found.worst).toEqual({ row: 1, change: 8 / 4 });
  expect(found.change).toBe(1);
});

test("the interval holds the change in 95 % of samples, give or take", () => {
  const random = seededRandom("change");
  let held = 0;
  const samples = 400;
  for (let sample = 0; sample < samples; sample += 1) {
    const first = Array.from({ length: 50 }, () => [random.normal(), 3 * random.normal()]);
    const second = first.map((values) => values.map((value) => value + 0.5 * random.normal()));
    const { interval } = attributionChange(tableOfValues(first), tableOfValues(second));
    // E|N(0, 0.5)| twice, over E|N(0, 1)| + E|N(0, 3)|.
    if (interval && interval[0] <= 1 / 4 && 1 / 4 <= interval[1]) held += 1;
  }
  expect(held / samples).toBeGreaterThan(0.92);
  expect(held / samples).toBeLessThan(0.98);
});

test("tables that cannot be compared are refused", () => {
  const table = tableOfValues(FIRST);
  expect(() => attributionChange(table, tableOfValues(FIRST.slice(1)))).toThrow(/same rows/);
  expect(() => attributionChange(table, tableOfValues([[1]]))).toThrow(/same features/);
  expect(() => attributionChange(table, table, 0)).toThrow(/top_k/);
  const none = tableOfValues([[0, 0]]);
  expect(() => attributionChange(none, none)).toThrow(/all contributions/);
});
