import { newRows, type RowLayout, type Rows } from "./rows.ts";
import type { Score } from "./score.ts";

/**
 * Players who share what they win together: what the model says where only the features of a
 * coalition are known. A coalition is a row of `masks`, a 1 for each player who is in it.
 */
export type Game = {
  readonly players: number;
  /** What each of `count` coalitions wins, after the link. */
  readonly worth: (masks: Uint8Array, count: number) => Promise<Float64Array>;
  /** How many rows the model runs for one coalition. */
  readonly rows_each: number;
};

/** Rows that stand for "not known", each with its share of all (the shares add up to 1). */
export type Background = { rows: Rows; count: number; weights: Float64Array };

/** Which numbers of a row belong to each player; a number that no player has stays as the instance has it. */
export type Groups = readonly (readonly number[])[];

export type Link = "identity" | "logit";

export const LINKS: Record<Link, (value: number) => number> = {
  identity: (value) => value,
  logit: (value) => Math.log(value / (1 - value)),
};

/** Coalitions that are run together: enough rows for full runs of the model, few enough to hold. */
const NUMBERS_AT_ONCE = 2 ** 20;

/**
 * What a player outside the coalition has is the background's: each coalition is worth the mean
 * score over the background's rows (the interventional, or marginal, value function).
 */
export function backgroundGame(
  score: Score,
  layout: RowLayout,
  {
    instance,
    background,
    groups,
    link = "identity",
  }: {
    instance: Rows;
    background: Background;
    groups: Groups;
    link?: Link;
  },
): Game {
  const { size } = layout;
  const ownerOf = new Int32Array(size).fill(-1);
  for (const [player, members] of groups.entries())
    for (const member of members) ownerOf[member] = player;
  const players = groups.length;
  const together = Math.max(1, Math.floor(NUMBERS_AT_ONCE / (size * background.count)));
  const room = newRows(layout, together * background.count);

  function fill(masks: Uint8Array, from: number, to: number): void {
    let at = 0;
    for (let coalition = from; coalition < to; coalition += 1)
      for (let row = 0; row < background.count; row += 1)
        for (let element = 0; element < size; element += 1) {
          const owner = ownerOf[element] ?? -1;
          const isKnown = owner < 0 || masks[coalition * players + owner] === 1;
          room[at] = (isKnown ? instance[element] : background.rows[row * size + element]) ?? 0;
          at += 1;
        }
  }

  async function worth(masks: Uint8Array, count: number): Promise<Float64Array> {
    const worths = new Float64Array(count);
    for (let from = 0; from < count; from += together) {
      const to = Math.min(from + together, count);
      fill(masks, from, to);
      const scores = await score(room, (to - from) * background.count);
      for (let coalition = from; coalition < to; coalition += 1) {
        let sum = 0;
        for (let row = 0; row < background.count; row += 1)
          sum +=
            (background.weights[row] ?? 0) *
            (scores[(coalition - from) * background.count + row] ?? 0);
        worths[coalition] = LINKS[link](sum);
      }
    }
    return worths;
  }
  return { players, worth, rows_each: background.count };
}
