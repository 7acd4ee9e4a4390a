import { describe, expect, test } from "vitest";
import { lastEstimate, residualOf, type Estimate } from "../../../../domain/explain/estimate.ts";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import type { Background } from "../../../../domain/explain/game.ts";
import {
  expectedGradients,
  type ExpectedGradientsOptions,
} from "../../../../domain/explain/gradients/expected-gradients.ts";
import { integratedGradients } from "../../../../domain/explain/gradients/integrated-gradients.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { backgroundOf, gradientFor, layoutFor, type Smooth } from "./gradients-of.ts";

/** x0^2 - x1^2 / 2 + 3 x0 x1 + x2. */
const QUADRATIC: Smooth = {
  size: 3,
  value: ([a = 0, b = 0, c = 0]) => a * a - (b * b) / 2 + 3 * a * b + c,
  slopes: ([a = 0, b = 0]) => [2 * a + 3 * b, 3 * a - b, 1],
};

/** A logistic curve over a sum with a product in it: no polynomial. */
const LOGISTIC: Smooth = {
  size: 3,
  value: ([a = 0, b = 0, c = 0]) => 1 / (1 + Math.exp(-(a + a * b - 2 * c))),
  slopes: ([a = 0, b = 0, c = 0]) => {
    const p = 1 / (1 + Math.exp(-(a + a * b - 2 * c)));
    return [1 + b, a, -2].map((slope) => p * (1 - p) * slope);
  },
};

const X = [1.5, -0.5, 0.75];

function randomBackground(count: number, seed: string): Background {
  const random = seededRandom(seed);
  const rows = Array.from({ length: count }, () => [
    random.normal(),
    random.normal(),
    random.normal(),
  ]);
  const weights = Float64Array.from({ length: count }, () => random.uniform());
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return { ...backgroundOf(...rows), weights: weights.map((weight) => weight / total) };
}

async function explain(
  smooth: Smooth,
  options: ExpectedGradientsOptions,
  x: readonly number[] = X,
): Promise<Estimate[]> {
  const estimates: Estimate[] = [];
  const instance = Float64Array.from(x);
  for await (const one of expectedGradients(
    gradientFor(smooth),
    layoutFor(smooth),
    instance,
    options,
  ))
    estimates.push(one);
  return estimates;
}

/** By quadrature that leaves nothing, over every row of the background. */
const exactly = async (smooth: Smooth, baseline: Background): Promise<Estimate> =>
  lastEstimate(
    integratedGradients(gradientFor(smooth), layoutFor(smooth), Float64Array.from(X), {
      baseline,
      steps: 64,
    }),
  );

describe("expected gradients", () => {
  test("come ever closer to the exact values of a quadratic score, and leave ever less", async () => {
    const background = randomBackground(30, "quadratic");
    const exact = await exactly(QUADRATIC, background);
    const errors: number[] = [];
    for (const samples of [20, 2_000, 200_000]) {
      const random = seededRandom("expected gradients");
      const found = (await explain(QUADRATIC, { background, samples, random })).at(-1);
      expect(found?.base).toBeCloseTo(exact.base, 12);
      expect(found?.prediction).toBe(exact.prediction);
      const apart = exact.values.map((value, at) => Math.abs(value - (found?.values[at] ?? NaN)));
      errors.push(Math.max(...apart));
      if (samples === 200_000 && found) expect(Math.abs(residualOf(found))).toBeLessThan(5e-3);
    }
    const [few = 0, more = 0, many = 0] = errors;
    expect(many).toBeLessThan(5e-3);
    expect(more).toBeLessThan(few);
    expect(many).toBeLessThan(more);
  });

  test("the 95 % interval covers the exact value in 95 of 100 runs", async () => {
    const background = randomBackground(40, "coverage");
    for (const [smooth, samples] of [
      [QUADRATIC, 200],
      [LOGISTIC, 200],
      [LOGISTIC, 30],
    ] as const) {
      const exact = await exactly(smooth, background);
      const covered = [0, 0, 0];
      const runs = 1_000;
      for (let run = 0; run < runs; run += 1) {
        const random = seededRandom(`coverage ${run}`);
        const found = (await explain(smooth, { background, samples, random })).at(-1);
        for (const [at, value] of exact.values.entries()) {
          const apart = Math.abs(value - (found?.values[at] ?? NaN));
          if (apart <= (found?.half_widths?.[at] ?? NaN)) covered[at] = (covered[at] ?? 0) + 1;
        }
      }
      // Three standard errors of a share of 1,000 are 2.1 per cent.
      for (const count of covered) {
        expect(count / runs).toBeGreaterThan(0.929);
        expect(count / runs).toBeLessThan(0.971);
      }
    }
  });

  test("strata make the interval narrower than as many draws that know nothing of each other would have", async () => {
    const background = randomBackground(5, "strata");
    const options = { background, samples: 200, random: seededRandom(1) };
    const found = (await explain(LOGISTIC, options)).at(-1);
    const alone = { background, samples: 10, max_samples: 200, random: seededRandom(1) };
    const independent = (await explain(LOGISTIC, alone)).at(-1);
    expect(found?.rows).toBe(independent?.rows);
    for (const [at, width] of (found?.half_widths ?? []).entries())
      expect(width).toBeLessThan(0.6 * (independent?.half_widths?.[at] ?? NaN));
  });

  test("noise on the instance leaves the values of a linear score where they are", async () => {
    const linear: Smooth = { size: 3, value: ([a = 0]) => 2 * a, slopes: () => [2, 0, 0] };
    const background = randomBackground(10, "smoothing");
    const {
      values: [exact = 0],
    } = await exactly(linear, background);
    const random = seededRandom("smoothing");
    const smooth = { background, samples: 20_000, smoothing: 1, random };
    const found = (await explain(linear, smooth)).at(-1);
    const width = found?.half_widths?.[0] ?? NaN;
    expect(width).toBeGreaterThan(0.01);
    expect(Math.abs((found?.values[0] ?? NaN) - exact)).toBeLessThan(2 * width);
    expect([...(found?.values ?? [])].slice(1)).toEqual([0, 0]);
  });

  test("groups get the sum of their numbers with an interval of their own", async () => {
    const background = randomBackground(20, "groups");
    const options = (groups?: number[][]) => ({
      background,
      samples: 100,
      random: seededRandom("groups"),
      ...(groups ? { groups } : {}),
    });
    const single = (await explain(QUADRATIC, options())).at(-1);
    const grouped = (await explain(QUADRATIC, options([[0, 1], [2]]))).at(-1);
    const [a = 0, b = 0, c = 0] = single?.values ?? [];
    expect(grouped?.values[0]).toBeCloseTo(a + b, 12);
    expect(grouped?.values[1]).toBeCloseTo(c, 12);
    const [wa = 0, wb = 0] = single?.half_widths ?? [];
    expect(grouped?.half_widths?.[0]).not.toBeCloseTo(Math.hypot(wa, wb), 6);
  });

  test("come early, go on where they may, and are the same for the same seed", async () => {
    const background = randomBackground(8, "early");
    const of = (seed: number, samples: number, max_samples: number) =>
      explain(QUADRATIC, { background, samples, max_samples, random: seededRandom(seed) });
    const found = await of(1, 200, 300);
    expect(found.map(({ rows }) => rows - 9)).toEqual([40, 100, 200, 300]);
    expect(await of(1, 200, 300)).toEqual(found);
    expect((await of(2, 200, 300)).at(-1)?.values).not.toEqual(found.at(-1)?.values);
    expect((await of(1, 1, 1)).map(({ half_widths }) => half_widths)).toEqual([null]);
  });

  test("do not depend on the order of the background's rows", async () => {
    const given = randomBackground(8, "order");
    const order = [5, 2, 7, 0, 1, 6, 3, 4];
    const turned: Background = {
      rows: Float64Array.from(
        order.flatMap((row) => [...given.rows.subarray(3 * row, 3 * row + 3)]),
      ),
      count: 8,
      weights: Float64Array.from(order, (row) => given.weights[row] ?? 0),
    };
    const valuesOf = async (background: Background) =>
      (await explain(QUADRATIC, { background, samples: 50, random: seededRandom(4) })).at(-1)
        ?.values;
    const values = await valuesOf(given);
    for (const [at, value] of ((await valuesOf(turned)) ?? []).entries())
      expect(value).toBeCloseTo(values?.[at] ?? NaN, 12);
  });

  test("take the scores of the background where they are known", async () => {
    const background = randomBackground(8, "scores");
    const rows = [...background.rows];
    const scores = Float64Array.from({ length: 8 }, (_, row) =>
      QUADRATIC.value(rows.slice(3 * row, 3 * row + 3)),
    );
    const options = () => ({ background, samples: 50, random: seededRandom(3) });
    const [known] = (await explain(QUADRATIC, { ...options(), background_scores: scores })).slice(
      -1,
    );
    const [run] = (await explain(QUADRATIC, options())).slice(-1);
    expect(known).toEqual({ ...run, rows: (run?.rows ?? NaN) - 8 });
  });

  test("what is asked for amiss is refused by name", async () => {
    const background = randomBackground(4, "refused");
    const refused = async (options: Partial<ExpectedGradientsOptions>) => {
      const random = seededRandom(1);
      const error = await explain(QUADRATIC, { background, random, ...options }).catch(
        (caught: unknown) => caught,
      );
      if (!(error instanceof ExplainFault)) throw new Error(`no ExplainFault: ${String(error)}`);
      return `${error.problem.code} ${error.problem.field ?? ""}`;
    };
    expect(await refused({ samples: 0 })).toBe("option_invalid samples");
    expect(await refused({ samples: 10, max_samples: 9 })).toBe("option_invalid max_samples");
    expect(await refused({ smoothing: -1 })).toBe("option_invalid smoothing");
    expect(await refused({ smoothing: NaN })).toBe("option_invalid smoothing");
    expect(await refused({ background: backgroundOf() })).toBe("background_missing background");
    expect(await refused({ groups: [[0], [0]] })).toBe("feature_unknown groups");
  });
});
