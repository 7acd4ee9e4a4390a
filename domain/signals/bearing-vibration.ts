import type { Random } from "../statistics/random.ts";

export const BEARING_FAULTS = ["none", "outer_race", "inner_race", "ball"] as const;
export type BearingFault = (typeof BEARING_FAULTS)[number];

/** A rolling bearing and what it excites in its housing. */
export type Bearing = {
  balls: number;
  /** Diameter of a ball over that of the circle of their centres. */
  diameter_ratio: number;
  contact_angle_radians: number;
  /** Of the housing: the frequency that a blow makes ring, and the share of critical damping. */
  resonance_hz: number;
  damping: number;
};

export type Recording = {
  bearing: Bearing;
  fault: BearingFault;
  shaft_hz: number;
  sample_rate_hz: number;
  samples: number;
  /** Of the ringing at a blow, over that of the noise, as amplitudes. */
  severity: number;
  /** Whether the fault is under load at a time in seconds, and strikes; always when left out. */
  loaded?: (seconds: number) => boolean;
};

/** Balls roll and slide: each interval between blows differs by this share of itself (Randall & Antoni 2011). */
const SLIP = 0.015;
const HARMONICS = 4;
/** A ringing that is this many decay times old is over. */
const DECAY_TIMES = 6;

/**
 * Blows a second of a fault (Harris, Rolling Bearing Analysis), and how often a turn modulates them: a fault of the
 * inner race passes through the load once a turn of the shaft, one of a ball once a turn of the cage.
 */
export function faultFrequencies(
  { balls, diameter_ratio, contact_angle_radians }: Bearing,
  fault: BearingFault,
  shaft_hz: number,
): { blows_hz: number; modulation_hz: number } {
  const share = diameter_ratio * Math.cos(contact_angle_radians);
  switch (fault) {
    case "none":
      return { blows_hz: 0, modulation_hz: 0 };
    case "outer_race":
      return { blows_hz: (balls / 2) * shaft_hz * (1 - share), modulation_hz: 0 };
    case "inner_race":
      return { blows_hz: (balls / 2) * shaft_hz * (1 + share), modulation_hz: shaft_hz };
    case "ball":
      return {
        // A fault of a ball strikes both races in a turn of the ball.
        blows_hz: (shaft_hz / diameter_ratio) * (1 - share ** 2),
        modulation_hz: (shaft_hz / 2) * (1 - share),
      };
  }
}

/** A blow of a fault: when it falls, in seconds from the start, and the amplitude of the ringing that it begins. */
export type Blow = { seconds: number; strength: number };

/**
 * The vibration of a bearing as a sum of what measurements show: harmonics of the shaft, Gaussian noise of variance 1,
 * and the ringing of the housing at each blow of a fault, with slip and with the modulation by the load. `blows` are in
 * the order of time, from shortly before the start.
 */
export function bearingVibration(
  recording: Recording,
  random: Random,
): { signal: Float32Array; blows: Blow[] } {
  const { bearing, fault, shaft_hz, sample_rate_hz, samples, severity } = recording;
  const { loaded = () => true } = recording;
  const signal = Float32Array.from({ length: samples }, () => random.normal());
  for (let harmonic = 1; harmonic <= HARMONICS; harmonic += 1) {
    const amplitude = random.uniform() / harmonic;
    const phase = 2 * Math.PI * random.uniform();
    const turn = (2 * Math.PI * harmonic * shaft_hz) / sample_rate_hz;
    for (let at = 0; at < samples; at += 1)
      signal[at] = (signal[at] ?? 0) + amplitude * Math.cos(turn * at + phase);
  }
  const { blows_hz, modulation_hz } = faultFrequencies(bearing, fault, shaft_hz);
  const blows: Blow[] = [];
  if (blows_hz === 0) return { signal, blows };

  const angular = 2 * Math.PI * bearing.resonance_hz;
  const decay_hz = bearing.damping * angular;
  const length = Math.ceil((DECAY_TIMES / decay_hz) * sample_rate_hz);
  const load = 2 * Math.PI * random.uniform();
  // The first blow lies anywhere before the start, where its ringing can still be heard.
  let time = -(length / sample_rate_hz) - random.uniform() / blows_hz;
  for (; time < samples / sample_rate_hz; time += (1 + SLIP * random.normal()) / blows_hz) {
    const depth = modulation_hz === 0 ? 0 : 0.9;
    const modulation = 1 + depth * Math.cos(2 * Math.PI * modulation_hz * time + load);
    const strength = severity * modulation * (1 + 0.1 * random.normal());
    if (!loaded(time)) continue;
    blows.push({ seconds: time, strength });
    const first = Math.max(0, Math.ceil(time * sample_rate_hz));
    for (let at = first; at < Math.min(samples, first + length); at += 1) {
      const since = at / sample_rate_hz - time;
      signal[at] =
        (signal[at] ?? 0) + strength * Math.exp(-decay_hz * since) * Math.sin(angular * since);
    }
  }
  return { signal, blows };
}
