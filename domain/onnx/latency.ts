import { logBinomial } from "../statistics/log-binomial.ts";

/** Milliseconds of one run, over many runs. */
export type Latency = {
  runs: number;
  /** Where the clock is too coarse for one: how many were timed together, each time for their mean. */
  runs_per_sample?: number;
  mean_ms: number;
  p50_ms: number;
  p90_ms: number;
  p95_ms: number;
  p99_ms: number;
  min_ms: number;
  max_ms: number;
};

/** Of samples, each of them the mean duration of so many runs. */
export function latencyOf(durations: readonly number[], runsPerSample = 1): Latency {
  const sorted = durations.toSorted((a, b) => a - b);
  return {
    runs: sorted.length * runsPerSample,
    ...(runsPerSample === 1 ? {} : { runs_per_sample: runsPerSample }),
    mean_ms: sorted.reduce((sum, duration) => sum + duration, 0) / sorted.length,
    p50_ms: quantileOf(sorted, 0.5),
    p90_ms: quantileOf(sorted, 0.9),
    p95_ms: quantileOf(sorted, 0.95),
    p99_ms: quantileOf(sorted, 0.99),
    min_ms: quantileOf(sorted, 0),
    max_ms: quantileOf(sorted, 1),
  };
}

/** A quantile of sorted numbers, linear between neighbours (Hyndman and Fan's type 7). */
export function quantileOf(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? below;
  return below + (above - below) * (position % 1);
}

/**
 * An interval that covers the median with at least the confidence, whatever the distribution: two
 * order statistics, by the binomial distribution of how many draws lie below the median. Null for
 * too few numbers, such as five at 95 per cent.
 */
export function medianInterval(
  values: readonly number[],
  confidence: number,
): [low: number, high: number] | null {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  let outside = 0;
  let rank = 0;
  for (; rank < count / 2; rank += 1) {
    outside += 2 * Math.exp(logBinomial(rank, count, 0.5));
    if (outside > 1 - confidence) break;
  }
  const low = sorted[rank - 1];
  const high = sorted[count - rank];
  return rank === 0 || low === undefined || high === undefined ? null : [low, high];
}
