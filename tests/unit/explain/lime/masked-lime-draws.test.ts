import { describe, expect, test } from "vitest";
import { lastEstimate, type Estimate } from "../../../../domain/explain/estimate.ts";
import type { Game } from "../../../../domain/explain/game.ts";
import { maskedLime, type MaskedLimeOptions } from "../../../../domain/explain/lime/masked-lime.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";

const lastOf = (game: Game, options: MaskedLimeOptions): Promise<Estimate> =>
  lastEstimate(maskedLime(game, options));

test("the draws of a text hide every number of words as often, and every word as often", async () => {
  const players = 40;
  const hiddenPlayers = Array.from({ length: players }, () => 0);
  const quarters = [0, 0, 0, 0];
  let all = 0;
  let most = 0;
  const game: Game = {
    players,
    rows_each: 1,
    worth: async (masks, count) => {
      for (let from = all === 0 ? players : 0; from < count * players; from += players) {
        const mask = masks.subarray(from, from + players);
        const hidden = mask.filter((bit) => bit === 0).length;
        expect(hidden).toBeGreaterThan(0);
        most = Math.max(most, hidden);
        const quarter = Math.floor((hidden - 1) / 10);
        quarters[quarter] = (quarters[quarter] ?? 0) + 1;
        for (const [player, bit] of mask.entries())
          hiddenPlayers[player] = (hiddenPlayers[player] ?? 0) + 1 - bit;
        all += 1;
      }
      return Float64Array.from({ length: count }, (_, at) => at);
    },
  };
  await lastOf(game, { removal: "lime_text", samples: 4_000, random: seededRandom("draws") });
  expect(most).toBe(players);
  // The few coalitions that come twice, of one word hidden or known, are played once.
  for (const quarter of quarters) expect(quarter / all).toBeCloseTo(0.25, 1);
  for (const hidden of hiddenPlayers) expect(Math.abs(hidden / all - 41 / 80)).toBeLessThan(0.04);
});

describe("coalitions count by their distance:", () => {
  const players = 8;
  /** Won by the square of how many there are, so that the slope tells what counts how much. */
  const bend: Game = {
    players,
    rows_each: 1,
    worth: async (masks, count) =>
      Float64Array.from(
        { length: count },
        (_, at) =>
          masks.subarray(players * at, players * (at + 1)).reduce((sum, bit) => sum + bit, 0) ** 2,
      ),
  };
  const uniform = [1, 1, 1, 1, 1, 1, 1, 1, 0];
  const binomial = [1, 8, 28, 56, 70, 56, 28, 8, 1];
  const cosine = (known: number): number => 1 - Math.sqrt(known / players);
  const euclidean = (known: number): number => Math.sqrt(players - known);

  /** The slope of a line through the squares of 0 to 8, with the frequencies and the kernel as weights. */
  function slopeOf(frequencies: readonly number[], far: (known: number) => number): number {
    const weights = frequencies.map(
      (frequency, known) => frequency * Math.exp(-(far(known) ** 2) / 2),
    );
    const mean = (of: (known: number) => number): number =>
      weights.reduce((sum, weight, known) => sum + weight * of(known), 0) /
      weights.reduce((sum, weight) => sum + weight, 0);
    const centre = mean((known) => known);
    return mean((known) => (known - centre) * known ** 2) / mean((known) => (known - centre) ** 2);
  }

  test.each<[Partial<MaskedLimeOptions>, readonly number[], (known: number) => number]>([
    [{ removal: "lime_text" }, uniform, (known) => cosine(known) * (100 / 25)],
    [{ removal: "lime_text", kernel_width: 10 }, uniform, (known) => cosine(known) * 10],
    [
      { removal: "lime_text", distance: "euclidean", kernel_width: 150 },
      uniform,
      (known) => euclidean(known) * (100 / 150),
    ],
    [{ removal: "bernoulli" }, binomial, (known) => cosine(known) / 0.25],
    [
      { removal: "bernoulli", distance: "euclidean", kernel_width: 1 },
      binomial,
      (known) => euclidean(known),
    ],
  ])("%j", async (options, frequencies, far) => {
    const { values } = await lastOf(bend, {
      removal: "bernoulli",
      samples: 20_000,
      random: seededRandom("kernel"),
      ...options,
    });
    const slope = values.reduce((sum, value) => sum + value, 0) / players;
    expect(slope / slopeOf(frequencies, far)).toBeCloseTo(1, 2);
  });
});
