import type { Estimate, Estimates } from "../../../../domain/explain/estimate.ts";
import type { Background, Game } from "../../../../domain/explain/game.ts";
import type { RowLayout } from "../../../../domain/explain/rows.ts";
import type { Score } from "../../../../domain/explain/score.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";

/** A game by a rule for one coalition. */
export const gameOf = (players: number, rule: (mask: Uint8Array) => number): Game => ({
  players,
  rows_each: 1,
  worth: (masks, count) =>
    Promise.resolve(
      Float64Array.from({ length: count }, (_, at) =>
        rule(masks.subarray(at * players, (at + 1) * players)),
      ),
    ),
});

/** Hidden units over the players: interactions of every order. */
export function randomGame(players: number, seed: string): Game {
  const random = seededRandom(seed);
  const units = Array.from({ length: 6 }, () => ({
    weights: Float64Array.from({ length: players }, () => random.normal()),
    bias: random.normal(),
    gain: random.normal(),
  }));
  return gameOf(players, (mask) =>
    units.reduce(
      (sum, { weights, bias, gain }) =>
        sum + gain * Math.tanh(mask.reduce((sum, on, at) => sum + on * (weights[at] ?? 0), bias)),
      0,
    ),
  );
}

/** A game whose every coalition is worth what chance says. */
export function tableGame(players: number, seed: string): Game {
  const random = seededRandom(seed);
  const table = Float64Array.from({ length: 2 ** players }, () => random.normal());
  return gameOf(players, (mask) => table[mask.reduce((sum, on, at) => sum + on * 2 ** at, 0)] ?? 0);
}

export const floatLayout = (size: number): RowLayout => ({
  size,
  ports: [{ name: "x", type: "float64", shape: [size], offset: 0, count: size, categories: null }],
});

export const scoreBy =
  (size: number, rule: (row: readonly number[]) => number): Score =>
  (rows, count) =>
    Promise.resolve(
      Float64Array.from({ length: count }, (_, at) =>
        rule([...rows.subarray(at * size, (at + 1) * size)]),
      ),
    );

/** The network of the vectors: sum of v * tanh(x w + b), through a sigmoid for the logit link. */
export type Network = { w: number[][]; b: number[]; v: number[] };

export const networkScore = ({ w, b, v }: Network, sigmoid: boolean): Score =>
  scoreBy(w.length, (row) => {
    const sum = v.reduce(
      (sum, gain, unit) =>
        sum +
        gain * Math.tanh(row.reduce((sum, x, at) => sum + x * (w[at]?.[unit] ?? 0), b[unit] ?? 0)),
      0,
    );
    return sigmoid ? 1 / (1 + Math.exp(-sum)) : sum;
  });

export const backgroundOf = (
  rows: readonly number[][],
  weights?: readonly number[],
): Background => ({
  rows: Float64Array.from(rows.flat()),
  count: rows.length,
  weights: Float64Array.from(weights ?? rows.map(() => 1 / rows.length)),
});

export const single = (size: number): number[][] => Array.from({ length: size }, (_, at) => [at]);

export async function allEstimates(estimates: Estimates): Promise<Estimate[]> {
  const all: Estimate[] = [];
  for await (const estimate of estimates) all.push(estimate);
  return all;
}

/** The largest difference of two vectors. */
export const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Infinity;
  return Array.from(a).reduce(
    (most, value, at) => Math.max(most, Math.abs(value - (b[at] ?? NaN))),
    0,
  );
};

/** Of all values, how many lie within their intervals. */
export function coverage(found: readonly { estimate: Estimate; exact: Float64Array }[]): number {
  let [inside, all] = [0, 0];
  for (const { estimate, exact } of found)
    for (const [player, value] of exact.entries()) {
      const width = estimate.half_widths?.[player] ?? NaN;
      inside += Number(Math.abs((estimate.values[player] ?? NaN) - value) <= width);
      all += 1;
    }
  return inside / all;
}
