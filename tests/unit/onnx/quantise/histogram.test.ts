import { describe, expect, test } from "vitest";
import { rangeOf } from "../../../../domain/onnx/quantise/affine.ts";
import {
  addToHistogram,
  emptyHistogram,
  entropyRange,
  percentileRange,
  type Histogram,
} from "../../../../domain/onnx/quantise/histogram.ts";

/** Triangular around zero (a Weyl sequence: the same everywhere), every 5000th value nine times as far out. */
const VALUES = Float32Array.from({ length: 200_000 }, (_, index) => {
  const value = ((index * 0.6180339887498949) % 1) + ((index * 0.7548776662466927) % 1) - 1;
  return index % 5000 === 0 ? value * 9 : value;
});
const SEEN = rangeOf(VALUES);

function histogramOf(values: Float32Array, bins: number): Histogram {
  const histogram = emptyHistogram(rangeOf(values), bins);
  addToHistogram(histogram, values);
  return histogram;
}

describe("histograms", () => {
  test("count every value once, the last on the edge too", () => {
    const histogram = emptyHistogram({ min: -2, max: 1 }, 4);
    addToHistogram(histogram, [-2, -1.5, -0.5, 0, 0.999, 1, 2]);
    expect([...histogram.counts]).toEqual([2, 1, 2, 2]);
    addToHistogram(histogram, [-5, 5]);
    expect([...histogram.counts]).toEqual([3, 1, 2, 3]);
  });

  test("of nothing but zeros have a range of zero", () => {
    const histogram = histogramOf(new Float32Array(10), 128);
    for (const range of [
      percentileRange(histogram, { min: 0, max: 0 }, 99),
      entropyRange(histogram, { min: 0, max: 0 }),
    ]) {
      expect(range.min + 0).toBe(0);
      expect(range.max + 0).toBe(0);
    }
  });
});

describe("percentiles", () => {
  test.each([
    [99.9, -0.97558594, 0.9667969],
    [99.999, -6.6884766, 7.1191406],
  ])("%d %% as onnxruntime.quantization 1.31 has it, to a bin", (percentile, min, max) => {
    const range = percentileRange(histogramOf(VALUES, 2048), SEEN, percentile);
    expect(range.min).toBeCloseTo(min, 6);
    // It takes the lower edge of the highest bin, which cuts that bin off.
    expect(range.max).toBeCloseTo(max + 18 / 2048, 6);
  });

  test("100 % cuts nothing, and 90 % a twentieth on either side", () => {
    const histogram = histogramOf(VALUES, 2048);
    expect(percentileRange(histogram, SEEN, 100)).toEqual(SEEN);
    const { min, max } = percentileRange(histogram, SEEN, 90);
    const share = VALUES.filter((value) => value >= min && value <= max).length / VALUES.length;
    expect(share).toBeGreaterThanOrEqual(0.9);
    expect(share).toBeLessThan(0.92);
  });
});

describe("entropy", () => {
  test.each([
    [256, 4.5],
    [2048, 0.9931640625],
  ])("in %d bins cuts the far tail off at %d", (bins, reach) => {
    // Computed from the definition by a few lines of NumPy.
    expect(entropyRange(histogramOf(VALUES, bins), SEEN)).toEqual({ min: -reach, max: reach });
  });

  test("is never wider than what was seen", () => {
    const positive = VALUES.map(Math.abs);
    const { min, max } = entropyRange(histogramOf(positive, 512), rangeOf(positive));
    expect(min).toBe(rangeOf(positive).min);
    expect(max).toBeLessThanOrEqual(9);
    expect(max).toBeGreaterThan(0.9);
  });
});
