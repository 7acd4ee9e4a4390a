import { evidencePValue } from "./e-values.ts";

/** P-values of several tests; null where there was no test, which then does not count as one. */
export type PValues = readonly (number | null)[];

/** P-values for "any false finding at all", whatever the dependence: p times the number of tests. */
export const bonferroni = (pValues: PValues): (number | null)[] =>
  adjusted(pValues, (sorted) => sorted.map((p) => p * sorted.length));

/** The same guarantee, never with less power: step-down (Holm 1979). */
export const holm = (pValues: PValues): (number | null)[] =>
  adjusted(pValues, (sorted) => {
    let largest = 0;
    return sorted.map((p, i) => (largest = Math.max(largest, p * (sorted.length - i))));
  });

/** P-values for the share of false findings among all, for tests that are independent or rise together (Benjamini & Hochberg 1995). */
export const benjaminiHochberg = (pValues: PValues): (number | null)[] =>
  adjusted(pValues, (sorted) => {
    let smallest = 1;
    return sorted
      .map((p, i) => [p, i + 1] as const)
      .toReversed()
      .map(([p, rank]) => (smallest = Math.min(smallest, (p * sorted.length) / rank)))
      .toReversed();
  });

/**
 * Which hypotheses are rejected with an expected share of false findings of at most `alpha`, from logs of e-values that may
 * depend on each other in any way (Wang & Ramdas 2022): the k largest, for the largest k of which each is at least
 * tests / (k * alpha). Null stays null.
 */
export function eBenjaminiHochberg(
  logEValues: readonly (number | null)[],
  alpha: number,
): (boolean | null)[] {
  const sorted = logEValues.filter((log) => log !== null).toSorted((a, b) => b - a);
  const threshold = (rank: number): number => Math.log(sorted.length) - Math.log(rank * alpha);
  const last = sorted.findLastIndex((log, i) => log >= threshold(i + 1));
  const smallest = sorted[last] ?? Infinity;
  return logEValues.map((log) => (log === null ? null : log >= smallest));
}

/** For people who read p-values: the Benjamini-Hochberg adjustment of 1 / e, which is at most alpha where e-BH rejects. */
export const eBenjaminiHochbergPValues = (
  logEValues: readonly (number | null)[],
): (number | null)[] =>
  benjaminiHochberg(logEValues.map((log) => (log === null ? null : evidencePValue(log))));

/** Applies `adjust` to the p-values in ascending order, and keeps the result within 1. */
function adjusted(
  pValues: PValues,
  adjust: (sorted: readonly number[]) => readonly number[],
): (number | null)[] {
  const tests = pValues
    .flatMap((p, at) => (p === null ? [] : [{ p, at }]))
    .toSorted((a, b) => a.p - b.p);
  const found: (number | null)[] = pValues.map(() => null);
  adjust(tests.map(({ p }) => p)).forEach((p, i) => {
    const test = tests[i];
    if (test) found[test.at] = Math.min(1, p);
  });
  return found;
}
