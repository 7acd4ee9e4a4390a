import { expect, it } from "vitest";
import { isNestedWithin } from "../../../domain/text/json-levels.ts";

const lists = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));

it("counts lists and objects in one another, and nothing else", () => {
  for (const plain of [null, 1, "[[[", true]) expect(isNestedWithin(plain, 0)).toBe(true);
  expect(isNestedWithin([], 0)).toBe(false);
  expect(isNestedWithin({ a: 1, b: { c: [2] } }, 3)).toBe(true);
  expect(isNestedWithin({ a: 1, b: { c: [2] } }, 2)).toBe(false);
  expect(isNestedWithin(lists(200), 200)).toBe(true);
  expect(isNestedWithin(lists(201), 200)).toBe(false);
});

it("looks no deeper than it must", () => {
  expect(isNestedWithin(lists(100_000), 200)).toBe(false);
});
