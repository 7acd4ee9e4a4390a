import type { Random } from "../../statistics/random.ts";
import type { Estimate, Estimates } from "../estimate.ts";
import type { Game } from "../game.ts";
import { namedOption, positiveOption, wholeOption } from "../segments/option-checks.ts";
import type { Selection } from "./select-features.ts";
import { fitSurrogate, sampleCount, type SurrogateOptions } from "./surrogate.ts";

/** How coalitions are drawn: some of the words left out, or each segment hidden with probability 1/2. */
export type Removal = "lime_text" | "bernoulli";

/** How far a coalition is from all players. */
export type MaskDistance = "cosine" | "euclidean";

export type MaskedLimeOptions = {
  readonly random: Random;
  readonly removal: Removal;
  /** Coalitions, with that of all players; 5,000 by default for texts, else 1,000. */
  readonly samples?: number;
  /** Players that the surrogate keeps at most; 10 by default for texts, else all. */
  readonly features?: number;
  /** Width of the exponential kernel, in units of the distance (for texts of a hundredth of it); 25 by default for texts, else 0.25. */
  readonly kernel_width?: number;
  readonly distance?: MaskDistance;
  readonly selection?: Selection;
};

type Drawing = {
  /** Writes a coalition over ones. */
  readonly draw: (mask: Uint8Array, random: Random) => void;
  readonly samples: number;
  readonly features: number;
  readonly kernel_width: number;
  readonly distance_unit: number;
};

const DRAWINGS: Record<Removal, Drawing> = {
  lime_text: { draw: leaveOut, samples: 5_000, features: 10, kernel_width: 25, distance_unit: 100 },
  bernoulli: {
    draw: tossCoins,
    samples: 1_000,
    features: Infinity,
    kernel_width: 0.25,
    distance_unit: 1,
  },
};

/** From all of `players`, who are ones, to `known` of them. */
const DISTANCES: Record<MaskDistance, (known: number, players: number) => number> = {
  cosine: (known, players) => 1 - Math.sqrt(known / players),
  euclidean: (known, players) => Math.sqrt(players - known),
};

/** Shares of the samples after which there is an estimate. */
const STAGES = [0.1, 0.25, 0.5, 1];

/**
 * LIME for texts, images and signals (Ribeiro, Singh and Guestrin 2016): a sparse linear model of
 * which players are known, fitted to what random coalitions win, those near the whole instance
 * counting most. `values` are its coefficients and `base` its intercept; they add up to
 * `fit.local_prediction` and not to the prediction. The intervals hold the mean over all seeds of
 * what as many samples give: the shrinking by ridge is not part of them, nor which players are
 * kept. Coalitions that are alike are run once.
 * Throws `ExplainFault`: option_invalid, value_invalid for a score that is not finite.
 */
export async function* maskedLime(game: Game, options: MaskedLimeOptions): Estimates {
  const { random, removal, selection = "auto" } = options;
  const drawing = namedOption("removal", DRAWINGS, removal);
  const { players } = game;
  const samples = sampleCount(options.samples, drawing.samples, players);
  const all = Math.min(drawing.features, players);
  const features = wholeOption("features", options.features ?? all, 1);
  const weightOf = kernelOf(players, drawing, options);

  const masks = new Uint8Array(samples * players).fill(1);
  const weights = new Float64Array(samples).fill(1);
  for (let sample = 1; sample < samples; sample += 1) {
    const mask = masks.subarray(sample * players, (sample + 1) * players);
    drawing.draw(mask, random);
    weights[sample] = weightOf(mask);
  }
  const play = playOnce(game);
  const scores = new Float64Array(samples);
  let from = 0;
  for (const to of stagesOf(samples)) {
    const rows = await play(masks, from, to, scores);
    const observations = {
      design: Float64Array.from(masks.subarray(0, to * players)),
      scores: scores.subarray(0, to),
      weights: weights.subarray(0, to),
    };
    yield estimateOf({ ...observations, features, selection }, rows);
    from = to;
  }
}

/** How much a coalition counts, by its distance from all players, who count 1. */
function kernelOf(
  players: number,
  { kernel_width, distance_unit }: Drawing,
  options: MaskedLimeOptions,
): (mask: Uint8Array) => number {
  const distanceOf = namedOption("distance", DISTANCES, options.distance ?? "cosine");
  const width = positiveOption("kernel_width", options.kernel_width ?? kernel_width);
  return (mask) => {
    const far = (distanceOf(sumOf(mask), players) * distance_unit) / width;
    return Math.exp(-(far ** 2) / 2);
  };
}

const stagesOf = (samples: number): number[] => [
  ...new Set(STAGES.map((share) => Math.max(2, Math.round(share * samples)))),
];

function estimateOf(surrogate: SurrogateOptions, rows: number): Estimate {
  const { intercept, coefficients, half_widths, r2, local_prediction } = fitSurrogate(surrogate);
  return {
    base: intercept,
    prediction: surrogate.scores[0] ?? 0,
    values: coefficients,
    half_widths,
    rows,
    fit: { intercept, local_prediction, r2 },
  };
}

/**
 * Plays the coalitions from `from` to before `to` into `scores`, each that was not played before;
 * gives how many rows the model ran in all.
 */
function playOnce({ players, worth, rows_each }: Game) {
  const known = new Map<string, number>();
  return async (
    masks: Uint8Array,
    from: number,
    to: number,
    scores: Float64Array,
  ): Promise<number> => {
    const played = new Uint8Array((to - from) * players);
    const fresh = new Map<string, number>();
    const keys: string[] = [];
    for (let sample = from; sample < to; sample += 1) {
      const mask = masks.subarray(sample * players, (sample + 1) * players);
      const key = keyOf(mask);
      keys.push(key);
      if (known.has(key) || fresh.has(key)) continue;
      played.set(mask, fresh.size * players);
      fresh.set(key, fresh.size);
    }
    if (fresh.size > 0) {
      const worths = await worth(played.subarray(0, fresh.size * players), fresh.size);
      for (const [key, at] of fresh) known.set(key, worths[at] ?? 0);
    }
    for (const [at, key] of keys.entries()) scores[from + at] = known.get(key) ?? 0;
    return known.size * rows_each;
  };
}

/** A coalition as text, 16 players in each code unit. */
function keyOf(mask: Uint8Array): string {
  let key = "";
  for (let from = 0; from < mask.length; from += 16) {
    let bits = 0;
    for (let at = from; at < Math.min(from + 16, mask.length); at += 1)
      bits = bits * 2 + (mask[at] ?? 0);
    key += String.fromCharCode(bits);
  }
  return key;
}

/** Hides 1 to all players, each number as likely as the others, and each such coalition (Knuth 1969, algorithm 3.4.2 S). */
function leaveOut(mask: Uint8Array, random: Random): void {
  let left = 1 + random.integer(mask.length);
  for (let player = 0; player < mask.length; player += 1) {
    if (random.uniform() * (mask.length - player) >= left) continue;
    mask[player] = 0;
    left -= 1;
  }
}

function tossCoins(mask: Uint8Array, random: Random): void {
  for (let player = 0; player < mask.length; player += 1) mask[player] = random.integer(2);
}

const sumOf = (mask: Uint8Array): number => mask.reduce((sum, bit) => sum + bit, 0);
