import type { Random } from "../statistics/random.ts";
import type { Tensor } from "../tensors/tensor.ts";
import { BEARING_FAULTS, bearingVibration, type Bearing } from "./bearing-vibration.ts";

export type BearingSamplesOptions = {
  bearings: readonly Bearing[];
  /** Revolutions a second that recordings are made at. */
  speeds_hz: readonly number[];
  /** Windows cut from the recording of each bearing, fault and speed; they do not overlap. */
  windows: number;
  /** Samples of a window's envelope, and how many samples of the recording become one of it. */
  length: number;
  decimation: number;
  sample_rate_hz: number;
  severity: readonly [least: number, most: number];
};

/** Bearings of three sizes, in two housings each: those to train on, and those that a test has not met. */
export const TRAINING_BEARINGS: readonly Bearing[] = [
  { balls: 8, diameter_ratio: 0.22, contact_angle_radians: 0, resonance_hz: 2100, damping: 0.05 },
  { balls: 9, diameter_ratio: 0.2, contact_angle_radians: 0, resonance_hz: 2900, damping: 0.04 },
  { balls: 9, diameter_ratio: 0.23, contact_angle_radians: 0.1, resonance_hz: 2500, damping: 0.06 },
  { balls: 8, diameter_ratio: 0.2, contact_angle_radians: 0.1, resonance_hz: 3300, damping: 0.05 },
];
export const TEST_BEARINGS: readonly Bearing[] = [
  {
    balls: 8,
    diameter_ratio: 0.21,
    contact_angle_radians: 0.05,
    resonance_hz: 2700,
    damping: 0.05,
  },
  { balls: 9, diameter_ratio: 0.21, contact_angle_radians: 0, resonance_hz: 2300, damping: 0.045 },
];

/**
 * Windows of generated recordings: `signal` is [windows, 1, length], the envelope of each scaled to mean 0 and variance
 * 1, and the target is the index of the fault in `BEARING_FAULTS`. Whoever trains and tests on different bearings and speeds
 * has no window of a recording on both sides.
 */
export function bearingSamples(
  options: BearingSamplesOptions,
  random: Random,
): { inputs: { signal: Tensor }; targets: Tensor } {
  const { bearings, speeds_hz, windows, length, decimation, sample_rate_hz } = options;
  const [least, most] = options.severity;
  const rows: Float32Array[] = [];
  const faults: bigint[] = [];
  for (const bearing of bearings)
    for (const [target, fault] of BEARING_FAULTS.entries())
      for (const shaft_hz of speeds_hz) {
        const severity = least + (most - least) * random.uniform();
        const samples = windows * length * decimation;
        const recording = { bearing, fault, shaft_hz, sample_rate_hz, samples, severity };
        const signal = envelope(bearingVibration(recording, random), decimation);
        for (let window = 0; window < windows; window += 1) {
          rows.push(standardised(signal.subarray(window * length, (window + 1) * length)));
          faults.push(BigInt(target));
        }
      }
  const data = new Float32Array(rows.length * length);
  for (const [index, row] of rows.entries()) data.set(row, index * length);
  return {
    inputs: { signal: { type: "float32", dims: [rows.length, 1, length], data } },
    targets: { type: "int64", dims: [rows.length], data: BigInt64Array.from(faults) },
  };
}

/**
 * How strongly a signal rings at high frequencies, as the root mean square of its differences over blocks of samples:
 * each blow becomes one bump, whatever frequency the housing rings at.
 */
export function envelope(signal: Float32Array, decimation: number): Float32Array {
  return Float32Array.from({ length: Math.floor(signal.length / decimation) }, (_, block) => {
    let sum = 0;
    for (let at = block * decimation; at < (block + 1) * decimation; at += 1)
      sum += ((signal[at] ?? 0) - (signal[Math.max(0, at - 1)] ?? 0)) ** 2;
    return Math.sqrt(sum / decimation);
  });
}

function standardised(window: Float32Array): Float32Array {
  const mean = window.reduce((sum, x) => sum + x, 0) / window.length;
  const variance = window.reduce((sum, x) => sum + (x - mean) ** 2, 0) / window.length;
  return window.map((x) => (x - mean) / Math.sqrt(variance));
}
