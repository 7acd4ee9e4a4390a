import { describe, expect, it } from "vitest";
import { outputWarnings } from "../../../../domain/datasets/transformations/output-warnings.ts";

const parts = [
  { name: "train", fraction: 1 },
  { name: "test", fraction: 1e-9 },
  { name: "none", fraction: 0 },
];

describe("an output without rows", () => {
  it("is worth a warning, of a split by the name of the part", () => {
    expect(outputWarnings("filter", { where: "x > 1" }, { output: null, row_count: 0 })).toEqual([
      "no row came out: expected at least one",
    ]);
    const [warning] = outputWarnings("split", { parts }, { output: "test", row_count: 0 });
    expect(warning).toContain("part 'test' has no rows: give it a larger fraction");
    // Parameters that leave the parts to the default.
    expect(outputWarnings("split", {}, { output: "test", row_count: 0 })).toHaveLength(1);
  });

  it("is not where none was asked for, rows came out, or nobody counts them", () => {
    expect(outputWarnings("split", { parts }, { output: "none", row_count: 0 })).toEqual([]);
    expect(outputWarnings("split", { parts }, { output: "test", row_count: 1 })).toEqual([]);
    expect(outputWarnings("map", {}, { output: null, row_count: null })).toEqual([]);
  });
});
