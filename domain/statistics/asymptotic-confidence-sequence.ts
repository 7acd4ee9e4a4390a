import { fail, ok, type Result } from "../result.ts";
import type { Degenerate } from "./degenerate.ts";
import { evidencePValue } from "./e-values.ts";
import { normalSf } from "./normal.ts";
import type { Alternative } from "./two-proportion-z-test.ts";
import type { Sample } from "./welch-t-test.ts";

/** Observations that each arm needs before the sequence holds its level; nothing here refuses fewer. */
export const FEWEST_FOR_ASYMPTOTIC_SEQUENCE = 100;

/** An estimate of a difference from `count` observations in all, and its standard error. */
export type Estimate = { estimate: number; standardError: number; count: number };

export type SequenceOptions = {
  /** 0 < alpha < 1, and below 1/2 where one-sided. */
  alpha: number;
  alternative?: Alternative;
  /** The number of observations at which the sequence is narrowest; to be fixed before the first one. */
  tuning?: number;
};

export type AsymptoticSequence = {
  estimate: number;
  standardError: number;
  /** Null is the end that a one-sided sequence does not have. */
  interval: [low: number | null, high: number | null];
  /** The smallest alpha, with the mixture as tuned, whose sequence leaves 0 out. */
  pValue: number;
};

const TUNING = 5_000;

/**
 * The asymptotic confidence sequence for (variant mean - control mean), or, as `difference` says, for that as a share of
 * the magnitude of control's mean, whose standard error is by the delta method. It holds at all times together with a
 * probability that tends to 1 - alpha as the first look is later. Fails with `no_observations`, `too_few_observations`
 * (under 2), `no_variation`, `invalid_sample`, or `control_value_zero` where a relative difference has no base.
 */
export function differenceSequence(
  control: Sample,
  variant: Sample,
  options: SequenceOptions & { difference?: "absolute" | "relative" },
): Result<AsymptoticSequence, Degenerate | { code: "control_value_zero" }> {
  const fewest = Math.min(control.count, variant.count);
  if (fewest < 2) return fail({ code: fewest === 0 ? "no_observations" : "too_few_observations" });
  const isRelative = options.difference === "relative";
  if (isRelative && control.mean === 0) return fail({ code: "control_value_zero" });
  const base = isRelative ? Math.abs(control.mean) : 1;
  const controlSlope = isRelative ? variant.mean / control.mean : 1;
  const squaredError =
    variant.variance / variant.count + (controlSlope ** 2 * control.variance) / control.count;
  return asymptoticSequence(
    {
      estimate: (variant.mean - control.mean) / base,
      standardError: Math.sqrt(squaredError) / base,
      count: control.count + variant.count,
    },
    options,
  );
}

/**
 * The sequence around any estimate that is asymptotically a mean: a Gaussian mixture, two-sided or, for the alternatives
 * "larger" (an interval without an upper end) and "smaller", one-sided (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021,
 * arXiv 2103.06476, equations 9, 134 and 155). Fails with `no_variation` or `invalid_sample`.
 */
export function asymptoticSequence(
  { estimate, standardError, count }: Estimate,
  { alpha, alternative = "two-sided", tuning = TUNING }: SequenceOptions,
): Result<AsymptoticSequence, Degenerate> {
  if (standardError === 0) return fail({ code: "no_variation" });
  const z = estimate / standardError;
  if (!Number.isFinite(z) || !(count > 0)) return fail({ code: "invalid_sample" });
  const isTwoSided = alternative === "two-sided";
  const growth = count * mixingVariance(isTwoSided ? alpha : 2 * alpha, tuning);
  const logRoot = Math.log1p(growth) / 2;
  const logBound = isTwoSided
    ? logRoot - Math.log(alpha)
    : Math.log1p(Math.exp(logRoot) / (2 * alpha));
  const half = standardError * Math.sqrt(2 * (1 + 1 / growth) * logBound);
  const upwards = alternative === "smaller" ? -z : z;
  return ok({
    estimate,
    standardError,
    interval: [
      alternative === "smaller" ? null : estimate - half,
      alternative === "larger" ? null : estimate + half,
    ],
    pValue: isTwoSided
      ? evidencePValue(logLikelihood(z, growth) - logRoot)
      : oneSidedPValue(upwards, growth, logRoot),
  });
}

/** rho^2 that makes the sequence narrowest, nearly, at `tuning` observations (ibid., equation 161). */
const mixingVariance = (alpha: number, tuning: number): number => {
  const twice = -2 * Math.log(alpha);
  return (twice + Math.log1p(twice)) / tuning;
};

const logLikelihood = (z: number, growth: number): number =>
  ((z * z) / 2) * (growth / (1 + growth));

/** root / (2 (exp(l) - 1)), where l is the log-likelihood: equation 134 solved for alpha. */
function oneSidedPValue(z: number, growth: number, logRoot: number): number {
  if (z <= 0) return 1;
  const log = logLikelihood(z, growth);
  // For large l the exponential alone is no number any more, and the 1 does not count.
  const logOfExcess = log > 40 ? log : Math.log(Math.expm1(log));
  return evidencePValue(logOfExcess + Math.LN2 - logRoot);
}

/**
 * The log e-value against "the mean is at most 0", for any number of looks: the half-normal mixture behind the one-sided
 * sequence, of which equation 134 is a bound. Asymptotic as the sequence is; 0, which is no evidence, where the sequence fails.
 */
export function asymptoticEvidence(
  { estimate, standardError, count }: Estimate,
  tuning = TUNING,
): number {
  const z = estimate / standardError;
  if (!Number.isFinite(z) || !(count > 0)) return 0;
  const growth = count * mixingVariance(EVIDENCE_ALPHA, tuning);
  const log = logLikelihood(z, growth);
  const u = Math.sign(z) * Math.sqrt(2 * log);
  const upper = normalSf(-u);
  // Far below 0 the normal tail is its density over the distance, and cancels against the likelihood.
  const product = upper > 0 ? log + Math.log(upper) : -Math.log(-u) - Math.log(2 * Math.PI) / 2;
  return Math.LN2 + product - Math.log1p(growth) / 2;
}

/** One-sided 5%, for which the mixture is tuned. */
const EVIDENCE_ALPHA = 0.1;
