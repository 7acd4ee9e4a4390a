import { type FourierTransform, inverse } from "../../../signals/fourier-transform.ts";

/** Frequencies from `from` to before `to`. */
export type Band = readonly [from: number, to: number];

/**
 * The power of each frequency k rate / n, 0 to half the rate: the mean is taken away, and the sum of
 * all is the variance of the population (Parseval). A one-sided periodogram without a window.
 */
export function powerSpectrum(signal: Float64Array, transform: FourierTransform): Float64Array {
  const { length } = signal;
  const { real, imaginary } = transformed(signal, transform);
  const power = new Float64Array(Math.floor(length / 2) + 1);
  for (let k = 1; k < power.length; k += 1) {
    const sides = 2 * k === length ? 1 : 2;
    const [a, b] = [real[k] ?? 0, imaginary[k] ?? 0];
    power[k] = (sides * (a * a + b * b)) / length ** 2;
  }
  return power;
}

/** The amplitude of each frequency: a sine of amplitude 1 at one of them has 1 there. */
export const amplitudeSpectrum = (power: Float64Array): Float64Array =>
  power.map((value, k) => Math.sqrt(value * (k === 0 ? 1 : 2)));

export const bandPower = (power: Float64Array, resolution_hz: number, [from, to]: Band): number => {
  const first = Math.ceil(from / resolution_hz - 1e-9);
  const after = Math.min(power.length, Math.ceil(to / resolution_hz - 1e-9));
  let sum = 0;
  for (let k = Math.max(0, first); k < after; k += 1) sum += power[k] ?? 0;
  return sum;
};

export const SPECTRAL_STATISTICS = [
  "dominant_frequency_hz",
  "spectral_centroid_hz",
  "spectral_spread_hz",
  "spectral_entropy",
] as const;
export type SpectralStatistic = (typeof SPECTRAL_STATISTICS)[number];

/**
 * Of the power as a distribution over frequencies: its mode, mean and standard deviation in Hz, and
 * its entropy over that of the uniform one (1 for white noise, near 0 for a tone). NaN without power.
 */
export function spectralStatistics(
  power: Float64Array,
  resolution_hz: number,
): Record<SpectralStatistic, number> {
  let [total, first, mode] = [0, 0, 0];
  for (const [k, value] of power.entries()) {
    total += value;
    first += k * value;
    if (value > (power[mode] ?? 0)) mode = k;
  }
  const centroid = first / total;
  let [second, entropy] = [0, 0];
  for (const [k, value] of power.entries()) {
    const share = value / total;
    second += (k - centroid) ** 2 * share;
    if (share > 0) entropy -= share * Math.log(share);
  }
  return {
    dominant_frequency_hz: total > 0 ? mode * resolution_hz : Number.NaN,
    spectral_centroid_hz: centroid * resolution_hz,
    spectral_spread_hz: Math.sqrt(second) * resolution_hz,
    spectral_entropy: total > 0 ? entropy / Math.log(power.length - 1) : Number.NaN,
  };
}

/**
 * How strongly a signal rings within a band, at each sample: the magnitude of its analytic signal
 * (Gabor 1946), whose frequencies outside the band are taken away.
 */
export function envelopeOf(
  signal: Float64Array,
  transform: FourierTransform,
  resolution_hz: number,
  [from, to]: Band,
): Float64Array {
  const { length } = signal;
  const { real, imaginary } = transformed(signal, transform);
  for (let k = 0; k < length; k += 1) {
    const hz = k * resolution_hz;
    const isAbove = 2 * k > length;
    const isOutside = hz < from || hz >= to;
    const gain = isAbove || isOutside ? 0 : k === 0 || 2 * k === length ? 1 : 2;
    real[k] = (real[k] ?? 0) * gain;
    imaginary[k] = (imaginary[k] ?? 0) * gain;
  }
  inverse(transform)(real, imaginary);
  return real.map((value, at) => Math.hypot(value, imaginary[at] ?? 0));
}

/** The largest amplitude within the tolerance of a frequency, which is at least that of the nearest one. */
export function amplitudeNear(
  amplitudes: Float64Array,
  resolution_hz: number,
  hz: number,
  tolerance_hz: number,
): number {
  const nearest = Math.round(hz / resolution_hz);
  const first = Math.min(nearest, Math.ceil((hz - tolerance_hz) / resolution_hz));
  const last = Math.max(nearest, Math.floor((hz + tolerance_hz) / resolution_hz));
  let most = 0;
  for (let k = Math.max(0, first); k <= Math.min(last, amplitudes.length - 1); k += 1)
    most = Math.max(most, amplitudes[k] ?? 0);
  return most;
}

/** The transform of a signal less its mean. */
function transformed(signal: Float64Array, transform: FourierTransform) {
  const mean = signal.reduce((sum, value) => sum + value, 0) / signal.length;
  const real = signal.map((value) => value - mean);
  const imaginary = new Float64Array(signal.length);
  transform(real, imaginary);
  return { real, imaginary };
}
