import { expect, test } from "vitest";
import { lastEstimate, residualOf } from "../../../../domain/explain/estimate.ts";
import { backgroundGame, type Game } from "../../../../domain/explain/game.ts";
import type { Score } from "../../../../domain/explain/score.ts";
import { drawnGame } from "../../../../domain/explain/shap/drawn-game.ts";
import { exactShapley } from "../../../../domain/explain/shap/exact-shapley.ts";
import vectors from "../../vectors/explain/shapley.json" with { type: "json" };
import {
  apart,
  backgroundOf,
  floatLayout,
  gameOf,
  networkScore,
  randomGame,
  scoreBy,
  single,
  tableGame,
} from "./games.ts";

/** Every order of joining; each player's mean gain is the definition of its value. */
async function byOrders(game: Game): Promise<Float64Array> {
  const { players } = game;
  const values = new Float64Array(players);
  let orders = 0;
  const join = async (mask: Uint8Array, order: readonly number[]): Promise<void> => {
    if (order.length === players) {
      const masks = new Uint8Array((players + 1) * players);
      for (const [place, player] of order.entries())
        for (let at = place + 1; at <= players; at += 1) masks[at * players + player] = 1;
      const worths = await game.worth(masks, players + 1);
      for (const [place, player] of order.entries())
        values[player] = (values[player] ?? 0) + (worths[place + 1] ?? 0) - (worths[place] ?? 0);
      orders += 1;
      return;
    }
    for (let player = 0; player < players; player += 1)
      if (mask[player] === 0) {
        const next = mask.slice();
        next[player] = 1;
        await join(next, [...order, player]);
      }
  };
  await join(new Uint8Array(players), []);
  return values.map((sum) => sum / orders);
}

test.each([1, 2, 3, 5])(
  "of %i players, the values are the mean gains over all orders",
  async (players) => {
    const game = tableGame(players, `orders ${players}`);
    const estimate = await lastEstimate(exactShapley(game));
    expect(apart(estimate.values, await byOrders(game))).toBeLessThan(1e-12);
    expect(Math.abs(residualOf(estimate))).toBeLessThan(1e-12);
    expect(estimate.half_widths).toEqual(new Float64Array(players));
    expect(estimate.rows).toBe(2 ** players);
  },
);

test("a game without players is all base", async () => {
  const estimate = await lastEstimate(exactShapley(gameOf(0, () => 7)));
  expect(estimate).toMatchObject({ base: 7, prediction: 7, values: new Float64Array(0) });
});

/** The definition of Grabisch and Roubens by factorials: s! (n - s - 2)! / (n - 1)! over the coalitions of the others. */
async function interactionOf(game: Game, one: number, other: number): Promise<number> {
  const { players } = game;
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  let sum = 0;
  for (let coalition = 0; coalition < 2 ** players; coalition += 1) {
    const members = single(players)
      .flat()
      .filter((at) => (coalition >> at) & 1);
    if (members.includes(one) || members.includes(other)) continue;
    const masks = new Uint8Array(4 * players);
    for (const [row, joined] of [[], [one], [other], [one, other]].entries())
      for (const member of [...members, ...joined]) masks[row * players + member] = 1;
    const [none = 0, first = 0, second = 0, both = 0] = await game.worth(masks, 4);
    const s = members.length;
    sum +=
      ((factorial(s) * factorial(players - s - 2)) / factorial(players - 1)) *
      (both - first - second + none);
  }
  return sum;
}

test("interactions are halves of the Shapley interaction index, and rows add up to the values", async () => {
  const players = 5;
  const game = tableGame(players, "interactions");
  const { values, interactions } = await lastEstimate(exactShapley(game, { interactions: true }));
  for (let one = 0; one < players; one += 1) {
    const row = [...(interactions ?? [])].slice(one * players, (one + 1) * players);
    expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(values[one] ?? NaN, 12);
    for (let other = 0; other < players; other += 1)
      if (one !== other)
        expect(row[other]).toBeCloseTo((await interactionOf(game, one, other)) / 2, 12);
  }
});

test("an interaction of a product is the product's share, and main effects stay on the diagonal", async () => {
  const game = gameOf(3, ([a = 0, b = 0, c = 0]) => 4 * a * b + 3 * c + 2 * a);
  const { interactions } = await lastEstimate(exactShapley(game, { interactions: true }));
  expect(apart(interactions ?? [], [2, 2, 0, 2, 0, 0, 0, 0, 3])).toBeLessThan(1e-12);
});

test("a tree's values and interactions are those of shap's TreeExplainer", async () => {
  const tree = vectors.interactions;
  const players = tree.instance.length;
  const game = gameOf(players, (mask) => {
    const expected = (node: number): number => {
      const [left, right, feature] = [tree.left, tree.right, tree.feature].map(
        (all) => all[node] ?? -1,
      ) as [number, number, number];
      if (left < 0) return tree.value[node] ?? NaN;
      if (mask[feature] === 1)
        return expected(
          (tree.instance[feature] ?? 0) <= (tree.threshold[node] ?? 0) ? left : right,
        );
      const share = (tree.cover[left] ?? 0) / (tree.cover[node] ?? 1);
      return share * expected(left) + (1 - share) * expected(right);
    };
    return expected(0);
  });
  const { values, interactions } = await lastEstimate(exactShapley(game, { interactions: true }));
  expect(apart(values, tree.values)).toBeLessThan(1e-6);
  expect(apart(interactions ?? [], tree.matrix.flat())).toBeLessThan(1e-6);
});

test("values are those of shap's KernelExplainer with a budget for all coalitions", async () => {
  for (const { link, l1, ...one } of vectors.kernel) {
    if (l1.kind !== "none") continue;
    const size = one.instance.length;
    const game = backgroundGame(networkScore(one, link === "logit"), floatLayout(size), {
      instance: Float64Array.from(one.instance),
      background: backgroundOf(one.background, one.weights),
      groups: single(size),
      link: link === "logit" ? "logit" : "identity",
    });
    const { values, rows } = await lastEstimate(exactShapley(game));
    expect(apart(values, one.values)).toBeLessThan(1e-6);
    expect(rows).toBe(2 ** size * one.background.length);
  }
});

test("players who do not vary get 0, cost nothing, and may be more than 16", async () => {
  const wide = gameOf(20, (mask) => (mask[3] ?? 0) * (1 + 2 * (mask[19] ?? 0)));
  const { values, interactions, rows } = await lastEstimate(
    exactShapley(wide, { varying: [3, 19], interactions: true }),
  );
  expect([...values.entries()].filter(([, value]) => value !== 0)).toEqual([
    [3, 2],
    [19, 1],
  ]);
  expect(interactions?.[3 * 20 + 19]).toBe(1);
  expect(interactions?.[19 * 20 + 3]).toBe(1);
  expect(interactions?.[3 * 20 + 3]).toBe(1);
  expect(rows).toBe(4);
});

test("more than 16 players are refused, with other methods named", async () => {
  await expect(lastEstimate(exactShapley(randomGame(17, "many")))).rejects.toMatchObject({
    problem: {
      code: "option_invalid",
      message: expect.stringMatching(/17.*kernel or permutation/),
    },
  });
});

test.each([
  ["identity" as const, (): number => NaN, /score .* is NaN/],
  ["logit" as const, ([a = 0]: readonly number[]): number => a, /logit .* is Infinity.*identity/],
])("with the link %s, a worth that is not finite is refused", async (link, rule, message) => {
  const game = backgroundGame(scoreBy(1, rule), floatLayout(1), {
    instance: Float64Array.of(1),
    background: backgroundOf([[0.5]]),
    groups: [[0]],
    link,
  });
  await expect(lastEstimate(exactShapley(game))).rejects.toMatchObject({
    problem: { code: "value_invalid", message: expect.stringMatching(message) },
  });
});

test("a group's numbers come together, and a number of no group stays the instance's", async () => {
  const score = scoreBy(4, ([a = 0, b = 0, c = 0, d = 0]) => a * b + c + 10 * d);
  const game = backgroundGame(score, floatLayout(4), {
    instance: Float64Array.of(2, 3, 5, 7),
    background: backgroundOf(
      [
        [1, 1, 1, 1],
        [0, 4, 3, 4],
      ],
      [0.25, 0.75],
    ),
    groups: [[0, 1], [2]],
  });
  const { base, prediction, values } = await lastEstimate(exactShapley(game));
  expect(prediction).toBe(81);
  expect(base).toBe(0.25 * 2 + 0.75 * 3 + 70);
  expect(apart(values, [6 - 0.25, 5 - 0.25 - 2.25])).toBeLessThan(1e-12);
});

test("coalitions of more numbers than are held at once are worth the same, against drawn rows too", async () => {
  const size = 2_048;
  const score: Score = (rows, count) =>
    Promise.resolve(
      Float64Array.from({ length: count }, (_, row) => {
        const [a = 0, b = 0] = rows.subarray(row * size, row * size + 2);
        return a * b + (rows[(row + 1) * size - 1] ?? 0);
      }),
    );
  const setting = {
    instance: new Float64Array(size).fill(2),
    background: backgroundOf(Array.from({ length: 64 }, () => Array<number>(size).fill(1))),
    groups: [[0], [1], [size - 1], [5], [6], [7]],
  };
  const game = backgroundGame(score, floatLayout(size), setting);
  const { values } = await lastEstimate(exactShapley(game));
  expect(apart(values, [1.5, 1.5, 1, 0, 0, 0])).toBeLessThan(1e-12);
  const masks = Uint8Array.from({ length: 600 * 6 }, (_, at) => Number(at % 6 < 2 && at > 3_000));
  const worths = await drawnGame(score, floatLayout(size), setting).worth(
    masks,
    new Int32Array(600),
  );
  expect([...worths]).toEqual(
    Array.from({ length: 600 }, (_, at) => (at > 500 ? 5 : at === 500 ? 3 : 2)),
  );
});
