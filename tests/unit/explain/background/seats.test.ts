import { expect, test } from "vitest";
import { seatsOf } from "../../../../domain/explain/background/seats.ts";

test.each([
  ["in proportion", [60, 30, 10], 10, [6, 3, 1]],
  ["the largest remainder first", [50, 30, 20], 7, [4, 2, 1]],
  ["one at least, from whom it is least missed", [600, 390, 5, 5], 10, [5, 3, 1, 1]],
  ["no more than there are", [1, 1, 8], 9, [1, 1, 7]],
  ["none to the smallest where there are too few", [80, 15, 5], 2, [2, 0, 0]],
  ["all", [3, 1], 4, [3, 1]],
])("seats go %s", (_, sizes, count, seats) => {
  expect(seatsOf(sizes, count)).toEqual(seats);
});
