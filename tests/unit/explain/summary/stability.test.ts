import { expect, test } from "vitest";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import { stabilityOf } from "../../../../domain/explain/summary/stability.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { FIRST, randomTable, tableOfValues, VECTORS } from "./support/tables.ts";

test("a feature's share is that of the rows in which it is among the greatest", () => {
  const { shares } = stabilityOf(
    tableOfValues([
      [5, -4, 1],
      [1, -7, 0],
      [3, 2, 2.5],
    ]),
    2,
  );
  expect(Array.from(shares)).toEqual([1, 2 / 3, 1 / 3]);
});

test("features that tie for the last places share them", () => {
  const { shares } = stabilityOf(tableOfValues([[5, 1, -1, 1]]), 2);
  expect(shares[0]).toBe(1);
  for (const share of shares.subarray(1)) expect(share).toBeCloseTo(1 / 3, 12);
});

test("shares are from 0 to 1 and add up to the number of places, whatever the contributions", () => {
  const random = seededRandom("shares");
  for (const top_k of [1, 2, 3, 4]) {
    const rows = Array.from({ length: 20 }, () => [0, 1, 2, 3].map(() => random.integer(3)));
    const { shares } = stabilityOf(tableOfValues(rows), top_k);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(top_k, 9);
    for (const share of shares) expect(share >= 0 && share <= 1 + 1e-12).toBe(true);
  }
});

test("the agreement is Kendall's W, as SciPy has it", () => {
  expect(stabilityOf(tableOfValues(FIRST)).agreement).toBeCloseTo(VECTORS.kendalls_w, 12);
});

test("it corrects for ties: rows that rank alike agree fully", () => {
  expect(
    stabilityOf(
      tableOfValues([
        [3, 1, 1],
        [-9, 2, -2],
        [4, 0, 0],
      ]),
      1,
    ).agreement,
  ).toBe(1);
});

test("rows that have nothing in common agree by about 1 / rows", () => {
  const { agreement } = stabilityOf(randomTable(seededRandom("w"), 400, [1, 1, 1, 1, 1]), 2);
  expect(agreement).toBeLessThan(0.02);
});

test("no agreement is claimed for one row, or where no row tells features apart", () => {
  expect(stabilityOf(tableOfValues([[1, 2]]), 1).agreement).toBeNull();
  expect(
    stabilityOf(
      tableOfValues([
        [2, 2],
        [1, -1],
      ]),
      1,
    ).agreement,
  ).toBeNull();
});

test.each([0, 1.5, 6])("top_k %d of five features is refused", (top_k) => {
  expect(() => stabilityOf(tableOfValues(FIRST), top_k)).toThrow(ExplainFault);
});
