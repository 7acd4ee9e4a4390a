import { describe, expect, it } from "vitest";
import { compare, requests } from "./analysed.ts";

describe("power", () => {
  it("is that of the z test for a change by 5 %, and so is the sample size", () => {
    // Fleiss's formula: 57,763 for 10 % against 10.5 % at 0.05 and 0.8.
    const result = compare("success_rate", requests(100, 1000), requests(100, 1000));
    expect(result?.power.required_sample_size).toBe(57_763);
    expect(result?.power.achieved).toBeLessThan(0.1);
    const large = compare("success_rate", requests(5_776, 57_763), requests(5_776, 57_763));
    expect(large?.power.achieved).toBeCloseTo(0.8, 2);
  });

  it("of means takes their deviation from both arms", () => {
    const around = (centre: number): number[] => [centre - 1, centre + 1, centre - 1, centre + 1];
    const [control, variant] = [around(100), around(100)];
    const result = compare(
      "score",
      { metrics: { score: control } },
      { metrics: { score: variant } },
    );
    // d = 5 / sqrt(4/3): 2 (1.96 + 0.8416)^2 / d^2 observations are below one, so 2 are.
    expect(result?.power).toMatchObject({ required_sample_size: 2, reason: null });
    expect(result?.power.achieved).toBeGreaterThan(0.99);
  });

  it.each([
    ["no_variation", "success_rate", requests(5, 5), requests(5, 5)],
    ["too_few_observations", "score", { metrics: { score: [1] } }, { metrics: { score: [1] } }],
    ["no_variation", "score", { metrics: { score: [1, 1] } }, { metrics: { score: [1, 1] } }],
    ["control_value_zero", "score", { metrics: { score: [0, 0] } }, { metrics: { score: [1, 2] } }],
  ] as const)("is unknown: %s", (reason, metric, control, variant) => {
    expect(compare(metric, control, variant)?.power).toMatchObject({
      achieved: null,
      required_sample_size: null,
      reason,
    });
  });
});
