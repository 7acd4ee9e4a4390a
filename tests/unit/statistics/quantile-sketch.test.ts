import { array, assert, double, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { binOf, quantile, valueOf } from "../../../domain/statistics/quantile-sketch.ts";

type Pair = readonly [bin: number, count: number];

const sketchOf = (values: readonly number[]): Pair[] => values.map((value) => [binOf(value), 1]);

/** The smallest value that at least a share q of all does not exceed. */
const exactQuantile = (values: readonly number[], q: number): number | undefined =>
  values.toSorted((a, b) => a - b).find((_, index) => (index + 1) / values.length >= q);

/** Spread over the orders of magnitude, as numbers drawn evenly would not be. */
const latency = double({ min: -8.9, max: 15, noNaN: true }).map((exponent) => 10 ** exponent);
const share = double({ min: 0, max: 1, noNaN: true });

describe("a bin", () => {
  it("stands within 1% for every value in it", () => {
    assert(
      property(latency, (value) => {
        expect(Number.isSafeInteger(binOf(value))).toBe(true);
        expect(Math.abs(valueOf(binOf(value)) - value)).toBeLessThanOrEqual(0.01 * value);
      }),
    );
  });

  it("does so next to its bounds, whichever side rounding takes them to", () => {
    for (let bin = 1; bin <= 2791; bin++)
      for (const nudge of [1 - 1e-15, 1, 1 + 1e-15]) {
        const value = 1e-9 * 1.02 ** bin * nudge;
        expect(Math.abs(binOf(value) - bin)).toBeLessThanOrEqual(1);
        expect(Math.abs(valueOf(binOf(value)) - value)).toBeLessThanOrEqual(0.01 * value);
      }
  });

  it.each([
    [-1, 0],
    [0, 0],
    [1e-9, 0],
    [1.01e-9, 1],
    [1e15, 2791],
  ])("of %d is %d", (value, bin) => {
    expect(binOf(value)).toBe(bin);
  });
});

describe("quantile", () => {
  it("is null without observations", () => {
    expect(quantile([], 0.5)).toBeNull();
    expect(
      quantile(
        [
          [3, 1],
          [3, -1],
        ],
        0,
      ),
    ).toBeNull();
  });

  it("is within 1% of the empirical quantile", () => {
    assert(
      property(array(latency, { minLength: 1 }), share, (values, q) => {
        const exact = exactQuantile(values, q) ?? NaN;
        expect(Math.abs((quantile(sketchOf(values), q) ?? NaN) - exact)).toBeLessThanOrEqual(
          0.01 * exact,
        );
      }),
    );
  });

  it("of merged sketches is that of the union, and of what is left after a removal", () => {
    assert(
      property(array(latency), array(latency), share, (left, right, q) => {
        const union = [...sketchOf(left), ...sketchOf(right)];
        expect(quantile(union, q)).toBe(quantile(sketchOf([...right, ...left]), q));
        const removed = sketchOf(right).map(([bin]): Pair => [bin, -1]);
        expect(quantile([...union, ...removed], q)).toBe(quantile(sketchOf(left), q));
      }),
    );
  });

  it("takes a map of counts", () => {
    const counts = new Map([
      [binOf(10), 95],
      [binOf(200), 5],
    ]);
    expect(quantile(counts, 0.95)).toBeCloseTo(10, 0);
    expect(quantile(counts, 0.951)).toBe(valueOf(binOf(200)));
  });
});
