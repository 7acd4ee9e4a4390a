import type { Estimates } from "../estimate.ts";
import type { Game } from "../game.ts";
import type { Random } from "../../statistics/random.ts";
import { ExplainFault } from "../explain-fault.ts";
import { coalitionBudget } from "./coalition-budget.ts";
import { exactShapley, MOST_EXACT_PLAYERS } from "./exact-shapley.ts";
import { addDraw, halfWidthsOf, noDraws, type RunningMoments } from "./running-moments.ts";
import { shuffle } from "./shuffle.ts";
import { amongPlayers } from "./varying-players.ts";

export type PermutationOptions = {
  /** Coalitions that may be run, 2 * players - 2 for a pair of orders; "auto" is 2 * players + 2,048. */
  samples?: number | "auto";
  random: Random;
  /** The players who matter; the others get 0. */
  varying?: readonly number[];
};

/**
 * Shapley values as the mean gain of each player over random orders of joining, each order taken
 * forwards and backwards (antithetic; Mitchell, Cooper, Frank & Holmes 2022). Every order adds up,
 * so that every estimate does. Yields after 1, 2, 4, 8, ... pairs. Intervals are Student's over the
 * independent pairs; null after one. A budget for every coalition is spent on them, and the values
 * are exact. Throws `ExplainFault` (option_invalid) for a budget below one pair.
 */
export const permutationShap = (game: Game, options: PermutationOptions): Estimates =>
  amongPlayers(game, options.varying, (game) =>
    paysForAll(game.players, options)
      ? exactShapley(game)
      : byOrders(game, coalitionBudget(game.players, options.samples), options.random),
  );

const paysForAll = (players: number, { samples }: PermutationOptions): boolean =>
  players <= MOST_EXACT_PLAYERS && coalitionBudget(players, samples) >= 2 ** players - 2;

/** Coalitions times players that are held at once: bytes. */
const MOST_MEMBERS = 2 ** 24;

async function* byOrders(game: Game, budget: number, random: Random): Estimates {
  const { players } = game;
  const pairCost = 2 * (players - 1);
  const pairs = Math.floor(budget / pairCost);
  if (pairs < 1)
    throw new ExplainFault(
      "option_invalid",
      `samples is ${budget}, and one pair of orders of ${players} players takes ${pairCost} coalitions: allow at least those`,
      "samples",
    );
  const together = Math.floor(MOST_MEMBERS / (pairCost * players));
  if (together < 1)
    throw new ExplainFault(
      "option_invalid",
      `one pair of orders of ${players} players is too much to hold: group features, or cut the input into segments`,
      "method",
    );
  const ends = new Uint8Array(2 * players).fill(1, players);
  const [base = 0, prediction = 0] = await game.worth(ends, 2);
  const gains = noDraws(players);
  const order = Int32Array.from({ length: players }, (_, player) => player);
  for (let done = 0, next = 1; done < pairs;) {
    const orders = new Int32Array((next - done) * players);
    for (let at = 0; at < orders.length; at += players) orders.set(shuffle(order, random), at);
    const worths = await game.worth(orderCoalitions(orders, players), (next - done) * pairCost);
    for (let at = 0; at < next - done; at += 1)
      addPair(
        gains,
        orders.subarray(at * players, (at + 1) * players),
        worths.subarray(at * pairCost, (at + 1) * pairCost),
        { base, prediction },
      );
    yield {
      base,
      prediction,
      values: gains.means.slice(),
      half_widths: halfWidthsOf(gains),
      rows: (2 + next * pairCost) * game.rows_each,
    };
    done = next;
    next = Math.min(done + Math.min(done, together), pairs);
  }
}

/** For each order, its first 1, 2, ... players together, then the last 1, 2, ... of them. */
function orderCoalitions(orders: Int32Array, players: number): Uint8Array {
  const steps = players - 1;
  const masks = new Uint8Array((orders.length / players) * 2 * steps * players);
  for (let pair = 0; pair < orders.length / players; pair += 1)
    for (let step = 0; step < steps; step += 1) {
      const forward = (pair * 2 * steps + step) * players;
      const backward = forward + steps * players;
      for (let place = 0; place <= step; place += 1) {
        masks[forward + (orders[pair * players + place] ?? 0)] = 1;
        masks[backward + (orders[pair * players + steps - place] ?? 0)] = 1;
      }
    }
  return masks;
}

/** What one pair of orders says of each player: the mean of the player's gain forwards and backwards. */
function addPair(
  gains: RunningMoments,
  order: Int32Array,
  worths: Float64Array,
  ends: { base: number; prediction: number },
): void {
  const players = order.length;
  const steps = players - 1;
  const forward = (joined: number): number => wonBy(worths, 0, joined, players, ends);
  const backward = (joined: number): number => wonBy(worths, steps, joined, players, ends);
  for (let place = 0; place < players; place += 1) {
    const ahead = forward(place + 1) - forward(place);
    const behind = backward(players - place) - backward(steps - place);
    addDraw(gains, order[place] ?? 0, (ahead + behind) / 2);
  }
}

/** What the first `joined` players of the order whose coalitions begin at `from` win. */
const wonBy = (
  worths: Float64Array,
  from: number,
  joined: number,
  players: number,
  { base, prediction }: { base: number; prediction: number },
): number =>
  joined === 0 ? base : joined === players ? prediction : (worths[from + joined - 1] ?? 0);
