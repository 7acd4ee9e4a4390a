import { expect, test } from "vitest";
import { lastEstimate, residualOf } from "../../../../domain/explain/estimate.ts";
import { backgroundGame } from "../../../../domain/explain/game.ts";
import { drawnGame } from "../../../../domain/explain/shap/drawn-game.ts";
import { exactShapley } from "../../../../domain/explain/shap/exact-shapley.ts";
import { samplingShap } from "../../../../domain/explain/shap/sampling-shap.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import {
  allEstimates,
  apart,
  backgroundOf,
  coverage,
  floatLayout,
  networkScore,
  scoreBy,
  single,
} from "./games.ts";

const random = (seed: string | number = "sampling") => seededRandom(seed);

/** A random network, instance and weighted background, as both kinds of game. */
function games(size: number, seed: string) {
  const draw = seededRandom(seed);
  const normals = (count: number): number[] => Array.from({ length: count }, () => draw.normal());
  const network = {
    w: Array.from({ length: size }, () => normals(5)),
    b: normals(5),
    v: normals(5),
  };
  const setting = {
    instance: Float64Array.from(normals(size)),
    background: backgroundOf([normals(size), normals(size), normals(size)], [0.2, 0.5, 0.3]),
    groups: single(size),
  };
  const score = networkScore(network, false);
  const layout = floatLayout(size);
  return { drawn: drawnGame(score, layout, setting), mean: backgroundGame(score, layout, setting) };
}

test("base and prediction are exact, and what is left is within the intervals", async () => {
  const { drawn, mean } = games(7, "ends");
  const exact = await lastEstimate(exactShapley(mean));
  const estimate = await lastEstimate(samplingShap(drawn, { samples: 2_000, random: random() }));
  expect(estimate.base).toBeCloseTo(exact.base, 12);
  expect(estimate.prediction).toBeCloseTo(exact.prediction, 12);
  const residual = Math.abs(residualOf(estimate));
  expect(residual).toBeGreaterThan(0);
  expect(residual).toBeLessThan(2 * Math.hypot(...(estimate.half_widths ?? [])));
  expect(estimate.rows).toBe(3 + 1 + 2 * 2_000);
});

test("95 % intervals hold the exact values in about 95 of 100 cases", async () => {
  const found = await Promise.all(
    Array.from({ length: 60 }, async (_, seed) => {
      const { drawn, mean } = games(6, `coverage ${seed}`);
      const { values: exact } = await lastEstimate(exactShapley(mean));
      const estimate = await lastEstimate(
        samplingShap(drawn, { samples: 900, random: random(seed) }),
      );
      return { estimate, exact };
    }),
  );
  const share = coverage(found);
  expect(share).toBeGreaterThan(0.9);
  expect(share).toBeLessThan(0.99);
});

test("after an equal round the draws double, and go where the spread is", async () => {
  const score = scoreBy(3, ([a = 0, b = 0]) => 10 * a + b);
  const setting = {
    instance: Float64Array.of(1, 1, 1),
    background: backgroundOf([
      [0, 0, 0],
      [2, 2, 2],
    ]),
    groups: single(3),
  };
  const game = drawnGame(score, floatLayout(3), setting);
  const estimates = await allEstimates(samplingShap(game, { samples: 3_000, random: random() }));
  expect(estimates.map(({ rows }) => (rows - 3) / 2)).toEqual([300, 600, 1_200, 2_400, 3_000]);
  const [wide = 0, narrow = 0, none] = estimates.at(-1)?.half_widths ?? [];
  // Standard deviations of 10 and 1 get draws as 10 to 1, which makes widths as the root of 10.
  expect(wide / narrow).toBeGreaterThan(2.9);
  expect(wide / narrow).toBeLessThan(3.5);
  expect(none).toBe(0);
});

test("rows of the background are drawn by their weights", async () => {
  const score = scoreBy(1, ([a = 0]) => a);
  const background = backgroundOf([[0], [1], [2]], [0.7, 0.1, 0.2]);
  const setting = { instance: Float64Array.of(0), background, groups: [[0]] };
  const game = drawnGame(score, floatLayout(1), setting);
  const { values, half_widths } = await lastEstimate(
    samplingShap(game, { samples: 20_000, random: random() }),
  );
  expect(Math.abs((values[0] ?? 0) + 0.5)).toBeLessThan(half_widths?.[0] ?? 0);
  expect(half_widths?.[0]).toBeCloseTo((1.96 * Math.sqrt(0.9 - 0.25)) / Math.sqrt(20_000), 3);
});

test("the seed decides every byte; players who do not vary get 0; none is all base", async () => {
  const { drawn } = games(8, "seeded");
  const by = (seed: string, varying?: number[]) =>
    lastEstimate(
      samplingShap(drawn, { samples: 100, random: random(seed), ...(varying && { varying }) }),
    );
  expect(await by("one")).toEqual(await by("one"));
  expect((await by("one")).values).not.toEqual((await by("two")).values);
  const { values } = await by("one", [1, 6]);
  expect([...values.keys()].filter((at) => values[at] !== 0)).toEqual([1, 6]);
  const none = await by("one", []);
  expect(apart(none.values, new Float64Array(8))).toBe(0);
  expect(none.rows).toBe(4);
});

test("a score that never moves spreads the draws evenly and is all base", async () => {
  const setting = {
    instance: Float64Array.of(1, 1, 1, 1),
    background: backgroundOf([[0, 0, 0, 5]]),
    groups: [[0], [1], [2]],
  };
  // The fourth number belongs to nobody, and stays the instance's.
  const game = drawnGame(
    scoreBy(4, ([, , , d = 0]) => d),
    floatLayout(4),
    setting,
  );
  const estimate = await lastEstimate(samplingShap(game, { samples: 1_000, random: random() }));
  expect(estimate).toEqual({
    base: 1,
    prediction: 1,
    values: new Float64Array(3),
    half_widths: new Float64Array(3),
    rows: 2_002,
  });
});

test.each([7, 10.5, 2 ** 25])("a budget of %d draws for 4 players is refused", async (samples) => {
  const { drawn } = games(4, "refused");
  await expect(
    lastEstimate(samplingShap(drawn, { samples, random: random() })),
  ).rejects.toMatchObject({
    problem: { code: "option_invalid", field: "samples" },
  });
});

test("a score that is not finite is refused", async () => {
  const game = drawnGame(
    scoreBy(1, () => Infinity),
    floatLayout(1),
    { instance: Float64Array.of(1), background: backgroundOf([[0]]), groups: [[0]] },
  );
  await expect(lastEstimate(samplingShap(game, { random: random() }))).rejects.toMatchObject({
    problem: { code: "value_invalid" },
  });
});
