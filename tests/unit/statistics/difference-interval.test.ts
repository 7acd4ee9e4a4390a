import { describe, expect, it } from "vitest";
import {
  differenceInterval,
  type IntervalMethod,
} from "../../../domain/statistics/difference-interval.ts";
import type { Proportion } from "../../../domain/statistics/proportion.ts";
import vectors from "../vectors/statistics/two_proportion_z.json";

function interval95(
  control: Proportion,
  variant: Proportion,
  method: IntervalMethod,
): readonly number[] {
  const interval = differenceInterval(control, variant, 0.95, method);
  return interval.ok ? interval.value : [];
}

const METHODS: IntervalMethod[] = ["newcombe", "score", "agresti_caffo", "wald"];

describe("differenceInterval", () => {
  // The references subtract rates in double precision, which leaves absolute errors of some 1e-16.
  it.each(vectors.cases)("agrees with statsmodels on $x1/$n1 and $x2/$n2", (vector) => {
    const control = { successes: vector.x1, trials: vector.n1 };
    const variant = { successes: vector.x2, trials: vector.n2 };
    const references: [IntervalMethod, number[]][] = [
      ["newcombe", vector.ci95_diff_newcomb],
      ["agresti_caffo", vector["ci95_diff_agresti-caffo"]],
      ["wald", vector.ci95_diff_wald],
    ];
    for (const [method, [low = NaN, high = NaN]] of references) {
      const [actualLow = NaN, actualHigh = NaN] = interval95(control, variant, method);
      expect(Math.abs(actualLow - low), method).toBeLessThan(1e-15);
      expect(Math.abs(actualHigh - high), method).toBeLessThan(1e-15);
    }
  });

  // The cubic of Miettinen & Nurminen 1985, solved in mpmath. The vectors' `score` column is not used: statsmodels 0.15
  // has count0 for nobs0 in that cubic's linear coefficient, and so answers differently once the samples are swapped.
  it.each([
    [48, 80, 56, 70, 0.0528297132458446, 0.33817294001586834], // 0.0528, 0.3382 in Newcombe 1998
    [14, 28, 16, 30, -0.21980700522537966, 0.2825046343874512],
    [1396, 3000, 2422, 3461, 0.2108601309702635, 0.25783002542246003],
    [123, 10000, 456, 10000, 0.028760460522005656, 0.038029670656414986],
    [999999, 1e6, 999990, 1e6, -1.752046796502243e-5, -3.1388378479215897e-6],
    [500000, 1e6, 505000, 1e6, 0.0036141222048309616, 0.006385858588862626],
  ])("inverts the score test on %d/%d and %d/%d", (x1, n1, x2, n2, low, high) => {
    const control = { successes: x1, trials: n1 };
    const variant = { successes: x2, trials: n2 };
    const [actualLow = NaN, actualHigh = NaN] = interval95(control, variant, "score");
    expect(Math.abs(actualLow - low)).toBeLessThan(1e-15);
    expect(Math.abs(actualHigh - high)).toBeLessThan(1e-15);
  });

  it.each(METHODS)("mirrors when the samples are swapped: %s", (method) => {
    const [a, b] = [
      { successes: 3, trials: 40 },
      { successes: 11, trials: 57 },
    ];
    const [low = NaN, high = NaN] = interval95(a, b, method);
    const [swappedLow, swappedHigh] = interval95(b, a, method);
    expect(swappedLow).toBeCloseTo(-high, 14);
    expect(swappedHigh).toBeCloseTo(-low, 14);
  });

  it.each<IntervalMethod>(["newcombe", "score"])(
    "has a width where the rates are 0: %s",
    (method) => {
      const [low, high] = interval95(
        { successes: 0, trials: 500 },
        { successes: 0, trials: 480 },
        method,
      );
      expect(low).toBeCloseTo(-0.0076, 4);
      expect(high).toBeCloseTo(0.0079, 4);
    },
  );

  it("refuses an empty sample", () => {
    const empty = { successes: 0, trials: 0 };
    expect(differenceInterval(empty, { successes: 1, trials: 2 }, 0.95)).toEqual({
      ok: false,
      error: { code: "no_observations" },
    });
  });
});
