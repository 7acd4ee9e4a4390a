import {
  asymptoticEvidence,
  asymptoticSequence,
  FEWEST_FOR_ASYMPTOTIC_SEQUENCE,
} from "../statistics/asymptotic-confidence-sequence.ts";
import { proportionSequence } from "../statistics/beta-binomial-sequence.ts";
import type { Degenerate } from "../statistics/degenerate.ts";
import { evidencePValue, meanEvidence } from "../statistics/e-values.ts";
import { type EventStratum, eventShareTest } from "../statistics/event-share-test.ts";
import { failures, type Proportion, rateDifference } from "../statistics/proportion.ts";
import { stratifiedEstimate } from "../statistics/stratified-difference.ts";
import {
  type Comparison,
  type Interval,
  proportionIn,
  sampleSizeOf,
  samplesOf,
} from "./analysis-comparison.ts";
import { quantileEvidence } from "./degradation-evidence.ts";
import { quantileOf, valueOf } from "./metric.ts";
import type { Stratum } from "./strata.ts";

export type Sequential = {
  /**
   * How the interval is made; evidence on a rate is the mean of an exact and an asymptotic e-value
   * at all times. Null without evidence.
   */
  method: "exact" | "asymptotic" | "quantile" | null;
  /** Of variant - control, epoch by epoch; of a quantile over all epochs. */
  estimate: number | null;
  /** A confidence sequence for the same; a quantile has none. */
  interval: Interval | null;
  p_value: number | null;
  /** The natural logarithm of the e-value against "there is no difference". */
  e_value_log: number | null;
  /** Observations in each arm from which on the method is near its level; an exact one always is. */
  valid_from: number | null;
  /** Why there is no p-value. */
  reason: Degenerate["code"] | null;
};

/** `Sequential`, and which way the evidence points: positive when the variant's value is the higher. */
type Found = Sequential & { direction: number };

/** What holds however often it is looked at, stratified by epoch. */
export function sequentialDifference(comparison: Comparison): Found {
  if (comparison.kind === "rate") return rateSequence(comparison);
  if (comparison.kind === "mean") return meanSequence(comparison);
  return quantileSequence(comparison);
}

const without = (reason: Degenerate["code"], valid_from: number): Found => ({
  method: null,
  estimate: null,
  interval: null,
  p_value: null,
  e_value_log: null,
  valid_from,
  reason,
  direction: 0,
});

type Tested = Pick<Found, "method" | "estimate" | "interval" | "direction" | "valid_from">;
const withEvidence = (logEValue: number, tested: Tested): Found => ({
  ...tested,
  p_value: evidencePValue(logEValue),
  e_value_log: logEValue,
  reason: null,
});

/** A normal mixture as the mean of its halves, each an e-value against a difference on its side. */
const twoSided = (up: number, down: number): number => meanEvidence([up, down]) ?? 0;

function meanSequence(comparison: Comparison): Found {
  const valid_from = FEWEST_FOR_ASYMPTOTIC_SEQUENCE;
  const found = stratifiedEstimate(samplesOf(comparison));
  if (!found.ok) return without(found.error.code, valid_from);
  if (sampleSizeOf(comparison) < valid_from) return without("too_few_observations", valid_from);
  const { estimate } = found.value;
  const sequence = asymptoticSequence(found.value, { alpha: 1 - comparison.confidenceLevel });
  if (!sequence.ok) return without(sequence.error.code, valid_from);
  const up = asymptoticEvidence(found.value);
  const down = asymptoticEvidence({ ...found.value, estimate: -estimate });
  return withEvidence(twoSided(up, down), {
    method: "asymptotic",
    estimate,
    interval: bounded(sequence.value.interval),
    valid_from,
    direction: estimate,
  });
}

/** Both arms' rates in an epoch; `share` as in a stratum. */
type RateStratum = { variant: Proportion; control: Proportion; share: number };

/** Fewest events and fewest of their opposite in each arm for a difference to be nearly normal. */
const FEWEST_EVENTS = 10;

/**
 * The evidence is the mean of an exact e-value, by the arms' shares of the events, and of the
 * asymptotic one, which is 1 until it may be used; so it is an e-value from the first outcome on,
 * also while one takes over from the other. The interval is exact for few events, and asymptotic
 * later; each of the two has half of alpha, so that both hold together.
 */
function rateSequence(comparison: Comparison): Found {
  const strata = comparison.strata
    .map((stratum) => ratesIn(comparison, stratum))
    .filter(({ variant, control }) => variant.trials > 0 && control.trials > 0);
  if (strata.length === 0) return without("no_observations", 1);
  const exact = exactEvidence(comparison.metric, strata);
  const estimated = stratifiedEstimate(samplesOf(comparison));
  const alpha = (1 - comparison.confidenceLevel) / 2;
  const enough = (["variant", "control"] as const).every((arm) => {
    const successes = strata.reduce((sum, stratum) => sum + stratum[arm].successes, 0);
    const trials = strata.reduce((sum, stratum) => sum + stratum[arm].trials, 0);
    const rarer = Math.min(successes, trials - successes);
    return trials >= FEWEST_FOR_ASYMPTOTIC_SEQUENCE && rarer >= FEWEST_EVENTS;
  });
  const isNormal = estimated.ok && enough;
  const normal = isNormal
    ? twoSided(
        asymptoticEvidence(estimated.value),
        asymptoticEvidence({ ...estimated.value, estimate: -estimated.value.estimate }),
      )
    : 0;
  const sequence = isNormal ? asymptoticSequence(estimated.value, { alpha }) : null;
  const { estimate, interval } = sequence?.ok
    ? { ...sequence.value, interval: bounded(sequence.value.interval) }
    : exactDifference(strata, alpha);
  return withEvidence(twoSided(exact, normal), {
    method: sequence?.ok ? "asymptotic" : "exact",
    estimate,
    interval,
    valid_from: 1,
    direction: estimate,
  });
}

const ratesIn = (comparison: Comparison, { variant, control, share }: Stratum): RateStratum => ({
  variant: proportionIn(comparison, variant),
  control: proportionIn(comparison, control),
  share,
});

/**
 * The mean of the two one-sided e-values against "the arms' rates of events are alike". Events are
 * errors and conversions: as a rule the rarer outcome, and fixed before there is any.
 */
function exactEvidence(metric: string, strata: readonly RateStratum[]): number {
  const events = (of: Proportion): number =>
    (metric === "success_rate" ? failures(of) : of).successes;
  const sides = (["variant", "control"] as const).map((side) => {
    const other = side === "variant" ? "control" : "variant";
    const tested = eventShareTest(
      strata.map((stratum): EventStratum => {
        const [own, others] = [stratum[side], stratum[other]];
        const designed = side === "variant" ? stratum.share : 1 - stratum.share;
        // The larger share is the safer null where a heavy user makes an arm's more than its weight.
        const share = Math.max(designed, own.trials / (own.trials + others.trials));
        return { share, events_variant: events(own), events_control: events(others) };
      }),
      1,
    );
    return tested.ok ? tested.value.logEValue : 0;
  });
  return meanEvidence(sides) ?? 0;
}

/**
 * The difference of rates, averaged over epochs as `stratifiedEstimate` does, and an interval for
 * it from the confidence sequences of each arm in each epoch. The j-th epoch has the share
 * 6 / (pi j)^2 of alpha, whose sum over all epochs there will ever be is 1, and each arm half of it.
 */
function exactDifference(
  strata: readonly RateStratum[],
  alpha: number,
): { estimate: number; interval: Interval } {
  let [weights, estimate, low, high] = [0, 0, 0, 0];
  for (const [index, { variant, control }] of strata.entries()) {
    const level = (alpha * 6) / (Math.PI * (index + 1)) ** 2 / 2;
    const [ownLow, ownHigh] = endsOf(variant, level);
    const [otherLow, otherHigh] = endsOf(control, level);
    const weight = variant.trials * (control.trials / (variant.trials + control.trials));
    weights += weight;
    estimate += weight * rateDifference(control, variant);
    low += weight * (ownLow - otherHigh);
    high += weight * (ownHigh - otherLow);
  }
  return { estimate: estimate / weights, interval: [low / weights, high / weights] };
}

function endsOf(arm: Proportion, alpha: number): Interval {
  const found = proportionSequence(arm, alpha);
  return found.ok ? found.value : [0, 1];
}

/** Both directions of the test of the two quantiles; the estimate is their difference over all epochs. */
function quantileSequence({ metric, control, variant, strata, callersReport }: Comparison): Found {
  const q = quantileOf(metric);
  const of = valueOf(variant, metric, callersReport);
  const against = valueOf(control, metric, callersReport);
  if (q === null || of === null || against === null) return without("no_observations", 1);
  const up = quantileEvidence(strata, q, 0);
  const down = quantileEvidence(
    strata.map(({ variant, control }) => ({ variant: control, control: variant })),
    q,
    0,
  );
  return withEvidence(twoSided(up, down), {
    method: "quantile",
    estimate: of - against,
    interval: null,
    valid_from: 1,
    direction: up - down,
  });
}

/** A two-sided sequence has both ends. */
const bounded = ([low, high]: readonly [number | null, number | null]): Interval | null =>
  low === null || high === null ? null : [low, high];
