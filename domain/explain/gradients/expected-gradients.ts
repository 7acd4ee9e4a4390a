import { range } from "../../onnx/axes.ts";
import type { Random } from "../../statistics/random.ts";
import type { Estimates } from "../estimate.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Background, Groups } from "../game.ts";
import type { RowLayout, Rows } from "../rows.ts";
import { wholeOption } from "../segments/option-checks.ts";
import { addDraws, halfWidthsOf, noDraws } from "../shap/running-moments.ts";
import { eachGradient, ownersOf, refuseOddNumbers, rowsTogether } from "./each-gradient.ts";
import type { ScoreGradient } from "./score-gradient.ts";

export type ExpectedGradientsOptions = {
  background: Background;
  /** The scores of the background's rows, where they are known already. */
  background_scores?: Float64Array;
  /** Rows that gradients are taken at, in rounds of a tenth of them each. */
  samples?: number;
  /** Goes on to so many, for whoever asks for narrower intervals or a smaller residual. */
  max_samples?: number;
  /** Standard deviation of normal noise on every number of the instance, in their units. */
  smoothing?: number;
  /** Whose numbers get one contribution together: the sum of theirs. */
  groups?: Groups;
  random: Random;
};

const SAMPLES = 200;
const MOST_SAMPLES = 1_000_000;
/** Independent parts of the samples: enough of them for Student's interval, few enough for many strata in each. */
const ROUNDS = 10;

/**
 * Expected gradients (Erion, Janizek, Sturmfels, Lundberg & Lee 2021; GradientSHAP): the mean of
 * (x - b) times the slope at b + a (x - b), over rows b of the background by weight and a uniform on
 * [0, 1]. Samples come in rounds, each a Latin hypercube (McKay, Beckman & Conover 1979): one from
 * every equal share of the background in order of score, and one from every equal share of [0, 1],
 * those of like rows far apart. A round is unbiased and rounds are independent: the interval is
 * Student's over their means. It takes the background as it is, and says nothing of how another
 * background would do. From 30 samples or fewer it covers rather 91 to 95 per cent; where a few of
 * them hold most of the slope, as on the way to a saturated softmax, 90 from 100 and 95 from 1,000.
 */
export async function* expectedGradients(
  gradient: ScoreGradient,
  layout: RowLayout,
  instance: Rows,
  options: ExpectedGradientsOptions,
): Estimates {
  const { background, smoothing = 0, random } = options;
  const samples = wholeOption("samples", options.samples ?? SAMPLES, 1, MOST_SAMPLES);
  const most = wholeOption("max_samples", options.max_samples ?? samples, samples, MOST_SAMPLES);
  refuseOdd(layout, instance, background, smoothing);
  const { players, owners } = ownersOf(layout, options.groups);
  const known = options.background_scores;
  const scores = known ?? (await gradient.run(background.rows, background.count)).scores;
  const base = scores.reduce((sum, score, row) => sum + score * (background.weights[row] ?? 0), 0);
  const {
    scores: [prediction = 0],
  } = await gradient.run(instance, 1);
  let rows = 1 + (known === undefined ? background.count : 0);

  const each = Math.max(1, Math.floor(samples / ROUNDS));
  const rounds = Math.floor(most / each);
  const roundOf = roundsOf(gradient, layout, instance, {
    background,
    scores,
    smoothing,
    each,
    random,
  });
  const found = noDraws(players);
  for (let round = 1; round <= rounds; round += 1) {
    addDraws(found, await roundOf(owners, new Float64Array(players)));
    rows += each;
    if (round === rounds || round === 2 || round % (ROUNDS / 2) === 0)
      yield {
        base,
        prediction,
        values: found.means.slice(),
        half_widths: halfWidthsOf(found),
        rows,
      };
  }
}

/** Runs one round, and adds its mean contributions to those of the numbers' owners. */
function roundsOf(
  gradient: ScoreGradient,
  layout: RowLayout,
  instance: Rows,
  {
    background,
    scores,
    smoothing,
    each,
    random,
  }: {
    background: Background;
    scores: Float64Array;
    smoothing: number;
    each: number;
    random: Random;
  },
): (owners: Int32Array, means: Float64Array) => Promise<Float64Array> {
  const { size } = layout;
  const rowAt = rowByShare(background, scores);
  const shares = spreadOut(each);
  const starts = new Int32Array(each);
  const noise = new Float64Array(smoothing > 0 ? rowsTogether(layout, each) * size : 0);
  const way = (element: number, start: number, at: number): number =>
    (instance[element] ?? 0) + (noise[at + element] ?? 0) - (background.rows[start + element] ?? 0);

  return async (owners, means) => {
    // Turned by chance, every share of [0, 1] is as likely beside every share of the background.
    const turn = random.integer(each);
    await eachGradient(gradient, layout, each, {
      make: (row, numbers, at) => {
        const start = rowAt((row + random.uniform()) / each) * size;
        const share = ((shares[row] ?? 0) + turn) % each;
        const position = (share + random.uniform()) / each;
        starts[row] = start;
        if (smoothing > 0)
          for (let element = 0; element < size; element += 1)
            noise[at + element] = smoothing * random.normal();
        for (let element = 0; element < size; element += 1)
          numbers[at + element] =
            (background.rows[start + element] ?? 0) + position * way(element, start, at);
      },
      take: (row, slopes, at) => {
        const start = starts[row] ?? 0;
        for (let element = 0; element < size; element += 1) {
          const owner = owners[element] ?? -1;
          if (owner < 0) continue;
          const contribution = way(element, start, at) * (slopes[at + element] ?? 0);
          means[owner] = (means[owner] ?? 0) + contribution / each;
        }
      },
    });
    return means;
  };
}

/** The numbers below `count` in an order in which any that follow each other are far apart: by the golden section. */
function spreadOut(count: number): number[] {
  const golden = (Math.sqrt(5) - 1) / 2;
  const ranks = Array<number>(count).fill(0);
  const order = range(count).sort((a, b) => ((a * golden) % 1) - ((b * golden) % 1));
  for (const [rank, at] of order.entries()) ranks[at] = rank;
  return ranks;
}

/** The row of the background at a share of its weight from 0 to 1, its rows in order of score. */
function rowByShare(
  { count, weights }: Background,
  scores: Float64Array,
): (share: number) => number {
  const order = range(count).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0) || a - b);
  const ends = new Float64Array(count);
  let total = 0;
  for (const [at, row] of order.entries()) ends[at] = total += weights[row] ?? 0;
  return (share) => {
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) > share) high = middle;
      else low = middle + 1;
    }
    return order[low] ?? 0;
  };
}

function refuseOdd(
  layout: RowLayout,
  instance: Rows,
  background: Background,
  smoothing: number,
): void {
  if (background.count === 0)
    throw new ExplainFault(
      "background_missing",
      "expected gradients compare with the rows of a background, and there are none",
    );
  if (!(smoothing >= 0 && Number.isFinite(smoothing)))
    throw new ExplainFault(
      "option_invalid",
      `smoothing is ${smoothing}, and is to be a standard deviation of 0 or more`,
      "smoothing",
    );
  refuseOddNumbers(layout, instance, 1);
  refuseOddNumbers(layout, background.rows, background.count);
}
