import type { Random } from "../statistics/random.ts";
import type { Tensor } from "../tensors/tensor.ts";
import {
  BEARING_FAULTS,
  bearingVibration,
  type Bearing,
  type Recording,
} from "./bearing-vibration.ts";

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
  /** Of each window, the share in which the fault is under load, in one stretch at a place of its own; all of it when left out. */
  loaded_share?: number;
  /** What envelopes are scaled by, such as those of a healthy bearing; each window by its own when left out. */
  scale?: { mean: number; deviation: number };
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

/** A blow within a window: how many samples of the envelope after its start, and how strong. */
export type BlowInWindow = { position: number; strength: number };

export type BearingSamples = {
  inputs: { signal: Tensor };
  targets: Tensor;
  blows: BlowInWindow[][];
};

/**
 * Windows of generated recordings: `signal` is [windows, 1, length], the envelope of each by default scaled to mean 0
 * and variance 1, and the target is the index of the fault in `BEARING_FAULTS`. Whoever trains and tests on different
 * bearings and speeds has no window of a recording on both sides. `blows` are those that fall into each window, for
 * whoever asks what a model looks at.
 */
export function bearingSamples(options: BearingSamplesOptions, random: Random): BearingSamples {
  const { bearings, speeds_hz, windows, length, scale } = options;
  const rows: Float32Array[] = [];
  const faults: bigint[] = [];
  const blows: BlowInWindow[][] = [];
  for (const bearing of bearings)
    for (const [target, fault] of BEARING_FAULTS.entries())
      for (const shaft_hz of speeds_hz) {
        const recording = recorded(options, { bearing, fault, shaft_hz }, random);
        for (let window = 0; window < windows; window += 1) {
          const cut = recording.signal.subarray(window * length, (window + 1) * length);
          const { mean, deviation } = scale ?? spreadOf(cut);
          rows.push(cut.map((x) => (x - mean) / deviation));
          faults.push(BigInt(target));
          blows.push(within(recording.blows, window * length, length));
        }
      }
  const data = new Float32Array(rows.length * length);
  for (const [index, row] of rows.entries()) data.set(row, index * length);
  return {
    inputs: { signal: { type: "float32", dims: [rows.length, 1, length], data } },
    targets: { type: "int64", dims: [rows.length], data: BigInt64Array.from(faults) },
    blows,
  };
}

/** The envelope of a recording of all windows, and the blows in samples of it. */
function recorded(
  { windows, length, decimation, sample_rate_hz, severity, loaded_share }: BearingSamplesOptions,
  of: Pick<Recording, "bearing" | "fault" | "shaft_hz">,
  random: Random,
): { signal: Float32Array; blows: BlowInWindow[] } {
  const [least, most] = severity;
  const strength = least + (most - least) * random.uniform();
  const rate = sample_rate_hz / decimation;
  const recording: Recording = {
    ...of,
    sample_rate_hz,
    samples: windows * length * decimation,
    severity: strength,
  };
  if (loaded_share !== undefined) {
    const starts = Array.from({ length: windows }, () => (1 - loaded_share) * random.uniform());
    recording.loaded = (seconds) => {
      const window = Math.floor((seconds * rate) / length);
      const since = (seconds * rate) / length - window - (starts[window] ?? Infinity);
      return since >= 0 && since < loaded_share;
    };
  }
  const { signal, blows } = bearingVibration(recording, random);
  return {
    signal: envelope(signal, decimation),
    blows: blows.map((blow) => ({ position: blow.seconds * rate, strength: blow.strength })),
  };
}

const within = (blows: readonly BlowInWindow[], start: number, length: number): BlowInWindow[] =>
  blows
    .filter(({ position }) => position >= start && position < start + length)
    .map(({ position, strength }) => ({ position: position - start, strength }));

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

/** Its mean, and the square root of its variance. */
function spreadOf(signal: Float32Array): { mean: number; deviation: number } {
  const mean = signal.reduce((sum, x) => sum + x, 0) / signal.length;
  const variance = signal.reduce((sum, x) => sum + (x - mean) ** 2, 0) / signal.length;
  return { mean, deviation: Math.sqrt(variance) };
}
