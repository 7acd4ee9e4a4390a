import type { Random } from "../../statistics/random.ts";
import type { Estimates } from "../estimate.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { DrawnGame } from "./drawn-game.ts";
import {
  addDraw,
  halfWidthsOf,
  noDraws,
  varianceOf,
  type RunningMoments,
} from "./running-moments.ts";
import { shuffle } from "./shuffle.ts";

export type SamplingOptions = {
  /** Gains to draw, two rows of the model each; "auto" is 1,000 for each player who matters, fewer of more than 1,000. */
  samples?: number | "auto";
  random: Random;
  /** The players who matter; the others get 0. */
  varying?: readonly number[];
};

/** Drawn of each player before the spread decides who gets more, where the budget has it twice. */
const FIRST_EACH = 100;
const MOST_SAMPLES = 2 ** 24;
/** Gains times players, each of whom has a place in each order that is drawn. */
const MOST_PLACES = 2 ** 30;
/** Gains whose coalitions are held together, and the bytes of those. */
const AT_ONCE = 2 ** 14;
const BYTES_AT_ONCE = 2 ** 24;

/**
 * Shapley values by drawing each player's gain by itself, over random orders and rows of the
 * background (Strumbelj & Kononenko 2014). After a first equal round, every further one doubles the
 * draws and gives them where the spread is (Neyman 1934). Base and prediction are exact, the values
 * independent estimates with Student's intervals, so that they add up to the prediction only
 * within those: they are left as they are, and the residual says how good they are. Throws
 * `ExplainFault` (option_invalid) for a budget below two draws of each player.
 */
export async function* samplingShap(game: DrawnGame, options: SamplingOptions): Estimates {
  const { players, weights } = game;
  const varying = options.varying ?? Array.from({ length: players }, (_, player) => player);
  const total = checkedTotal(options.samples ?? "auto", varying.length);
  const base = await meanOfBackground(game);
  const [prediction = 0] = await game.worth(new Uint8Array(players).fill(1), new Int32Array(1));
  const gains = noDraws(varying.length);
  const first = Math.max(2, Math.min(FIRST_EACH, Math.floor(total / (2 * varying.length))));
  let turns: Float64Array = Float64Array.from(varying, () => first);
  for (;;) {
    await drawGains(game, varying, turns, gains, options.random);
    const done = gains.counts.reduce((sum, count) => sum + count, 0);
    const values = new Float64Array(players);
    const half_widths = new Float64Array(players);
    const widths = halfWidthsOf(gains);
    for (const [at, player] of varying.entries()) {
      values[player] = gains.means[at] ?? 0;
      half_widths[player] = widths?.[at] ?? 0;
    }
    yield { base, prediction, values, half_widths, rows: weights.length + 1 + 2 * done };
    if (done >= total) return;
    turns = turnsBySpread(gains, Math.min(2 * done, total));
  }
}

function checkedTotal(samples: number | "auto", varying: number): number {
  const each = Math.max(2, Math.min(1_000, Math.floor(MOST_PLACES / varying ** 2)));
  const total = samples === "auto" ? each * varying : samples;
  const most = Math.min(MOST_SAMPLES, Math.floor(MOST_PLACES / Math.max(1, varying)));
  if (!Number.isInteger(total) || total < 2 * varying || total > most)
    throw new ExplainFault(
      "option_invalid",
      `samples is ${samples}, and has to be "auto" or a whole number of draws ` +
        `from ${2 * varying}, two for each of ${varying} players, to ${most}`,
      "samples",
    );
  return varying === 0 ? 0 : total;
}

async function meanOfBackground({ players, weights, worth }: DrawnGame): Promise<number> {
  const rows = Int32Array.from(weights, (_, row) => row);
  const worths = await worth(new Uint8Array(weights.length * players), rows);
  return worths.reduce((sum, value, row) => sum + value * (weights[row] ?? 0), 0);
}

/** `turns` says how many gains to draw of each player who varies. */
async function drawGains(
  game: DrawnGame,
  varying: readonly number[],
  turns: Float64Array,
  gains: RunningMoments,
  random: Random,
): Promise<void> {
  const queue = new Int32Array(turns.reduce((sum, count) => sum + count, 0));
  let end = 0;
  for (const [at, count] of turns.entries()) queue.fill(at, end, (end += count));
  const order = Int32Array.from(varying);
  const rowOf = rowDraws(game.weights, random);
  const together = Math.max(1, Math.min(AT_ONCE, Math.floor(BYTES_AT_ONCE / (2 * game.players))));
  for (let from = 0; from < queue.length; from += together) {
    const part = queue.subarray(from, from + together);
    const masks = new Uint8Array(2 * part.length * game.players);
    const drawn = new Int32Array(2 * part.length);
    for (const [place, at] of part.entries()) {
      drawn.fill(rowOf(), 2 * place, 2 * place + 2);
      const one = masks.subarray(2 * place * game.players, 2 * (place + 1) * game.players);
      joinInOrder(one, shuffle(order, random), varying[at] ?? 0);
    }
    const worths = await game.worth(masks, drawn);
    for (const [place, at] of part.entries())
      addDraw(gains, at, (worths[2 * place] ?? 0) - (worths[2 * place + 1] ?? 0));
  }
}

/** Two coalitions: all who come before the player in the order, with the player and without. */
function joinInOrder(masks: Uint8Array, order: Int32Array, player: number): void {
  const players = masks.length / 2;
  for (const before of order) {
    masks[before] = 1;
    if (before === player) return;
    masks[players + before] = 1;
  }
}

/** Draws a row by its weight. */
function rowDraws(weights: Float64Array, random: Random): () => number {
  let sum = 0;
  const ends = weights.map((weight) => (sum += weight));
  return () => {
    const at = random.uniform() * sum;
    let [low, high] = [0, ends.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) > at) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** How many more of each to have `total` in all, in proportion to the standard deviations as near as what is drawn allows. */
function turnsBySpread(gains: RunningMoments, total: number): Float64Array {
  const deviations = gains.counts.map((_, at) => Math.sqrt(varianceOf(gains, at)));
  const spread = deviations.reduce((sum, deviation) => sum + deviation, 0);
  const players = deviations.length;
  const missing = gains.counts.map((count, at) =>
    Math.max(0, total * (spread > 0 ? (deviations[at] ?? 0) / spread : 1 / players) - count),
  );
  const more = total - gains.counts.reduce((sum, count) => sum + count, 0);
  const all = missing.reduce((sum, count) => sum + count, 0);
  // Rounding the running sum gives whole numbers that add up.
  let [share, given] = [0, 0];
  return missing.map((count) => {
    share += (count / all) * more;
    const turns = Math.round(share) - given;
    given += turns;
    return turns;
  });
}
