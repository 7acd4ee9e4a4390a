import { fail, ok, type Result } from "../result.ts";
import { betaBinomialEvidence } from "./beta-binomial-sequence.ts";
import type { Degenerate } from "./degenerate.ts";
import { logSumExp, productEvidence } from "./e-values.ts";
import { binsWithin, quantile, sortedBins, upperBoundOf } from "./quantile-sketch.ts";

/** A quantile sketch: bins and how many values are in them, in any order. */
export type SketchBins = readonly (readonly [bin: number, count: number])[];

/** Both arms' values in one epoch. */
export type QuantileStratum = { control: SketchBins; variant: SketchBins };

export type QuantileEvidence = {
  logEValue: number;
  /** Where the evidence is weakest: that control's quantile is not above the first, or the variant's above the second. */
  thresholds: { control: number; variant: number };
  /** Estimates within 1%; null without values. */
  controlQuantile: number | null;
  variantQuantile: number | null;
};

/**
 * An always-valid test of "the variant's q-quantile is at most (1 + tolerance) times the control's", 0 < q < 1 and
 * tolerance >= 0, from quantile sketches.
 *
 * Let bin i hold control's quantile. Then P(control <= bin i - 1) < q, and, if the null is true, P(variant <= bin i + k) >= q,
 * where k bins are (1 + tolerance), rounded up. Against each of these two nulls there is a beta-binomial e-process, so that
 * their mean is one, and the smallest mean over all i, known or not, is one as well. The rounding and the bins make the
 * tolerance in force larger than asked by up to 4%. (Howard & Ramdas 2022 compare quantiles by confidence bands.)
 *
 * Values are taken to be drawn alike within a stratum; over strata both quantiles may move freely, since the e-values
 * multiply. Every stratum without a difference takes some evidence away; `restartingEvidence` of the strata, in order, keeps
 * that from burying a later one. Fails with `invalid_sample`.
 */
export function sequentialQuantileTest(
  strata: readonly QuantileStratum[],
  q: number,
  tolerance: number,
): Result<{ logEValue: number; strata: QuantileEvidence[] }, Degenerate> {
  const isSound =
    q > 0 &&
    q < 1 &&
    tolerance >= 0 &&
    Number.isFinite(tolerance) &&
    strata.every(({ control, variant }) => [...control, ...variant].every(isSoundBin));
  if (!isSound) return fail({ code: "invalid_sample" });
  const shift = binsWithin(1 + tolerance);
  const found = strata.map((stratum) => stratumEvidence(stratum, q, shift));
  return ok({ logEValue: productEvidence(found.map(({ logEValue }) => logEValue)), strata: found });
}

const isSoundBin = ([bin, count]: readonly [number, number]): boolean =>
  Number.isInteger(bin) && count >= 0 && Number.isFinite(count);

function stratumEvidence(stratum: QuantileStratum, q: number, shift: number): QuantileEvidence {
  const [control, variant] = [sortedBins(stratum.control), sortedBins(stratum.variant)];
  const places = placesOf(control, variant, shift);
  const controlTotal = total(control);
  const variantTotal = total(variant);
  const isAbove = ({ controlBelow }: Place): number =>
    evidence(controlBelow, controlTotal, q, "larger");
  const isBelow = ({ variantBelow }: Place): number =>
    evidence(variantBelow, variantTotal, q, "smaller");
  const { place, logEValue } = smallestMean(places, isAbove, isBelow);
  return {
    logEValue,
    thresholds: {
      control: upperBoundOf(place.bin - 1),
      variant: upperBoundOf(place.bin + shift),
    },
    controlQuantile: quantile(control, q),
    variantQuantile: quantile(variant, q),
  };
}

function evidence(
  successes: number,
  trials: number,
  q: number,
  alternative: "larger" | "smaller",
): number {
  const found = betaBinomialEvidence({ successes, trials }, q, alternative);
  return found.ok ? found.value : 0;
}

/** Control's values in bins under `bin`, and the variant's in bins up to `bin + shift`. */
type Place = { bin: number; controlBelow: number; variantBelow: number };

/** The lowest bin of every run of bins that differ in no count, from one below all values upwards. */
function placesOf(control: SketchBins, variant: SketchBins, shift: number): Place[] {
  const [below, upTo] = [sortedBins(control), sortedBins(variant)];
  const controlAt = (at: number): number => (below[at]?.[0] ?? Infinity) + 1;
  const variantAt = (at: number): number => (upTo[at]?.[0] ?? Infinity) - shift;
  let [c, v, controlBelow, variantBelow] = [0, 0, 0, 0];
  const first = Math.min(controlAt(0), variantAt(0));
  const places: Place[] = [
    { bin: (Number.isFinite(first) ? first : 1) - 1, controlBelow, variantBelow },
  ];
  while (c < below.length || v < upTo.length) {
    const bin = Math.min(controlAt(c), variantAt(v));
    while (controlAt(c) === bin) controlBelow += below[c++]?.[1] ?? 0;
    while (variantAt(v) === bin) variantBelow += upTo[v++]?.[1] ?? 0;
    places.push({ bin, controlBelow, variantBelow });
  }
  return places;
}

/**
 * The place with the smallest mean of two e-values of which one rises and the other falls. Found by bisection for where
 * they cross; from there outwards until one of the two alone is more than the mean found.
 */
function smallestMean(
  places: readonly Place[],
  rising: (place: Place) => number,
  falling: (place: Place) => number,
): { place: Place; logEValue: number } {
  const mean = (place: Place): number => logSumExp([rising(place), falling(place)]) - Math.LN2;
  const crossing = firstIndex(places, (place) => rising(place) >= falling(place));
  let best = {
    place: places[crossing] ?? { bin: 0, controlBelow: 0, variantBelow: 0 },
    logEValue: 0,
  };
  best.logEValue = mean(best.place);
  const search = (side: readonly Place[], growing: (place: Place) => number): void => {
    for (const place of side) {
      if (growing(place) - Math.LN2 >= best.logEValue) return;
      const logEValue = mean(place);
      if (logEValue < best.logEValue) best = { place, logEValue };
    }
  };
  search(places.slice(0, crossing).toReversed(), falling);
  search(places.slice(crossing + 1), rising);
  return best;
}

/** The first index from which on `isReached` holds; the last index if it never does. */
function firstIndex(places: readonly Place[], isReached: (place: Place) => boolean): number {
  let [low, high] = [0, places.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    const place = places[middle];
    if (place && isReached(place)) high = middle;
    else low = middle + 1;
  }
  return low;
}

const total = (bins: SketchBins): number => bins.reduce((sum, [, count]) => sum + count, 0);
