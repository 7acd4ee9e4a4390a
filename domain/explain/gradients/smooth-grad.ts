import type { Random } from "../../statistics/random.ts";
import type { Estimates } from "../estimate.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { RowLayout, Rows } from "../rows.ts";
import { namedOption, positiveOption, wholeOption } from "../segments/option-checks.ts";
import { addDraws, halfWidthsOf, noDraws, varianceOf } from "../shap/running-moments.ts";
import { eachGradient, refuseOddNumbers } from "./each-gradient.ts";
import type { ScoreGradient } from "./score-gradient.ts";

export type SmoothGradOptions = {
  /** The mean of the slopes, of their squares, or the variance of the slopes. */
  kind?: "smoothgrad" | "smoothgrad_sq" | "vargrad";
  /** Standard deviation of the noise as a share of each number's range. */
  noise?: number;
  /** The range of each number of a row; left out, that of all numbers of its input in the instance, as of an image. */
  ranges?: Float64Array;
  samples?: number;
  random: Random;
};

const SAMPLES = 50;
const MOST_SAMPLES = 100_000;
const NOISE = 0.15;

/** What is averaged of a slope; for the variance the slopes themselves. */
const DRAWS = {
  smoothgrad: (slope: number) => slope,
  smoothgrad_sq: (slope: number) => slope * slope,
  vargrad: (slope: number) => slope,
};

/**
 * Slopes averaged over normal noise on the instance: SmoothGrad (Smilkov, Thorat, Kim, Viegas &
 * Wattenberg 2017), the mean of their squares, or their variance (Adebayo et al. 2018), unbiased.
 * The interval is Student's over the samples; of a variance there is none. Nothing adds up: `base`
 * is 0. Estimates come at a quarter and at half of the samples and at the end.
 */
export async function* smoothGrad(
  gradient: ScoreGradient,
  layout: RowLayout,
  instance: Rows,
  options: SmoothGradOptions,
): Estimates {
  const { kind = "smoothgrad", random } = options;
  const drawOf = namedOption("kind", DRAWS, kind);
  const samples = wholeOption("samples", options.samples ?? SAMPLES, 2, MOST_SAMPLES);
  const noise = positiveOption("noise", options.noise ?? NOISE);
  refuseOddNumbers(layout, instance, 1);
  const deviations = (options.ranges ?? rangesOf(layout, instance)).map((range) => noise * range);
  refuseNoNoise(deviations);

  const {
    scores: [prediction = 0],
  } = await gradient.run(instance, 1);
  const slopes = noDraws(layout.size);
  const draw = new Float64Array(layout.size);
  let done = 0;
  for (const count of new Set(
    [samples / 4, samples / 2, samples].map((n) => Math.max(2, Math.floor(n))),
  )) {
    await eachGradient(gradient, layout, count - done, {
      make: (_, numbers, at) => {
        for (let element = 0; element < layout.size; element += 1)
          numbers[at + element] =
            (instance[element] ?? 0) + (deviations[element] ?? 0) * random.normal();
      },
      take: (_, gradients, at) => {
        for (let element = 0; element < layout.size; element += 1)
          draw[element] = drawOf(gradients[at + element] ?? 0);
        addDraws(slopes, draw);
      },
    });
    done = count;
    const isVariance = kind === "vargrad";
    yield {
      base: 0,
      prediction,
      values: isVariance
        ? slopes.means.map((_, element) => varianceOf(slopes, element))
        : slopes.means.slice(),
      half_widths: isVariance ? null : halfWidthsOf(slopes),
      rows: 1 + count,
    };
  }
}

/** The greatest less the least number of each input, for every number of it. */
function rangesOf({ ports, size }: RowLayout, instance: Rows): Float64Array {
  const ranges = new Float64Array(size);
  for (const { offset, count } of ports) {
    let [low, high] = [Infinity, -Infinity];
    for (let at = offset; at < offset + count; at += 1) {
      low = Math.min(low, instance[at] ?? 0);
      high = Math.max(high, instance[at] ?? 0);
    }
    ranges.fill(high - low, offset, offset + count);
  }
  return ranges;
}

function refuseNoNoise(deviations: Float64Array): void {
  if (deviations.every((deviation) => deviation >= 0 && Number.isFinite(deviation)))
    if (deviations.some((deviation) => deviation > 0)) return;
  throw new ExplainFault(
    "option_invalid",
    "the noise has no size, as the numbers of the instance are all equal (or 'ranges' has none above 0); use integrated_gradients or saliency for such an instance",
    "ranges",
  );
}
