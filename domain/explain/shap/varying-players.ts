import type { Estimate, Estimates } from "../estimate.ts";
import type { Background, Game, Groups } from "../game.ts";
import type { Rows } from "../rows.ts";

/**
 * The players of whom some number differs from some row of the background; the others cannot
 * change the score, so that their share is 0. Two NaNs are the same.
 */
export function varyingPlayers(
  instance: Rows,
  { rows, count }: Background,
  groups: Groups,
): number[] {
  const size = instance.length;
  const varies = (element: number): boolean => {
    for (let row = 0; row < count; row += 1)
      if (!Object.is(rows[row * size + element], instance[element])) {
        // Object.is tells 0 from -0, which are one number to a model.
        const [here, there] = [rows[row * size + element] ?? 0, instance[element] ?? 0];
        if (here !== there) return true;
      }
    return false;
  };
  return [...groups.keys()].filter((player) => groups[player]?.some(varies));
}

/** Explains the game among the players named, in ascending order, by `explain`; every other player gets 0, exactly. */
export async function* amongPlayers(
  game: Game,
  varying: readonly number[] | undefined,
  explain: (game: Game) => Estimates,
): Estimates {
  if (varying === undefined || varying.length === game.players) {
    yield* explain(game);
    return;
  }
  for await (const estimate of explain(gameAmong(game, varying)))
    yield widened(estimate, game.players, varying);
}

/** The others are always in the coalition. */
function gameAmong(game: Game, varying: readonly number[]): Game {
  const players = varying.length;
  return {
    players,
    rows_each: game.rows_each,
    worth: (masks, count) => {
      const wide = new Uint8Array(count * game.players).fill(1);
      for (let coalition = 0; coalition < count; coalition += 1)
        for (let at = 0; at < players; at += 1)
          wide[coalition * game.players + (varying[at] ?? 0)] =
            masks[coalition * players + at] ?? 0;
      return game.worth(wide, count);
    },
  };
}

function widened(estimate: Estimate, players: number, varying: readonly number[]): Estimate {
  const { values, half_widths, interactions } = estimate;
  const among = varying.length;
  const wide = (narrow: Float64Array): Float64Array => {
    const all = new Float64Array(players);
    for (const [at, player] of varying.entries()) all[player] = narrow[at] ?? 0;
    return all;
  };
  const square = (narrow: Float64Array): Float64Array => {
    const all = new Float64Array(players * players);
    for (const [at, player] of varying.entries())
      all.set(wide(narrow.subarray(at * among, (at + 1) * among)), player * players);
    return all;
  };
  return {
    ...estimate,
    values: wide(values),
    half_widths: half_widths && wide(half_widths),
    ...(interactions && { interactions: square(interactions) }),
  };
}
