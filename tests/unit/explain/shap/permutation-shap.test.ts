import { expect, test } from "vitest";
import { lastEstimate, residualOf } from "../../../../domain/explain/estimate.ts";
import { backgroundGame } from "../../../../domain/explain/game.ts";
import { exactShapley } from "../../../../domain/explain/shap/exact-shapley.ts";
import { permutationShap } from "../../../../domain/explain/shap/permutation-shap.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import {
  allEstimates,
  apart,
  backgroundOf,
  coverage,
  floatLayout,
  gameOf,
  randomGame,
  scoreBy,
  tableGame,
} from "./games.ts";

const random = (seed: string | number = "permutation") => seededRandom(seed);

test("estimates come after 1, 2, 4, 8, ... pairs of orders, and each adds up", async () => {
  const game = randomGame(15, "doubling");
  const estimates = await allEstimates(permutationShap(game, { samples: 320, random: random() }));
  expect(estimates.map(({ rows }) => (rows - 2) / 28)).toEqual([1, 2, 4, 8, 11]);
  for (const estimate of estimates) expect(Math.abs(residualOf(estimate))).toBeLessThan(1e-12);
  expect(estimates.map(({ half_widths }) => half_widths !== null)).toEqual([
    false,
    true,
    true,
    true,
    true,
  ]);
});

test("one pair of orders is exact where players meet in pairs only", async () => {
  const game = gameOf(12, ([a = 0, b = 0, c = 0, d = 0]) => 3 * a * b - 2 * b * c + d);
  const options = { samples: 22, random: random() };
  const { values } = await lastEstimate(permutationShap(game, options));
  expect(apart(values, [1.5, 0.5, -1, 1, 0, 0, 0, 0, 0, 0, 0, 0])).toBeLessThan(1e-12);
});

test.each([0, 1, 2, 3, 6])(
  "a budget for all coalitions of %i players is spent on them",
  async (players) => {
    const game = tableGame(players, `all ${players}`);
    const estimate = await lastEstimate(permutationShap(game, { random: random() }));
    expect(estimate).toEqual(await lastEstimate(exactShapley(game)));
  },
);

test("it comes ever nearer to the exact values, and the intervals with it", async () => {
  const game = randomGame(12, "converges");
  const { values } = await lastEstimate(exactShapley(game));
  const estimates = await allEstimates(permutationShap(game, { samples: 4_090, random: random() }));
  const errors = estimates.map((estimate) => apart(estimate.values, values));
  expect(errors.at(-1)).toBeLessThan((errors[0] ?? 0) / 5);
  const widths = estimates.map(({ half_widths }) => Math.max(...(half_widths ?? [])));
  expect(widths.at(-1)).toBeLessThan((widths[2] ?? 0) / 4);
});

test("95 % intervals hold the exact values in about 95 of 100 cases", async () => {
  const found = await Promise.all(
    Array.from({ length: 60 }, async (_, seed) => {
      const game = randomGame(10, `coverage ${seed}`);
      const { values: exact } = await lastEstimate(exactShapley(game));
      const estimate = await lastEstimate(
        permutationShap(game, { samples: 600, random: random(seed) }),
      );
      return { estimate, exact };
    }),
  );
  const share = coverage(found);
  expect(share).toBeGreaterThan(0.9);
  expect(share).toBeLessThan(0.99);
});

test("of a linear model, one pair of orders is the closed form", async () => {
  const size = 18;
  const weights = Array.from({ length: size }, (_, at) => at - 8);
  const score = scoreBy(size, (row) => row.reduce((sum, x, at) => sum + x * (weights[at] ?? 0), 0));
  const instance = Float64Array.from({ length: size }, (_, at) => at % 5);
  const rows = [0, 1].map((row) => Array.from({ length: size }, (_, at) => row * at));
  const background = backgroundOf(rows, [0.75, 0.25]);
  const groups = Array.from({ length: 9 }, (_, at) => [at, 17 - at]);
  const game = backgroundGame(score, floatLayout(size), { instance, background, groups });
  const { values } = await lastEstimate(permutationShap(game, { samples: 16, random: random() }));
  const closedForm = groups.map((members) =>
    members.reduce((sum, at) => sum + (weights[at] ?? 0) * ((instance[at] ?? 0) - 0.25 * at), 0),
  );
  expect(apart(values, closedForm)).toBeLessThan(1e-10);
});

test("the seed decides every byte, and players who do not vary cost nothing", async () => {
  const game = randomGame(20, "seeded");
  const by = (seed: string) =>
    lastEstimate(permutationShap(game, { samples: 200, random: random(seed) }));
  expect(await by("one")).toEqual(await by("one"));
  expect((await by("one")).values).not.toEqual((await by("two")).values);
  const varying = [2, 5, 11, 17];
  const few = await lastEstimate(
    permutationShap(game, { samples: 200, random: random(), varying }),
  );
  expect([...few.values.keys()].filter((at) => few.values[at] !== 0)).toEqual(varying);
  expect(few.rows).toBe(16);
});

test("a budget below one pair of orders is refused", async () => {
  await expect(
    lastEstimate(permutationShap(randomGame(20, "few"), { samples: 37, random: random() })),
  ).rejects.toMatchObject({ problem: { code: "option_invalid", field: "samples" } });
});
