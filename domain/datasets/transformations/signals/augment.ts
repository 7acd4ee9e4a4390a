import type { Random } from "../../../statistics/random.ts";
import type { TensorCell } from "../../table.ts";
import { cut } from "./windows.ts";

/** A change of a signal; `draw` of it is made anew for each row and copy. */
export type Step =
  /** Gaussian noise, so that the signal's power less its mean is this many decibels above the noise's. */
  | { kind: "noise"; column: string; snr_db: [number, number] }
  /** Around the end, by up to so many samples either way. */
  | { kind: "shift"; column: string; most_samples: number }
  | { kind: "scale"; column: string; factor: [number, number] }
  /** The sign, with this probability. */
  | { kind: "flip"; column: string; probability: number }
  /** The order of the samples, with this probability. */
  | { kind: "reverse"; column: string; probability: number }
  /** So many samples, from anywhere. */
  | { kind: "crop"; column: string; length: number };

type Samples = Float32Array | Float64Array;
export type Signals = { dims: number[]; data: Samples };

export const isSignals = (cell: TensorCell): cell is Signals =>
  cell.data instanceof Float32Array || cell.data instanceof Float64Array;

/** The signal after a step; all channels of a row are moved alike, and have noise of their own. */
export function stepped(signals: Signals, step: Step, random: Random): Signals {
  const { dims, data } = signals;
  switch (step.kind) {
    case "noise":
      return { dims, data: noisy(signals, between(step.snr_db, random), random) };
    case "shift": {
      const by = random.integer(2 * step.most_samples + 1) - step.most_samples;
      return { dims, data: moved(signals, (at, length) => modulo(at - by, length)) };
    }
    case "scale": {
      const factor = between(step.factor, random);
      return { dims, data: data.map((value) => value * factor) };
    }
    case "flip":
      return random.uniform() < step.probability
        ? { dims, data: data.map((value) => -value) }
        : signals;
    case "reverse":
      return random.uniform() < step.probability
        ? { dims, data: moved(signals, (at, length) => length - 1 - at) }
        : signals;
    case "crop": {
      const room = (dims.at(-1) ?? 0) - step.length;
      return cropped(signals, room <= 0 ? 0 : random.integer(room + 1), step.length);
    }
  }
}

/** What a row that is kept as it was gets: only a crop, from the middle, so that all have one shape. */
export const unchanged = (signals: Signals, step: Step): Signals =>
  step.kind === "crop"
    ? cropped(signals, Math.max(0, ((signals.dims.at(-1) ?? 0) - step.length) >> 1), step.length)
    : signals;

function cropped(signals: Signals, from: number, length: number): Signals {
  const { dims, data } = cut(signals, from, length);
  return { dims, data: data instanceof Float64Array ? data : Float32Array.from(data, Number) };
}

const between = ([from, to]: readonly [number, number], random: Random): number =>
  from + (to - from) * random.uniform();

const modulo = (value: number, by: number): number => ((value % by) + by) % by;

/** Each channel's samples, taken from these places of it. */
function moved({ dims, data }: Signals, from: (at: number, length: number) => number): Samples {
  const length = dims.at(-1) ?? 0;
  const into = data.slice();
  for (let start = 0; start < data.length; start += length)
    for (let at = 0; at < length; at += 1) into[start + at] = data[start + from(at, length)] ?? 0;
  return into;
}

function noisy({ dims, data }: Signals, snr_db: number, random: Random): Samples {
  const length = dims.at(-1) ?? 0;
  const into = data.slice();
  for (let start = 0; start < data.length; start += length) {
    const deviation = Math.sqrt(power(data, start, length) / 10 ** (snr_db / 10));
    for (let at = start; at < start + length; at += 1)
      into[at] = (into[at] ?? 0) + deviation * random.normal();
  }
  return into;
}

function power(data: Samples, start: number, length: number): number {
  let [sum, squares] = [0, 0];
  for (let at = start; at < start + length; at += 1) sum += data[at] ?? 0;
  for (let at = start; at < start + length; at += 1)
    squares += ((data[at] ?? 0) - sum / length) ** 2;
  return squares / length;
}
