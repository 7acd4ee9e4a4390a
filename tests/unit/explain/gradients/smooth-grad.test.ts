import { describe, expect, test } from "vitest";
import type { Estimate } from "../../../../domain/explain/estimate.ts";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import {
  smoothGrad,
  type SmoothGradOptions,
} from "../../../../domain/explain/gradients/smooth-grad.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { gradientFor, layoutFor, type Smooth } from "./gradients-of.ts";

/** x0^3 + 5 x1: slopes 3 x0^2 and 5. Noise of deviation s makes them 3 (x0^2 + s^2) on average. */
const CUBIC: Smooth = {
  size: 2,
  value: ([a = 0, b = 0]) => a ** 3 + 5 * b,
  slopes: ([a = 0]) => [3 * a * a, 5],
};
const X = [2, -1];
/** A range of 3 and a share of 0.2. */
const DEVIATION = 0.6;

async function explain(options: Partial<SmoothGradOptions>, x = X): Promise<Estimate[]> {
  const estimates: Estimate[] = [];
  const settings = { noise: 0.2, random: seededRandom("smooth"), ...options };
  for await (const one of smoothGrad(
    gradientFor(CUBIC),
    layoutFor(CUBIC),
    Float64Array.from(x),
    settings,
  ))
    estimates.push(one);
  return estimates;
}

describe("SmoothGrad", () => {
  test("is the mean slope under noise, as wide as a share of the instance's range", async () => {
    const found = (await explain({ samples: 40_000 })).at(-1);
    const expected = 3 * (4 + DEVIATION ** 2);
    const width = found?.half_widths?.[0] ?? NaN;
    expect(width).toBeLessThan(0.1);
    expect(Math.abs((found?.values[0] ?? NaN) - expected)).toBeLessThan(2 * width);
    expect(found?.values[1]).toBe(5);
    expect(found?.half_widths?.[1]).toBe(0);
    expect(found).toMatchObject({ base: 0, prediction: 3, rows: 40_001 });
  });

  test("of squares and of the variance follow from the moments of the normal distribution", async () => {
    // 3 (x + e)^2 has the variance 9 (4 x^2 s^2 + 2 s^4).
    const variance = 9 * (16 * DEVIATION ** 2 + 2 * DEVIATION ** 4);
    const mean = 3 * (4 + DEVIATION ** 2);
    const squares = (await explain({ samples: 40_000, kind: "smoothgrad_sq" })).at(-1);
    const width = squares?.half_widths?.[0] ?? NaN;
    expect(Math.abs((squares?.values[0] ?? NaN) - (mean ** 2 + variance))).toBeLessThan(2 * width);
    const spread = (await explain({ samples: 40_000, kind: "vargrad" })).at(-1);
    expect((spread?.values[0] ?? NaN) / variance).toBeCloseTo(1, 1);
    expect(spread?.values[1]).toBe(0);
    expect(spread?.half_widths).toBeNull();
  });

  test("takes the range of each number where it is given", async () => {
    const found = (await explain({ samples: 40_000, ranges: Float64Array.of(5, 0) })).at(-1);
    expect((found?.values[0] ?? NaN) / (3 * (4 + 1))).toBeCloseTo(1, 1);
  });

  test("the 95 % interval covers the mean in 95 of 100 runs", async () => {
    const expected = 3 * (4 + DEVIATION ** 2);
    let covered = 0;
    const runs = 1_000;
    for (let run = 0; run < runs; run += 1) {
      const found = (await explain({ samples: 50, random: seededRandom(`run ${run}`) })).at(-1);
      const apart = Math.abs((found?.values[0] ?? NaN) - expected);
      if (apart <= (found?.half_widths?.[0] ?? NaN)) covered += 1;
    }
    expect(covered / runs).toBeGreaterThan(0.925);
    expect(covered / runs).toBeLessThan(0.971);
  });

  test("comes at a quarter, at half and at the end, the same for the same seed", async () => {
    const found = await explain({ samples: 50 });
    expect(found.map(({ rows }) => rows)).toEqual([13, 26, 51]);
    expect(await explain({ samples: 50 })).toEqual(found);
    expect((await explain({ samples: 3 })).map(({ rows }) => rows)).toEqual([3, 4]);
  });

  test("what is asked for amiss is refused by name", async () => {
    const refused = async (options: Partial<SmoothGradOptions>, x = X) => {
      const error = await explain(options, x).catch((caught: unknown) => caught);
      if (!(error instanceof ExplainFault)) throw new Error(`no ExplainFault: ${String(error)}`);
      return `${error.problem.code} ${error.problem.field ?? ""}`;
    };
    expect(await refused({ samples: 1 })).toBe("option_invalid samples");
    expect(await refused({ noise: 0 })).toBe("option_invalid noise");
    expect(await refused({ kind: "smooth" as "smoothgrad" })).toBe("option_invalid kind");
    expect(await refused({}, [1, 1])).toBe("option_invalid ranges");
    expect(await refused({ ranges: Float64Array.of(1, NaN) })).toBe("option_invalid ranges");
    expect(await refused({}, [NaN, 1])).toBe("value_invalid x");
  });
});
