import { fail, ok, type Result } from "../result.ts";
import type { Degenerate } from "./degenerate.ts";
import { logSumExp } from "./e-values.ts";
import { logHypergeometric } from "./log-binomial.ts";
import { degeneracy, failures, type Proportion } from "./proportion.ts";
import type { Alternative } from "./two-proportion-z-test.ts";

export type FisherExactTest = {
  /** Of the variant's odds to control's, as observed; null when it is infinite or nothing over nothing. */
  oddsRatio: number | null;
  pValue: number;
};

/** How much likelier than the observed table another may come out and still count as equally likely, by rounding. */
const SLACK = 1e-9;

/**
 * Fisher's exact test of variant against control, given how many successes there were in all (Fisher 1935). Two-sided, it
 * sums the probabilities of all tables that are not likelier than the observed one. The work grows with the square root
 * of the counts. Fails with `no_observations`, or with `invalid_sample`, also for counts that are not whole.
 */
export function fisherExactTest(
  control: Proportion,
  variant: Proportion,
  alternative: Alternative = "two-sided",
): Result<FisherExactTest, Degenerate> {
  const reason = degeneracy(control) ?? degeneracy(variant);
  if (reason) return fail({ code: reason });
  const counts = [control.successes, control.trials, variant.successes, variant.trials];
  if (!counts.every(Number.isSafeInteger)) return fail({ code: "invalid_sample" });

  const tables = tablesLike(control, variant);
  const logP = {
    "two-sided": logTwoSided,
    larger: (all: Tables, at: number): number => logTail(all, at, 1),
    smaller: (all: Tables, at: number): number => logTail(all, at, -1),
  }[alternative](tables, variant.successes);
  return ok({
    oddsRatio: oddsRatio(control, variant),
    pValue: Math.max(Number.MIN_VALUE, Math.min(1, Math.exp(logP))),
  });
}

function oddsRatio(control: Proportion, variant: Proportion): number | null {
  const odds =
    (variant.successes * failures(control).successes) /
    (failures(variant).successes * control.successes);
  return Number.isFinite(odds) ? odds : null;
}

/** The tables with the observed margins, told by the variant's successes. */
type Tables = {
  least: number;
  most: number;
  mode: number;
  logProbability: (successes: number) => number;
  /** P(successes + 1) / P(successes). */
  growth: (successes: number) => number;
};

function tablesLike(control: Proportion, variant: Proportion): Tables {
  const draws = variant.trials;
  const size = control.trials + variant.trials;
  const successes = control.successes + variant.successes;
  const misses = size - successes;
  return {
    least: Math.max(0, draws - misses),
    most: Math.min(draws, successes),
    mode: Math.floor((draws + 1) * ((successes + 1) / (size + 2))),
    logProbability: (k) => logHypergeometric(k, draws, successes, size),
    growth: (k) => ((successes - k) / (k + 1)) * ((draws - k) / (misses - draws + k + 1)),
  };
}

/** ln P(X >= at) for the direction 1, ln P(X <= at) for -1; the tail that holds the mode is 1 less the other. */
function logTail(tables: Tables, at: number, direction: 1 | -1): number {
  const { least, most, mode } = tables;
  const isUp = direction === 1;
  if (isUp ? at <= least : at >= most) return 0;
  if (isUp ? at > most : at < least) return -Infinity;
  if (isUp ? at > mode : at < mode) return logOuterTail(tables, at, direction);
  return Math.log1p(-Math.exp(logOuterTail(tables, at - direction, isUp ? -1 : 1)));
}

/** The same from a point on that side of the mode, where probabilities only fall. */
function logOuterTail(tables: Tables, from: number, direction: 1 | -1): number {
  const { least, most, growth, logProbability } = tables;
  let term = 1;
  let sum = 1;
  for (let k = from; k !== (direction === 1 ? most : least) && term > 1e-17 * sum; k += direction) {
    term *= direction === 1 ? growth(k) : 1 / growth(k - 1);
    sum += term;
  }
  return logProbability(from) + Math.log(sum);
}

function logTwoSided(tables: Tables, observed: number): number {
  const { least, most, mode, logProbability } = tables;
  const limit = logProbability(observed) + SLACK;
  if (logProbability(mode) <= limit) return 0;
  const isBelowMode = observed < mode;
  // The first table on the other side of the mode that is not likelier than the observed one.
  let [inner, outer] = isBelowMode ? [mode, most + 1] : [mode, least - 1];
  while (Math.abs(outer - inner) > 1) {
    const middle = Math.trunc((inner + outer) / 2);
    if (logProbability(middle) > limit) inner = middle;
    else outer = middle;
  }
  const other = isBelowMode ? outer <= most : outer >= least;
  return logSumExp([
    logOuterTail(tables, observed, isBelowMode ? -1 : 1),
    other ? logOuterTail(tables, outer, isBelowMode ? 1 : -1) : -Infinity,
  ]);
}
