import {
  asymptoticEvidence,
  FEWEST_FOR_ASYMPTOTIC_SEQUENCE,
} from "../statistics/asymptotic-confidence-sequence.ts";
import { restartingEvidence } from "../statistics/e-values.ts";
import { mean, sampleVariance } from "../statistics/moments.ts";
import { sequentialQuantileTest } from "../statistics/sequential-quantile-test.ts";
import { sampleOfProportion, stratifiedEstimate } from "../statistics/stratified-difference.ts";
import type { Sample } from "../statistics/welch-t-test.ts";
import { lowerIsBetter, type MetricKind, momentsOf, proportionOf } from "./metric.ts";
import type { Stratum } from "./strata.ts";
import type { Totals } from "./totals.ts";

type Asked = { metric: string; kind: MetricKind; callersReport: boolean };

/** An arm's metric as the sample of a mean; a rate is the mean of zeros and ones. */
export function sampleOf(totals: Totals, { metric, kind, callersReport }: Asked): Sample {
  if (kind === "rate") return sampleOfProportion(proportionOf(totals, metric, callersReport));
  const moments = momentsOf(totals, metric);
  return {
    mean: mean(moments) ?? 0,
    variance: sampleVariance(moments) ?? 0,
    count: moments.count,
  };
}

/**
 * The log e-value against "the variant's mean is no worse than the control's by more than the
 * margin", a share of the magnitude of the control's, epoch by epoch, always valid. 0 until each
 * arm has enough observations for a sequence that is asymptotic.
 */
export function degradationEvidence(
  strata: readonly Stratum[],
  asked: Asked & { margin: number },
): number {
  const direction = lowerIsBetter(asked.metric) ? 1 : -1;
  const samples = strata.map(({ variant, control }) => {
    const of = sampleOf(control, asked);
    const scale = direction + asked.margin * Math.sign(of.mean);
    return {
      variant: scaled(sampleOf(variant, asked), direction),
      control: scaled(of, scale),
    };
  });
  const counted = (arm: "variant" | "control"): number =>
    samples.reduce((sum, stratum) => sum + stratum[arm].count, 0);
  if (Math.min(counted("variant"), counted("control")) < FEWEST_FOR_ASYMPTOTIC_SEQUENCE) return 0;
  const found = stratifiedEstimate(samples);
  return found.ok ? asymptoticEvidence(found.value) : 0;
}

const scaled = ({ mean, variance, count }: Sample, by: number): Sample => ({
  mean: mean * by,
  variance: variance * by * by,
  count,
});

/** By the two cells of an epoch, and by quantile and tolerance. Cells are values, and most epochs are over. */
const found = new WeakMap<Totals, WeakMap<Totals, Map<string, number>>>();

/**
 * The log e-value of `sequentialQuantileTest` against "the variant's q-quantile of latency is at
 * most (1 + tolerance) times the control's", epochs in order: harm that begins after healthy
 * epochs need not make up for them. 0 where there is none. What was found for the same two cells
 * is not computed again.
 */
export function quantileEvidence(
  strata: readonly Pick<Stratum, "variant" | "control">[],
  q: number,
  tolerance: number,
): number {
  const epochs = strata.map(({ variant, control }) => {
    const ofVariant = found.get(variant) ?? new WeakMap<Totals, Map<string, number>>();
    const ofPair = ofVariant.get(control) ?? new Map<string, number>();
    const asked = `${q}/${tolerance}`;
    let evidence = ofPair.get(asked);
    if (evidence === undefined) {
      const bins = { variant: variant.bins, control: control.bins };
      const tested = sequentialQuantileTest([bins], q, tolerance);
      evidence = tested.ok ? tested.value.logEValue : 0;
      found.set(variant, ofVariant.set(control, ofPair.set(asked, evidence)));
    }
    return evidence;
  });
  return restartingEvidence(epochs);
}
