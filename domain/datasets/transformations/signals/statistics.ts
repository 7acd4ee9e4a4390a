/** What one signal is told by; all over its samples, as vibration analysis has them. */
export const SIGNAL_STATISTICS = [
  "mean",
  "standard_deviation",
  "rms",
  "peak",
  "peak_to_peak",
  "crest_factor",
  "skewness",
  "kurtosis",
  "shape_factor",
  "impulse_factor",
  "clearance_factor",
  "zero_crossing_rate",
] as const;
export type SignalStatistic = (typeof SIGNAL_STATISTICS)[number];

/**
 * Of n samples: standard deviation, skewness and kurtosis (3 for Gaussian noise) are those of the
 * population, `peak` is the largest magnitude, `crest_factor` peak / rms, `shape_factor` rms / mean
 * magnitude, `impulse_factor` peak / mean magnitude, `clearance_factor` peak / (mean root of the
 * magnitude)^2, `zero_crossing_rate` changes of sign from one sample to the next, over n - 1 (0 counts
 * as positive). NaN where that divides by zero, as for a signal that is constant.
 */
export function signalStatistics(signal: Float64Array): Record<SignalStatistic, number> {
  const { length } = signal;
  const sums = { value: 0, square: 0, magnitude: 0, root: 0 };
  let [least, most, crossings] = [Infinity, -Infinity, 0];
  for (let at = 0; at < length; at += 1) {
    const value = signal[at] ?? 0;
    sums.value += value;
    sums.square += value * value;
    sums.magnitude += Math.abs(value);
    sums.root += Math.sqrt(Math.abs(value));
    least = Math.min(least, value);
    most = Math.max(most, value);
    if (at > 0 && value < 0 !== (signal[at - 1] ?? 0) < 0) crossings += 1;
  }
  const mean = sums.value / length;
  const [second, third, fourth] = centralMoments(signal, mean);
  const rms = Math.sqrt(sums.square / length);
  const peak = Math.max(Math.abs(least), Math.abs(most));
  const magnitude = sums.magnitude / length;
  return {
    mean,
    standard_deviation: Math.sqrt(second),
    rms,
    peak,
    peak_to_peak: most - least,
    crest_factor: peak / rms,
    skewness: third / second ** 1.5,
    kurtosis: fourth / second ** 2,
    shape_factor: rms / magnitude,
    impulse_factor: peak / magnitude,
    clearance_factor: peak / (sums.root / length) ** 2,
    zero_crossing_rate: crossings / (length - 1),
  };
}

function centralMoments(signal: Float64Array, mean: number): [number, number, number] {
  let [second, third, fourth] = [0, 0, 0];
  for (const value of signal) {
    const deviation = value - mean;
    const square = deviation * deviation;
    second += square;
    third += square * deviation;
    fourth += square * square;
  }
  const { length } = signal;
  return [second / length, third / length, fourth / length];
}
