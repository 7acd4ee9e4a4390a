import { describe, expect, it } from "vitest";
import type { Analysed } from "../../../domain/experiments/analysis.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import { analysed, compare, zeroOne } from "./analysed.ts";
import { cell, type Counted, epochOf } from "./plain-cells.ts";

describe("epochs in which the base rate drifts with the weights", () => {
  // Both arms convert alike: 10 % in the first epoch, 30 % in the second.
  const cells = [
    cell({ epoch: 1, variant: 0, metrics: { conversion: zeroOne(900, 9_000) } }),
    cell({ epoch: 1, variant: 1, metrics: { conversion: zeroOne(100, 1_000) } }),
    cell({ epoch: 2, variant: 0, metrics: { conversion: zeroOne(300, 1_000) } }),
    cell({ epoch: 2, variant: 1, metrics: { conversion: zeroOne(2_700, 9_000) } }),
  ];
  const epochs = [epochOf(1, [0.9, 0.1]), epochOf(2, [0.1, 0.9])];
  const [result] = analysed(cells, { metric: "conversion_rate" }, {}, epochs).results;

  it("make the sum over all epochs a winner, and nothing of what is stratified", () => {
    expect(result).toMatchObject({
      recommended_action: "conclude_winner",
      winner: "canary",
      pooled_differs: true,
      stratified: { strata: 2, reason: null },
      sequential: { winner: null, method: "asymptotic" },
    });
    expect(result?.stratified.estimate).toBeCloseTo(0, 12);
    expect(result?.stratified.p_value).toBeCloseTo(1, 9);
    expect(result?.sequential.p_value).toBe(1);
  });

  it("are left out where one arm had no share, or the experiment did not run", () => {
    const outside = [
      cell({ epoch: 3, variant: 1, metrics: { conversion: zeroOne(500, 500) } }),
      cell({ epoch: 4, variant: 0, metrics: { conversion: zeroOne(0, 500) } }),
      cell({ epoch: 4, variant: 1, metrics: { conversion: zeroOne(500, 500) } }),
    ];
    const also = [epochOf(3, [0, 1]), { ...epochOf(4), status: "paused" } as const];
    const [more] = analysed([...cells, ...outside], { metric: "conversion_rate" }, {}, [
      ...epochs,
      ...also,
    ]).results;
    expect(more?.stratified).toEqual(result?.stratified);
    expect(more?.sequential).toEqual(result?.sequential);
    expect(more?.variant_value).not.toBe(result?.variant_value);
  });

  it("do not differ where the weights stay", () => {
    const steady = cells.map((one) => ({ ...one, epoch: 1 }));
    const [same] = analysed(
      [steady[0], steady[1]].filter((one) => one !== undefined),
      { metric: "conversion_rate" },
    ).results;
    expect(same?.pooled_differs).toBe(false);
  });
});

describe("CUPED", () => {
  const random = seededRandom("cuped");
  /** The metric is the covariate, by its slope, and noise that is small against it. */
  const arm = (size: number, effect: number, drift = 0): Counted => {
    const pairs = Array.from({ length: size }, (): [number, number] => {
      const x = 10 + 3 * random.normal();
      return [x, 2 * x + effect + drift + random.normal()];
    });
    return { requests: size, pairs, metrics: { score: pairs.map(([, y]) => y) } };
  };
  const primary = { primary_metric: "score" };

  it("finds what the covariate's noise hides", () => {
    const result = compare("score", arm(400, 0), arm(400, 0.5), {}, primary);
    expect(result?.cuped.reason).toBeNull();
    expect(result?.cuped.theta).toBeCloseTo(2, 1);
    expect(result?.cuped.variance_reduction).toBeCloseTo(36 / 37, 1);
    expect(result?.cuped.p_value).toBeLessThan(1e-6);
    expect(result?.cuped.interval?.[0]).toBeLessThan(0.5);
    expect(result?.cuped.interval?.[1]).toBeGreaterThan(0.5);
    const plain = result?.stratified.standard_error ?? NaN;
    const [low, high] = result?.cuped.interval ?? [NaN, NaN];
    expect(high - low).toBeLessThan(plain);
  });

  it("stays within epochs", () => {
    const cells = [
      cell({ ...arm(900, 0), epoch: 1, variant: 0 }),
      cell({ ...arm(100, 0), epoch: 1, variant: 1 }),
      cell({ ...arm(100, 0, 50), epoch: 2, variant: 0 }),
      cell({ ...arm(900, 0, 50), epoch: 2, variant: 1 }),
    ];
    const epochs = [epochOf(1, [0.9, 0.1]), epochOf(2, [0.1, 0.9])];
    const [result] = analysed(cells, { metric: "score" }, primary, epochs).results;
    expect(result?.cuped.estimate).toBeCloseTo(0, 0);
    expect(result?.cuped.variance_reduction).toBeGreaterThan(0.9);
    expect((result?.variant_value ?? NaN) - (result?.control_value ?? NaN)).toBeGreaterThan(30);
  });

  it.each<[string, Partial<Analysed>, Counted, Counted]>([
    ["metric_not_primary", {}, arm(10, 0), arm(10, 0)],
    ["no_covariate", primary, { metrics: { score: [1, 2] } }, { metrics: { score: [1, 2] } }],
    ["too_few_observations", primary, arm(1, 0), arm(10, 0)],
    [
      "covariate_constant",
      primary,
      {
        pairs: [
          [1, 2],
          [1, 2],
        ],
      },
      {
        pairs: [
          [1, 2],
          [1, 2],
        ],
      },
    ],
  ])("has nothing to say: %s", (reason, defined, control, variant) => {
    expect(compare("score", control, variant, {}, defined)?.cuped).toMatchObject({
      estimate: null,
      p_value: null,
      reason,
    });
  });
});
