import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fourierTransform, inverse } from "../../../../domain/signals/fourier-transform.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import {
  amplitudeNear,
  amplitudeSpectrum,
  bandPower,
  envelopeOf,
  powerSpectrum,
  spectralStatistics,
} from "../../../../domain/datasets/transformations/signals/spectrum.ts";
import { signalStatistics } from "../../../../domain/datasets/transformations/signals/statistics.ts";

type Vectors = {
  transforms: {
    real: number[];
    imaginary: number[];
    transformed_real: number[];
    transformed_imaginary: number[];
  }[];
  signals: {
    rate_hz: number;
    samples: number[];
    band: [number, number];
    statistics: Record<string, number>;
    power: number[];
    spectral: Record<string, number>;
    band_envelope: number[];
    envelope: number[];
    envelope_amplitudes: number[];
  }[];
};
const { transforms, signals } = JSON.parse(
  readFileSync("tests/unit/vectors/datasets/transformations/signals.json", "utf8"),
) as Vectors;

function expectClose(found: ArrayLike<number>, wanted: readonly number[], digits = 11): void {
  expect(found.length).toBe(wanted.length);
  for (const [at, value] of wanted.entries())
    expect(found[at], `at ${at}`).toBeCloseTo(value, digits);
}

describe("the Fourier transform", () => {
  it.each(transforms.map((one) => [one.real.length, one] as const))(
    "of %i samples is numpy's, and its inverse leads back",
    (length, { real, imaginary, transformed_real, transformed_imaginary }) => {
      const [a, b] = [Float64Array.from(real), Float64Array.from(imaginary)];
      const transform = fourierTransform(length);
      transform(a, b);
      expectClose(a, transformed_real);
      expectClose(b, transformed_imaginary);
      inverse(transform)(a, b);
      expectClose(a, real);
      expectClose(b, imaginary);
    },
  );

  it("keeps its digits over a prime number of thousands of samples", () => {
    const length = 10_007;
    const random = seededRandom("a prime");
    const real = Float64Array.from({ length }, () => random.normal());
    const before = real.slice();
    const imaginary = new Float64Array(length);
    const transform = fourierTransform(length);
    transform(real, imaginary);
    inverse(transform)(real, imaginary);
    for (let at = 0; at < length; at += 1)
      expect(Math.abs((real[at] ?? 0) - (before[at] ?? 0))).toBeLessThan(1e-11);
  });

  it("has a whole length of at least one", () => {
    for (const length of [0, -1, 1.5, Number.NaN])
      expect(() => fourierTransform(length)).toThrow(RangeError);
  });
});

describe.each(signals.map((one) => [one.samples.length, one] as const))(
  "a signal of %i samples",
  (length, vector) => {
    const samples = Float64Array.from(vector.samples);
    const transform = fourierTransform(length);
    const resolution_hz = vector.rate_hz / length;

    it("has the statistics that scipy gives", () => {
      const found: Record<string, number> = signalStatistics(samples);
      expect(Object.keys(found).sort()).toEqual(Object.keys(vector.statistics).sort());
      for (const [name, value] of Object.entries(vector.statistics))
        expect(found[name], name).toBeCloseTo(value, 11);
    });

    it("has scipy's periodogram, which adds up to its variance", () => {
      const power = powerSpectrum(samples, transform);
      expectClose(power, vector.power, 12);
      const { standard_deviation } = signalStatistics(samples);
      const sum = power.reduce((total, value) => total + value, 0);
      expect(sum).toBeCloseTo(standard_deviation ** 2, 12);
      const half = vector.rate_hz / 4;
      const parts = [
        bandPower(power, resolution_hz, [0, half]),
        bandPower(power, resolution_hz, [half, vector.rate_hz]),
      ];
      expect(parts[0]).toBeGreaterThan(0);
      expect((parts[0] ?? 0) + (parts[1] ?? 0)).toBeCloseTo(sum, 12);
      const found: Record<string, number> = spectralStatistics(power, resolution_hz);
      for (const [name, value] of Object.entries(vector.spectral))
        expect((found[name] ?? 0) / value, name).toBeCloseTo(1, 10);
    });

    it("has the envelope of scipy's analytic signal, and of a band of it", () => {
      const all = [0, vector.rate_hz] as const;
      expectClose(envelopeOf(samples, transform, resolution_hz, all), vector.envelope);
      const ring = envelopeOf(samples, transform, resolution_hz, vector.band);
      expectClose(ring, vector.band_envelope);
      expectClose(amplitudeSpectrum(powerSpectrum(ring, transform)), vector.envelope_amplitudes);
    });
  },
);

it("the amplitude near a frequency is the largest within the tolerance, and at least the nearest one", () => {
  const amplitudes = Float64Array.of(0, 1, 5, 2, 9, 0);
  expect(amplitudeNear(amplitudes, 10, 21, 0)).toBe(5);
  expect(amplitudeNear(amplitudes, 10, 29, 1)).toBe(2);
  expect(amplitudeNear(amplitudes, 10, 25, 5)).toBe(5);
  expect(amplitudeNear(amplitudes, 10, 25, 15)).toBe(9);
  expect(amplitudeNear(amplitudes, 10, 90, 0)).toBe(0);
});

it("a signal that is constant has no crest and no shape of its distribution", () => {
  const found = signalStatistics(Float64Array.of(0, 0, 0));
  expect(found).toMatchObject({ rms: 0, peak: 0, crest_factor: Number.NaN, kurtosis: Number.NaN });
});

it("a signal crosses zero where its sign changes, and zero itself has that of a positive value", () => {
  const rateOf = (...samples: number[]) =>
    signalStatistics(Float64Array.from(samples)).zero_crossing_rate;
  const once = rateOf(1, -1, -1);
  expect(once).toBeGreaterThan(0);
  expect(rateOf(1, 0, 1)).toBe(0);
  expect(rateOf(0, 1, 0)).toBe(0);
  expect(rateOf(-1, 0, 1)).toBe(once);
});
