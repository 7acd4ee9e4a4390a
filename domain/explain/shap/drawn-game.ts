import { checkFinite, type Background, type Groups } from "../game.ts";
import { newRows, type RowLayout, type Rows } from "../rows.ts";
import type { Score } from "../score.ts";

/** A game that is played against one row of the background at a time. */
export type DrawnGame = {
  readonly players: number;
  /** The share of each row of the background; they add up to 1. */
  readonly weights: Float64Array;
  /** What each of the coalitions wins against the row of the background that `drawn` names. */
  readonly worth: (masks: Uint8Array, drawn: Int32Array) => Promise<Float64Array>;
};

/** Numbers held at once. */
const NUMBERS_AT_ONCE = 2 ** 20;

/** What a player outside the coalition has is that of the row drawn. There is no link: shares of means are means of shares. */
export function drawnGame(
  score: Score,
  layout: RowLayout,
  { instance, background, groups }: { instance: Rows; background: Background; groups: Groups },
): DrawnGame {
  const { size } = layout;
  const players = groups.length;
  // A number without a player is as if its player were always there.
  const owner = new Int32Array(size).fill(-1);
  for (const [player, members] of groups.entries())
    for (const member of members) owner[member] = player;
  const together = Math.max(1, Math.floor(NUMBERS_AT_ONCE / size));

  async function worth(masks: Uint8Array, drawn: Int32Array): Promise<Float64Array> {
    const worths = new Float64Array(drawn.length);
    const room = newRows(layout, Math.min(together, drawn.length));
    for (let from = 0; from < drawn.length; from += together) {
      const to = Math.min(from + together, drawn.length);
      for (let coalition = from; coalition < to; coalition += 1) {
        const row = (drawn[coalition] ?? 0) * size;
        const start = (coalition - from) * size;
        for (let at = 0; at < size; at += 1) {
          const player = owner[at] ?? -1;
          const isKnown = player < 0 || masks[coalition * players + player] === 1;
          room[start + at] = (isKnown ? instance[at] : background.rows[row + at]) ?? 0;
        }
      }
      worths.set((await score(room, to - from)).subarray(0, to - from), from);
    }
    checkFinite(worths);
    return worths;
  }
  return { players, weights: background.weights, worth };
}
