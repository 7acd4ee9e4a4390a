import { expect, it } from "vitest";
import { scale, unitPosition } from "../../../domain/experiments/unit-position.ts";
import vectors from "../vectors/assignment.json" with { type: "json" };

it.each(vectors.cases)("puts '$unit' of salt '$salt' at $position", ({ salt, unit, position }) => {
  expect(unitPosition(salt, unit)).toBe(position);
});

it.each(vectors.scale)("scales $high:$low to $position", ({ high, low, position }) => {
  expect(scale(high, low)).toBe(position);
});

it("reads a lone surrogate as the replacement character", () => {
  expect(unitPosition("s", "\ud800")).toBe(unitPosition("s", "\ufffd"));
  expect(unitPosition("s", "\udc00x")).toBe(unitPosition("s", "\ufffdx"));
});

it("keeps salt and unit apart", () => {
  expect(unitPosition("ab", "c")).not.toBe(unitPosition("a", "bc"));
});

it("handles a unit longer than its scratch space", () => {
  const long = "é".repeat(5_000);
  expect(unitPosition("s", long)).toBe(unitPosition("s", long));
  expect(unitPosition("s", "user-1")).toBe(unitPosition("s", "user-1"));
});
