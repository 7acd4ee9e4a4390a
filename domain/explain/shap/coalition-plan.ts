import type { Random } from "../../statistics/random.ts";
import { ExplainFault } from "../explain-fault.ts";
import { coalitionBudget, refuseTooMany } from "./coalition-budget.ts";
import { projectionOf } from "./coalition-projection.ts";
import { nextCombination } from "./next-combination.ts";
import { shuffle } from "./shuffle.ts";

/**
 * Which coalitions kernel SHAP runs, in order. They come as pairs, a coalition and its complement;
 * `masks` has the smaller one. Pairs of one size are drawn without replacement. It depends on
 * nothing of the instance, so that explanations of one model share it.
 */
export type CoalitionPlan = {
  readonly players: number;
  readonly pairs: number;
  /** `pairs` x `players`. */
  readonly masks: Uint8Array;
  /** The size of the smaller coalition of each pair. */
  readonly sizes: Int32Array;
  /** Ever longer beginnings of the plan, each of which determines an estimate. */
  readonly stages: readonly PlanStage[];
};

export type PlanStage = {
  /** How many of the plan's pairs belong to it. */
  readonly pairs: number;
  /** By pair: its share of the Shapley kernel. */
  readonly weights: Float64Array;
  /** The sizes of which not every pair is there, whose choice makes the estimate uncertain. */
  readonly sampled: readonly { size: number; drawn: number; of: number }[];
  /** `pairs` x `players`: what one unit of a pair's centred target adds to each player's value. Computed when first asked for. */
  readonly projection: () => Float64Array;
};

/**
 * Pairs by size in proportion to the Shapley kernel (Charnes, Golany, Keane & Rousseau 1988;
 * Lundberg & Lee 2017), by Sainte-Lague's divisors, so that a longer plan holds a shorter one; a
 * size that gets all its pairs is exact. The first stage has every coalition of one player, which
 * determines the regression, and two pairs of each other size, which determine an interval; each
 * further one has twice the pairs. `samples` counts coalitions; "auto" is 2 * players + 2,048.
 * Throws `ExplainFault` (option_invalid) for a budget below the first stage, or too much to hold.
 */
export function coalitionPlan(
  players: number,
  { samples = "auto", random }: { samples?: number | "auto"; random: Random },
): CoalitionPlan {
  const strata = strataOf(players);
  const least = strata.reduce((sum, { size, of }) => sum + (size === 1 ? of : Math.min(2, of)), 0);
  const budget = coalitionBudget(players, samples);
  const pairs =
    samples === "auto" ? Math.max(least, Math.floor(budget / 2)) : Math.floor(budget / 2);
  if (pairs < least)
    throw new ExplainFault(
      "option_invalid",
      `samples is ${samples}, and kernel SHAP of ${players} players needs ${2 * least} coalitions: ` +
        "allow at least those, group features, or use permutation",
      "samples",
    );
  refuseTooMany(players, pairs);
  const sizes = sizesInOrder(strata, pairs);
  const masks = masksOf(players, strata, sizes, random);
  const stages: PlanStage[] = [];
  for (let until = least; ; until = Math.min(2 * until, pairs)) {
    stages.push(stageOf(players, strata, sizes.subarray(0, until), masks));
    if (until === pairs) return { players, pairs, masks, sizes, stages };
  }
}

/** `of` is the number of pairs whose smaller coalition has `size` players, infinite where it is beyond 2^1023. */
type Stratum = { size: number; of: number; mass: number };

function strataOf(players: number): Stratum[] {
  const strata: Stratum[] = [];
  let coalitions = 1;
  for (let size = 1; 2 * size <= players; size += 1) {
    coalitions = Math.round((coalitions * (players - size + 1)) / size);
    const isOwnComplement = 2 * size === players;
    strata.push({
      size,
      of: isOwnComplement ? coalitions / 2 : coalitions,
      mass: (isOwnComplement ? 1 : 2) / (size * (players - size)),
    });
  }
  return strata;
}

/** The size of each pair, so that every beginning has the sizes in proportion to their mass. */
function sizesInOrder(strata: readonly Stratum[], pairs: number): Int32Array {
  const first = strata.flatMap(({ size, of }) =>
    Array<number>(size === 1 ? of : Math.min(2, of)).fill(size),
  );
  const sizes = new Int32Array(pairs);
  sizes.set(first);
  const drawn = strata.map(({ size, of }) => (size === 1 ? of : Math.min(2, of)));
  for (let at = first.length; at < pairs; at += 1) {
    let [best, most] = [0, -1];
    for (const [index, { of, mass }] of strata.entries()) {
      const had = drawn[index] ?? 0;
      const claim = had < of ? mass / (2 * had + 1) : -1;
      if (claim > most) [best, most] = [index, claim];
    }
    drawn[best] = (drawn[best] ?? 0) + 1;
    sizes[at] = strata[best]?.size ?? 0;
  }
  return sizes;
}

function masksOf(
  players: number,
  strata: readonly Stratum[],
  sizes: Int32Array,
  random: Random,
): Uint8Array {
  const masks = new Uint8Array(sizes.length * players);
  for (const { size, of } of strata) {
    const places = [...sizes.keys()].filter((pair) => sizes[pair] === size);
    const coalitions =
      of <= 2 * places.length
        ? shuffledCoalitions(players, size, of, random)
        : drawnCoalitions(players, size, places.length, random);
    for (const [index, pair] of places.entries())
      for (let at = index * size; at < (index + 1) * size; at += 1)
        masks[pair * players + (coalitions[at] ?? 0)] = 1;
  }
  return masks;
}

/** The members of the `of` first coalitions in the order of the dictionary, shuffled; of two that are each other's complement, the one with player 0 comes first. */
function shuffledCoalitions(players: number, size: number, of: number, random: Random): Int32Array {
  const order = shuffle(
    Int32Array.from({ length: of }, (_, at) => at),
    random,
  );
  const coalitions = new Int32Array(of * size);
  const members = Int32Array.from({ length: size }, (_, at) => at);
  for (const place of order) {
    coalitions.set(members, place * size);
    nextCombination(members, players);
  }
  return coalitions;
}

/** The members of `count` different coalitions, no two of them each other's complement. */
function drawnCoalitions(players: number, size: number, count: number, random: Random): Int32Array {
  const order = Int32Array.from({ length: players }, (_, player) => player);
  const coalitions = new Int32Array(count * size);
  const seen = new Set<string>();
  while (seen.size < count) {
    shuffle(order, random, size);
    const isOther = 2 * size === players && !order.subarray(0, size).includes(0);
    const members = (isOther ? order.slice(size) : order.slice(0, size)).sort();
    const key = String.fromCharCode(...members);
    // One that was there already is overwritten by the next.
    coalitions.set(members, seen.size * size);
    seen.add(key);
  }
  return coalitions;
}

function stageOf(
  players: number,
  strata: readonly Stratum[],
  sizes: Int32Array,
  masks: Uint8Array,
): PlanStage {
  const drawn = new Float64Array(strata.length + 1);
  for (const size of sizes) drawn[size] = (drawn[size] ?? 0) + 1;
  const share = strata.map(({ size, mass }) => mass / (drawn[size] ?? 1));
  const weights = Float64Array.from(sizes, (size) => share[size - 1] ?? 0);
  let projection: Float64Array | undefined;
  return {
    pairs: sizes.length,
    weights,
    sampled: strata
      .map(({ size, of }) => ({ size, drawn: drawn[size] ?? 0, of }))
      .filter(({ drawn, of }) => drawn < of),
    projection: () => (projection ??= projectionOf(players, sizes, weights, masks)),
  };
}
