import { ExplainFault } from "./explain-fault.ts";
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
  const { count, weights } = background;
  const players = groups.length;
  const unknown = withFixedNumbers(instance, background, groups);
  const known = repeated(instance, layout, count);
  const together = Math.max(1, Math.floor(NUMBERS_AT_ONCE / (size * count)));
  let room = newRows(layout, 0);

  /** A coalition's rows are mostly known or mostly unknown; the fewer numbers are written over the others. */
  function fill(masks: Uint8Array, from: number, to: number): void {
    if (room.length < (to - from) * unknown.length) room = newRows(layout, (to - from) * count);
    for (let coalition = from; coalition < to; coalition += 1) {
      const start = (coalition - from) * unknown.length;
      const mask = masks.subarray(coalition * players, (coalition + 1) * players);
      let inside = 0;
      for (const player of mask) inside += player;
      const isMostlyKnown = 2 * inside > players;
      const [most, fewer] = isMostlyKnown ? [known, unknown] : [unknown, known];
      room.set(most, start);
      for (let player = 0; player < players; player += 1)
        if ((mask[player] === 0) === isMostlyKnown)
          for (const member of groups[player] ?? [])
            for (let at = member; at < fewer.length; at += size) room[start + at] = fewer[at] ?? 0;
    }
  }

  async function worth(masks: Uint8Array, coalitions: number): Promise<Float64Array> {
    const worths = new Float64Array(coalitions);
    for (let from = 0; from < coalitions; from += together) {
      const to = Math.min(from + together, coalitions);
      fill(masks, from, to);
      const scores = await score(room, (to - from) * count);
      for (let coalition = from; coalition < to; coalition += 1) {
        let sum = 0;
        for (let row = 0; row < count; row += 1)
          sum += (weights[row] ?? 0) * (scores[(coalition - from) * count + row] ?? 0);
        worths[coalition] = LINKS[link](sum);
      }
    }
    checkFinite(worths, link);
    return worths;
  }
  return { players, worth, rows_each: count };
}

/** The background's rows, with the instance's own number wherever no player has it. */
function withFixedNumbers(instance: Rows, { rows, count }: Background, groups: Groups): Rows {
  const owned = new Set(groups.flat());
  const fixed = rows.slice(0, count * instance.length);
  for (let at = 0; at < fixed.length; at += 1)
    if (!owned.has(at % instance.length)) fixed[at] = instance[at % instance.length] ?? 0;
  return fixed;
}

/** The instance `count` times. */
function repeated(instance: Rows, layout: RowLayout, count: number): Rows {
  const rows = newRows(layout, count);
  for (let row = 0; row < count; row += 1)
    rows.set(instance.subarray(0, layout.size), row * layout.size);
  return rows;
}

/** Beyond this the squares of differences, which intervals are made of, leave the range of a number. */
const MOST_WORTH = 1e150;

/** Throws `ExplainFault` (value_invalid): what is not finite cannot be shared out. */
export function checkFinite(worths: Float64Array, link: Link = "identity"): void {
  const found = worths.find((worth) => !(Math.abs(worth) < MOST_WORTH));
  if (found === undefined) return;
  if (link === "logit")
    throw new ExplainFault(
      "value_invalid",
      `the logit of a coalition's score is ${found}: the link "logit" takes scores above 0 and below 1; explain the model's logits, or use "identity"`,
      "link",
    );
  throw new ExplainFault(
    "value_invalid",
    `the model's score of some rows between instance and background is ${found}; it has to be finite, and below ${MOST_WORTH}, to be shared out`,
  );
}
