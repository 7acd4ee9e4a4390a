import type { Estimates } from "../estimate.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Game } from "../game.ts";
import { amongPlayers } from "./varying-players.ts";

/** 2^16 coalitions, each run with every row of the background, are what is bearable. */
export const MOST_EXACT_PLAYERS = 16;

/**
 * Shapley values by all 2^players coalitions (Shapley 1953), and where asked for the Shapley
 * interaction index (Grabisch & Roubens 1999). Half the index of a pair is at either place off the
 * diagonal, and the diagonal has what is left of the player's value. Players outside `varying` get
 * 0 and cost nothing. Throws `ExplainFault` (option_invalid) beyond 16 players.
 */
export const exactShapley = (
  game: Game,
  options: { interactions?: boolean; varying?: readonly number[] } = {},
): Estimates =>
  amongPlayers(game, options.varying, (game) => exactly(game, options.interactions ?? false));

async function* exactly(game: Game, withInteractions: boolean): Estimates {
  const { players } = game;
  if (players > MOST_EXACT_PLAYERS)
    throw new ExplainFault(
      "option_invalid",
      `exact Shapley values are for at most ${MOST_EXACT_PLAYERS} players, and here are ${players}: ` +
        "group features, or use kernel or permutation (or tree, for a model of trees)",
      "method",
    );
  const coalitions = 2 ** players;
  const worths = await game.worth(everyCoalition(players), coalitions);
  const values = shapleyValues(worths, players);
  yield {
    base: worths[0] ?? 0,
    prediction: worths[coalitions - 1] ?? 0,
    values,
    half_widths: new Float64Array(players),
    rows: coalitions * game.rows_each,
    ...(withInteractions && { interactions: shapleyInteractions(worths, values) }),
  };
}

/** Bit p of a coalition's number says whether player p is in it. */
function everyCoalition(players: number): Uint8Array {
  const masks = new Uint8Array(players * 2 ** players);
  for (let at = 0; at < masks.length; at += 1)
    masks[at] = (Math.floor(at / players) >> (at % players)) & 1;
  return masks;
}

/** `worths` by the number of the coalition. */
function shapleyValues(worths: Float64Array, players: number): Float64Array {
  const values = new Float64Array(players);
  const shares = orderShares(players);
  const sizes = coalitionSizes(players);
  for (let player = 0; player < players; player += 1) {
    const bit = 1 << player;
    let sum = 0;
    for (let without = 0; without < worths.length; without += 1)
      if ((without & bit) === 0)
        sum +=
          (shares[sizes[without] ?? 0] ?? 0) *
          ((worths[without | bit] ?? 0) - (worths[without] ?? 0));
    values[player] = sum;
  }
  return values;
}

function shapleyInteractions(worths: Float64Array, values: Float64Array): Float64Array {
  const players = values.length;
  const matrix = new Float64Array(players * players);
  const shares = orderShares(players - 1);
  const sizes = coalitionSizes(players);
  for (let one = 0; one < players; one += 1) {
    matrix[one * players + one] = values[one] ?? 0;
    for (let other = 0; other < players; other += 1)
      if (other !== one) {
        const half = pairIndex(worths, sizes, shares, 1 << one, 1 << other) / 2;
        matrix[one * players + other] = half;
        matrix[one * players + one] = (matrix[one * players + one] ?? 0) - half;
      }
  }
  return matrix;
}

/** How much more two win together than each of them alone, over all coalitions of the others. */
function pairIndex(
  worths: Float64Array,
  sizes: Uint8Array,
  shares: Float64Array,
  one: number,
  other: number,
): number {
  const both = one | other;
  let sum = 0;
  for (let without = 0; without < worths.length; without += 1)
    if ((without & both) === 0)
      sum +=
        (shares[sizes[without] ?? 0] ?? 0) *
        ((worths[without | both] ?? 0) -
          (worths[without | Math.max(one, other)] ?? 0) -
          (worths[without | Math.min(one, other)] ?? 0) +
          (worths[without] ?? 0));
  return sum;
}

/** By size: the share of the orders of `players` where one coalition of that size comes before one player, s! (n - s - 1)! / n!. */
function orderShares(players: number): Float64Array {
  const shares = new Float64Array(Math.max(players, 0));
  let coalitions = 1;
  for (let size = 0; size < players; size += 1) {
    shares[size] = 1 / (players * coalitions);
    coalitions *= (players - 1 - size) / (size + 1);
  }
  return shares;
}

function coalitionSizes(players: number): Uint8Array {
  const sizes = new Uint8Array(2 ** players);
  for (let at = 1; at < sizes.length; at += 1) sizes[at] = (sizes[at >> 1] ?? 0) + (at & 1);
  return sizes;
}
