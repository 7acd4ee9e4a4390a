import { fail, ok, type Result } from "../result.ts";
import { bisect } from "./bisect.ts";
import type { Degenerate } from "./degenerate.ts";
import { logSumExp } from "./e-values.ts";

/** Events (errors, say) of one epoch, in which the variant's share of the two arms' requests was held at `share`. */
export type EventStratum = { share: number; events_variant: number; events_control: number };

export type EventShareTest = {
  /** Against "the variant's rate is at most `margin` times the control's". */
  logEValue: number;
  /** Posterior mean of the ratio of the rates, given that it exceeds the margin; null without events. */
  ratio: number | null;
};

/** Both ends of what the ratio of the rates can be: 0 and null when the events set no bound. */
export type RatioInterval = { low: number; high: number | null };

/**
 * The prior over how many times the margin the ratio of the rates is. Its logarithms are ln 2 times 2^(k/2), k = -20 ... 6:
 * 1.0007 to 256 times, each twice as far from 1, in logs, as the last but one. A weight halves with every two steps from 2
 * times. No ratio in that range is further than a factor 2^(1/4) in its log from one that is tried. The small ones keep a
 * long healthy run from burying what comes after it, and let the confidence sequence narrow down.
 */
const EXCESSES = Array.from({ length: 27 }, (_, at) => {
  const step = at - 20;
  return { log: Math.LN2 * 2 ** (step / 2), weight: 2 ** (-Math.abs(step) / 2) };
});
const TOTAL_WEIGHT = EXCESSES.reduce((sum, { weight }) => sum + weight, 0);
const PRIOR = EXCESSES.map(({ log, weight }) => ({
  log,
  excess: Math.expm1(log),
  logWeight: Math.log(weight / TOTAL_WEIGHT),
}));

/**
 * An exact, always-valid test of whether a variant's events are more than `margin` > 0 times as frequent as the control's.
 *
 * When each request is the variant's with probability w, whatever happened before, and its event is at most r times as
 * likely there as in control, then an event is the variant's with a probability of at most q = w r / (w r + 1 - w), however
 * the control's own rate moves. So events are a sequence of draws whose null is known from the design alone (Przyborowski
 * & Wilenski 1940 condition likewise), and for every ratio above r the likelihood ratio to q is an e-process. Its mixture
 * over a fixed prior is one as well, and needs the counts only. Under the null it ever reaches 1 / alpha with a probability
 * of at most alpha.
 *
 * It is the request (or the unit, if only its first event is counted) that must be assigned afresh: further events of a unit
 * that keeps its variant are not new draws. Nor may one arm's events become known sooner than the other's.
 * Strata with a share of 0 or 1 say nothing. Fails with `invalid_sample`.
 */
export function eventShareTest(
  strata: readonly EventStratum[],
  margin: number,
): Result<EventShareTest, Degenerate> {
  if (!strata.every(isSound) || !isPositive(margin)) return fail({ code: "invalid_sample" });
  const telling = strata.filter(isTelling);
  const terms = logTerms(telling, margin);
  const logEValue = logSumExp(terms);
  if (eventsOf(telling) === 0) return ok({ logEValue: 0, ratio: null });
  const ratio = terms.reduce(
    (sum, term, i) => sum + Math.exp(term - logEValue + (PRIOR[i]?.log ?? 0)),
    0,
  );
  return ok({ logEValue, ratio: margin * ratio });
}

/**
 * The confidence sequence for (variant's rate / control's rate): the margins that neither the test nor its mirror image
 * rejects at alpha / 2, 0 < alpha < 1. All intervals of a growing sequence of events hold the ratio together with a
 * probability of at least 1 - alpha, so that a caller may intersect them; if the ratio moves, `low` bounds its maximum and
 * `high` its minimum. Fails with `invalid_sample`.
 */
export function eventRatioSequence(
  strata: readonly EventStratum[],
  alpha: number,
): Result<RatioInterval, Degenerate> {
  if (!strata.every(isSound)) return fail({ code: "invalid_sample" });
  const telling = strata.filter(isTelling);
  const highOfInverse = lowestRatio(telling.map(mirrored), alpha / 2);
  return ok({
    low: lowestRatio(telling, alpha / 2),
    high: highOfInverse > 0 ? 1 / highOfInverse : null,
  });
}

/** Logs of ratios beyond which no counted events and shares could set a bound. */
const FARTHEST = 100;

/** The largest margin that is rejected, as the evidence falls with the margin; 0 when none is. */
function lowestRatio(strata: readonly EventStratum[], alpha: number): number {
  const isRejected = (logMargin: number): boolean =>
    logSumExp(logTerms(strata, Math.exp(logMargin))) >= -Math.log(alpha);
  return isRejected(-FARTHEST) ? Math.exp(bisect(isRejected, -FARTHEST, FARTHEST)) : 0;
}

const mirrored = ({ share, events_variant, events_control }: EventStratum): EventStratum => ({
  share: 1 - share,
  events_variant: events_control,
  events_control: events_variant,
});

/**
 * For every ratio of the prior: ln(weight * likelihood ratio). With a ratio of x r an event of the variant counts
 * x (w r + 1 - w) / (w x r + 1 - w), one of control the same without the x.
 */
function logTerms(strata: readonly EventStratum[], margin: number): number[] {
  const parts = strata.map(({ share, events_variant, events_control }) => {
    const weighted = share * margin;
    return {
      nullShare: weighted / (weighted + 1 - share),
      variant: events_variant,
      all: events_variant + events_control,
    };
  });
  return PRIOR.map(({ log, excess, logWeight }) =>
    parts.reduce(
      (sum, { nullShare, variant, all }) =>
        sum + variant * log - all * Math.log1p(nullShare * excess),
      logWeight,
    ),
  );
}

const isPositive = (x: number): boolean => x > 0 && Number.isFinite(x);

const isSound = ({ share, events_variant, events_control }: EventStratum): boolean =>
  share >= 0 &&
  share <= 1 &&
  events_variant >= 0 &&
  events_control >= 0 &&
  Number.isFinite(events_variant + events_control);

const isTelling = ({ share }: EventStratum): boolean => share > 0 && share < 1;

const eventsOf = (strata: readonly EventStratum[]): number =>
  strata.reduce((sum, stratum) => sum + stratum.events_variant + stratum.events_control, 0);
