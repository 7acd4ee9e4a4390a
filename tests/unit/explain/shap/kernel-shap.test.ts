import { describe, expect, test } from "vitest";
import { lastEstimate, residualOf, type Estimate } from "../../../../domain/explain/estimate.ts";
import { backgroundGame, type Game } from "../../../../domain/explain/game.ts";
import { compatibleCoalitions } from "../../../../domain/explain/shap/compatible-coalitions.ts";
import { coalitionPlan } from "../../../../domain/explain/shap/coalition-plan.ts";
import { exactShapley } from "../../../../domain/explain/shap/exact-shapley.ts";
import { kernelShap, type KernelOptions } from "../../../../domain/explain/shap/kernel-shap.ts";
import type { Selection } from "../../../../domain/explain/shap/l1-selection.ts";
import { regressed } from "../../../../domain/explain/shap/selected-regression.ts";
import { varyingPlayers } from "../../../../domain/explain/shap/varying-players.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import vectors from "../../vectors/explain/shapley.json" with { type: "json" };
import {
  allEstimates,
  apart,
  backgroundOf,
  coverage,
  floatLayout,
  gameOf,
  networkScore,
  randomGame,
  scoreBy,
  single,
  tableGame,
  type Network,
} from "./games.ts";

const random = (seed: string | number = "kernel") => seededRandom(seed);

test.each([0, 1, 2, 3, 4, 7, 10])(
  "with a budget for all coalitions of %i players, it is exact",
  async (players) => {
    const game = tableGame(players, `full ${players}`);
    const { values } = await lastEstimate(exactShapley(game));
    const estimate = await lastEstimate(kernelShap(game, { random: random() }));
    expect(apart(estimate.values, values)).toBeLessThan(1e-10);
    expect(estimate.half_widths).toEqual(new Float64Array(players));
    expect(estimate.rows).toBe(Math.max(2, 2 ** players));
  },
);

test("every estimate adds up, and each further one has run the more rows that it says", async () => {
  const inner = randomGame(24, "adds");
  let run = 0;
  const game: Game = {
    ...inner,
    worth: (masks, count) => {
      run += count;
      return inner.worth(masks, count);
    },
  };
  const estimates: Estimate[] = [];
  for await (const estimate of kernelShap(game, { random: random() })) {
    estimates.push(estimate);
    expect(estimate.rows).toBe(run);
  }
  expect(estimates.length).toBeGreaterThan(4);
  for (const estimate of estimates) expect(Math.abs(residualOf(estimate))).toBeLessThan(1e-12);
  const rows = estimates.map(({ rows }) => rows);
  expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
  expect(rows.at(-1)).toBe(2 + 2 * 24 + 2_048);
});

test("of a linear model each value is its weight times the distance from the background's mean, however few coalitions", async () => {
  const size = 20;
  const draw = random("linear");
  const weights = Array.from({ length: size }, () => draw.normal());
  const rows = Array.from({ length: 4 }, () => Array.from({ length: size }, () => draw.normal()));
  const shares = [0.1, 0.2, 0.3, 0.4];
  const instance = Float64Array.from({ length: size }, () => draw.normal());
  const score = scoreBy(size, (row) => row.reduce((sum, x, at) => sum + x * (weights[at] ?? 0), 3));
  const game = backgroundGame(score, floatLayout(size), {
    instance,
    background: backgroundOf(rows, shares),
    groups: single(size),
  });
  const meanOf = (at: number): number =>
    rows.reduce((sum, row, place) => sum + (shares[place] ?? 0) * (row[at] ?? 0), 0);
  const closedForm = weights.map((weight, at) => weight * ((instance[at] ?? 0) - meanOf(at)));
  for (const options of [{ samples: 76 }, { samples: 300 }, { samples: 200, compatible: true }]) {
    const { values, half_widths } = await lastEstimate(
      kernelShap(game, { ...options, random: random() }),
    );
    expect(apart(values, closedForm)).toBeLessThan(1e-10);
    for (const width of half_widths ?? []) expect(width).toBeLessThan(1e-10);
  }
});

test("players who do the same get the same, and who does nothing gets nothing", async () => {
  const game = gameOf(
    8,
    ([a = 0, b = 0, c = 0, , d = 0, e = 0]) => Math.exp(a + b) * (1 + c) - d * e,
  );
  const { values } = await lastEstimate(kernelShap(game, { random: random() }));
  expect(values[0]).toBeCloseTo(values[1] ?? NaN, 12);
  expect(values[4]).toBeCloseTo(values[5] ?? NaN, 12);
  expect(values[3]).toBeCloseTo(0, 12);
});

test("95 % intervals hold the exact values in about 95 of 100 cases, at every stage", async () => {
  const found = await Promise.all(
    Array.from({ length: 40 }, async (_, seed) => {
      const game = randomGame(10, `coverage ${seed}`);
      const { values: exact } = await lastEstimate(exactShapley(game));
      const estimates = await allEstimates(
        kernelShap(game, { samples: 240, random: random(seed) }),
      );
      return estimates.map((estimate) => ({ estimate, exact }));
    }),
  );
  const stages = found[0]?.length ?? 0;
  expect(stages).toBe(4);
  for (let stage = 0; stage < stages; stage += 1) {
    const share = coverage(found.flatMap((all) => all.slice(stage, stage + 1)));
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThan(0.99);
  }
});

test("intervals and errors shrink as coalitions grow", async () => {
  const game = randomGame(12, "shrinks");
  const { values } = await lastEstimate(exactShapley(game));
  const estimates = await allEstimates(kernelShap(game, { samples: 4_000, random: random() }));
  const widths = estimates.map(({ half_widths }) => Math.max(...(half_widths ?? [NaN])));
  const errors = estimates.map((estimate) => apart(estimate.values, values));
  expect(widths.every((width, at) => at === 0 || width < (widths[at - 1] ?? 0))).toBe(true);
  expect(errors.at(-1)).toBeLessThan((errors[0] ?? 0) / 50);
});

describe("a plan", () => {
  test("serves every instance, with the bytes that the seed alone would give", async () => {
    const plan = coalitionPlan(12, { samples: 300, random: random("plan") });
    for (const seed of ["a", "b"]) {
      const game = randomGame(12, seed);
      const options = { samples: 300, random: random("plan") };
      const planned = await allEstimates(kernelShap(game, { plan, random: random("unused") }));
      expect(planned).toEqual(await allEstimates(kernelShap(game, options)));
    }
  });

  test("has no coalition twice, nor a coalition and its complement", () => {
    const budgets = { 2: 2, 5: 30, 8: 200, 10: 300, 12: 1_500, 13: 2_000, 30: 2_108 };
    for (const [text, samples] of Object.entries(budgets)) {
      const players = Number(text);
      const { masks, pairs, sizes } = coalitionPlan(players, { samples, random: random(players) });
      const seen = new Set<string>();
      for (let pair = 0; pair < pairs; pair += 1) {
        const mask = masks.slice(pair * players, (pair + 1) * players);
        expect(mask.reduce((sum, on) => sum + on, 0)).toBe(sizes[pair]);
        seen.add(mask.join(""));
        seen.add(mask.map((on) => 1 - on).join(""));
      }
      expect(seen.size).toBe(2 * pairs);
    }
  });

  test("runs sizes in proportion to the Shapley kernel, and whole where that is enough", () => {
    const { stages } = coalitionPlan(30, { samples: 2_108, random: random() });
    const last = stages.at(-1);
    expect(last?.pairs).toBe(1_054);
    expect(last?.sampled.map(({ size }) => size)).toEqual(
      Array.from({ length: 14 }, (_, at) => at + 2),
    );
    for (const { size, drawn } of last?.sampled ?? []) {
      const massOf = (size: number): number => (size === 15 ? 1 : 2) / (size * (30 - size));
      const all = Array.from({ length: 14 }, (_, at) => massOf(at + 2)).reduce(
        (sum, mass) => sum + mass,
        0,
      );
      expect(Math.abs(drawn - (1_024 * massOf(size)) / all)).toBeLessThan(1);
    }
  });

  test("for another number of players, or beside compatible, is refused", async () => {
    const plan = coalitionPlan(5, { random: random() });
    for (const options of [{ plan }, { plan, compatible: true, varying: [0, 1, 2, 3, 4] }])
      await expect(
        lastEstimate(kernelShap(randomGame(6, "x"), { ...options, random: random() })),
      ).rejects.toMatchObject({ problem: { code: "option_invalid", field: "plan" } });
  });
});

test.each<[string, Partial<KernelOptions>, string]>([
  ["too few samples", { samples: 75 }, "samples"],
  ["a fraction of samples", { samples: 100.5 }, "samples"],
  ["too many samples", { samples: 2 ** 21 }, "samples"],
  ["no player kept", { l1: { kind: "num_features", count: 0 } }, "l1.count"],
  ["a penalty of 0", { l1: { kind: "lasso", alpha: 0 } }, "l1.alpha"],
  ["coalitions that do not determine the values", { samples: 9, compatible: true }, "samples"],
])("%s is refused", async (_, options, field) => {
  await expect(
    lastEstimate(kernelShap(randomGame(20, "refused"), { ...options, random: random() })),
  ).rejects.toMatchObject({ problem: { code: "option_invalid", field } });
});

const gameOfVector = (
  one: Network & { background: number[][]; weights?: number[]; instance: number[] },
  link: string,
) => {
  const size = one.instance.length;
  const instance = Float64Array.from(one.instance);
  const background = backgroundOf(one.background, one.weights);
  const groups = single(size);
  const game = backgroundGame(networkScore(one, link === "logit"), floatLayout(size), {
    instance,
    background,
    groups,
    link: link === "logit" ? "logit" : "identity",
  });
  return { game, varying: varyingPlayers(instance, background, groups) };
};

describe("beside shap 0.51", () => {
  test.each(
    vectors.kernel.map((one) => ({ ...one, l1: one.l1 as Selection, players: one.values.length })),
  )(
    "all coalitions of $players players, link $link and l1 $l1.kind, give the same values",
    async ({ l1, link, ...one }) => {
      const { game, varying } = gameOfVector(one, link);
      for (const compatible of [true, false]) {
        const options = { samples: 2 ** varying.length, random: random(), l1, compatible, varying };
        const { base, values, half_widths } = await lastEstimate(kernelShap(game, options));
        expect(apart(values, one.values)).toBeLessThan(1e-6);
        expect(base).toBeCloseTo(one.base, 6);
        expect(half_widths === null).toBe(l1.kind !== "none");
      }
    },
  );

  test("a compatible explanation takes as many coalitions, the same sizes whole, with the same weights", () => {
    for (const { players, samples, count, whole, whole_weight, drawn_weight } of vectors.plans) {
      const { masks, weights } = compatibleCoalitions(players, { samples, random: random() });
      expect(weights.length).toBe(count);
      const bySize = Map.groupBy(weights.keys(), (at) =>
        masks.subarray(at * players, (at + 1) * players).reduce((sum, on) => sum + on, 0),
      );
      for (const [at, size] of whole.entries())
        for (const coalition of bySize.get(size) ?? [])
          expect(weights[coalition]).toBeCloseTo(whole_weight[at] ?? NaN, 12);
      const drawn = [...bySize].filter(([size]) => !whole.includes(size)).flatMap(([, all]) => all);
      const mass = drawn.reduce((sum, at) => sum + (weights[at] ?? 0), 0);
      expect(mass).toBeCloseTo(drawn_weight, 12);
    }
  });

  test.each(vectors.sampled.map((one) => ({ ...one, l1: one.l1 as Selection })))(
    "the coalitions that shap drew give its values with l1 $l1",
    ({ l1, players, coalitions, weights, gains, gain, values }) => {
      const masks = Uint8Array.from(
        coalitions.flatMap((bits) => single(players).map(([player = 0]) => (bits >> player) & 1)),
      );
      const drawn = { players, masks, weights: Float64Array.from(weights), complete: false };
      const ends = { base: 0, prediction: gain };
      expect(
        apart(regressed(players, drawn, Float64Array.from(gains), ends, l1), values),
      ).toBeLessThan(1e-9);
    },
  );

  test("drawn coalitions weigh as their complements do, and in the mean as the Shapley kernel of their size", () => {
    const players = 8;
    const massBySize = new Float64Array(players);
    for (let seed = 0; seed < 200; seed += 1) {
      const { masks, weights } = compatibleCoalitions(players, {
        samples: 80,
        random: random(seed),
      });
      for (const [at, weight] of weights.entries()) {
        const mask = masks.subarray(at * players, (at + 1) * players);
        const size = mask.reduce((sum, on) => sum + on, 0);
        massBySize[size] = (massBySize[size] ?? 0) + weight / 200;
        const complement = masks.subarray((at + 1) * players, (at + 2) * players);
        if (size < players / 2 && complement.length > 0) {
          expect(
            apart(
              complement,
              mask.map((on) => 1 - on),
            ),
          ).toBe(0);
          expect(weights[at + 1]).toBe(weight);
        }
      }
    }
    const kernel = massBySize.map((_, size) => (size === 0 ? 0 : 1 / (size * (players - size))));
    const all = kernel.reduce((sum, mass) => sum + mass, 0);
    for (const [size, mass] of massBySize.entries())
      expect(Math.abs(mass - (kernel[size] ?? 0) / all)).toBeLessThan(0.01);
  });

  test("what rounding leaves is taken for zero", async () => {
    const game = gameOf(9, ([a = 0, b = 0, c = 0]) => 0.1 * a * b + 0.7 * c);
    const options = { samples: 200, random: random(), compatible: true };
    const { values } = await lastEstimate(kernelShap(game, options));
    expect([...values].slice(3)).toEqual(Array(6).fill(0));
  });

  test("with a tenth of the coalitions a compatible explanation errs as much, and ours less", async () => {
    const { samples, rmse, values: exact } = vectors.errors;
    const { game } = gameOfVector(vectors.errors, "identity");
    const errorOf = async (compatible: boolean): Promise<number> => {
      let sum = 0;
      for (let seed = 0; seed < 40; seed += 1) {
        const { values } = await lastEstimate(
          kernelShap(game, { samples, random: random(seed), compatible }),
        );
        sum += values.reduce((sum, value, at) => sum + (value - (exact[at] ?? 0)) ** 2, 0);
      }
      return Math.sqrt(sum / 40 / exact.length);
    };
    const [compatible, ours] = [await errorOf(true), await errorOf(false)];
    expect(compatible / rmse).toBeGreaterThan(0.8);
    expect(compatible / rmse).toBeLessThan(1.25);
    expect(ours).toBeLessThan(compatible);
  });
});

test("selections keep every player of a game without noise, and their gains add up", async () => {
  const game = gameOf(6, (mask) => mask.reduce((sum, on, at) => sum + on * (at + 1), 0));
  for (const kind of ["aic", "bic"] as const) {
    const { values } = await lastEstimate(kernelShap(game, { random: random(), l1: { kind } }));
    expect(apart(values, [1, 2, 3, 4, 5, 6])).toBeLessThan(1e-10);
  }
});

test("a player varies who differs from some row in some number", () => {
  const background = backgroundOf([
    [1, 2, 0, NaN, 5],
    [1, 3, 0, NaN, 5],
  ]);
  const instance = Float64Array.of(1, 2, -0, NaN, 5);
  expect(varyingPlayers(instance, background, single(5))).toEqual([1]);
  expect(varyingPlayers(instance, background, [[0, 4], [2, 1], [3]])).toEqual([1]);
  expect(varyingPlayers(Float64Array.of(1, 2, 1, 0, 5), background, single(5))).toEqual([1, 2, 3]);
});

test("players who do not vary get exactly 0 and save coalitions", async () => {
  // The others are always there, of which player 0 tells.
  const game = gameOf(
    9,
    (mask) => (mask[1] ?? 0) * 2 + (mask[4] ?? 0) * (mask[8] ?? 0) - (1 - (mask[0] ?? 0)),
  );
  const { base, values, half_widths, rows } = await lastEstimate(
    kernelShap(game, { random: random(), varying: [1, 4, 8] }),
  );
  expect(base).toBe(0);
  expect(apart(values, [0, 2, 0, 0, 0.5, 0, 0, 0, 0.5])).toBeLessThan(1e-12);
  expect([...values].filter((value) => value === 0)).toHaveLength(6);
  expect(half_widths).toEqual(new Float64Array(9));
  expect(rows).toBe(8);
});
