/**
 * E-values: evidence against a null hypothesis under which their mean is at most 1, so that by Ville's inequality an
 * e-process ever reaches 1 / alpha with a probability of at most alpha, however often it is looked at (Ramdas, Grunwald,
 * Vovk & Shafer 2023). They are kept as natural logarithms, in which no evidence is too large or too small for a number.
 */

/** ln(exp(x1) + exp(x2) + ...); -Infinity without terms. */
export function logSumExp(logs: readonly number[]): number {
  const largest = logs.reduce((most, log) => Math.max(most, log), -Infinity);
  if (!Number.isFinite(largest)) return largest;
  return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0));
}

/**
 * The log of the mean of e-values, an e-value for the same null however they depend on each other. `weights`, of which
 * at least one is positive, are brought to the sum 1; by default all are alike. Null without e-values.
 */
export function meanEvidence(
  logEValues: readonly number[],
  weights: readonly number[] = logEValues.map(() => 1),
): number | null {
  if (logEValues.length === 0) return null;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return logSumExp(logEValues.map((log, i) => log + Math.log((weights[i] ?? 0) / total)));
}

/** The log of the product of e-values, an e-value when they come from independent or successive data; 0 without any. */
export const productEvidence = (logEValues: readonly number[]): number =>
  logEValues.reduce((sum, log) => sum + log, 0);

/**
 * The log of an e-value from those of successive data, in order, for a null that may break after a while: the mean of the
 * products from every start on, of which the first start (0) has the weight 1/2, start s 1 / ((s + 1) (s + 2)), and what
 * has not started yet counts as 1. Evidence for the null before the break, which in the plain product has to be made up for,
 * costs no more than the log of that weight. A new e-value of 1 changes nothing. 0 without any.
 */
export function restartingEvidence(logEValues: readonly number[]): number {
  const count = logEValues.length;
  let product = 0;
  const terms = logEValues.toReversed().map((log, i) => {
    const start = count - 1 - i;
    product += log;
    return product - Math.log((start + 1) * (start + 2));
  });
  return logSumExp([...terms, -Math.log(count + 1)]);
}

/** Whether the evidence rejects its null at level `alpha`, 0 < alpha < 1. */
export const isEvidenceAgainst = (logEValue: number, alpha: number): boolean =>
  logEValue >= -Math.log(alpha);

/** The p-value min(1, 1 / e), never 0: the smallest double stands for anything smaller. */
export const evidencePValue = (logEValue: number): number =>
  Math.max(Number.MIN_VALUE, Math.min(1, Math.exp(-logEValue)));
