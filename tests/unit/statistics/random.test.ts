import { assert, double, integer, oneof, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { regularizedBeta } from "../../../domain/statistics/beta.ts";
import { regularizedGamma } from "../../../domain/statistics/gamma.ts";
import { normalCdf } from "../../../domain/statistics/normal.ts";
import {
  bernoulli,
  lognormal,
  seededRandom,
  type Random,
} from "../../../domain/statistics/random.ts";

const DRAWS = 20_000;

/** The Kolmogorov-Smirnov distance of draws from a distribution, times the root of their number: over 2.2 once in 8000. */
function distanceFrom(cdf: (x: number) => number, draw: () => number): number {
  const levels = Array.from({ length: DRAWS }, () => cdf(draw())).toSorted((a, b) => a - b);
  const gaps = levels.map((level, i) => Math.max(level - i / DRAWS, (i + 1) / DRAWS - level));
  return gaps.reduce((widest, gap) => Math.max(widest, gap)) * Math.sqrt(DRAWS);
}

describe("seededRandom", () => {
  it.each<[string, (x: number) => number, (random: Random) => number]>([
    ["uniform", (x) => x, (random) => random.uniform()],
    ["normal", normalCdf, (random) => random.normal()],
    ["gamma(0.3)", (x) => regularizedGamma(0.3, x).lower, (random) => random.gamma(0.3)],
    ["gamma(1)", (x) => 1 - Math.exp(-x), (random) => random.gamma(1)],
    ["gamma(50)", (x) => regularizedGamma(50, x).lower, (random) => random.gamma(50)],
    [
      "beta(0.5, 0.5)",
      (x) => regularizedBeta(0.5, 0.5, x).lower,
      (random) => random.beta(0.5, 0.5),
    ],
    ["beta(3, 900)", (x) => regularizedBeta(3, 900, x).lower, (random) => random.beta(3, 900)],
    ["lognormal(2, 0.5)", (x) => normalCdf((Math.log(x) - 2) / 0.5), (r) => lognormal(r, 2, 0.5)],
  ])("draws %s from its distribution", (name, cdf, draw) => {
    const random = seededRandom(name);
    expect(distanceFrom(cdf, () => draw(random))).toBeLessThan(2.2);
  });

  it("repeats itself with the same seed and not with another", () => {
    const first = (seed: string | number): number[] => {
      const random = seededRandom(seed);
      return [random.uniform(), random.normal(), random.gamma(2), random.beta(2, 3)];
    };
    expect(first("seed")).toEqual(first("seed"));
    expect(first(7)).toEqual(first("7"));
    const seeds = Array.from({ length: 2_000 }, (_, seed) => first(seed)[0]);
    expect(new Set(seeds).size).toBe(2_000);
  });

  it("keeps its draws, so that recorded simulations stay true", () => {
    const random = seededRandom("recorded");
    expect([random.uniform(), random.normal(), random.integer(1_000_000)]).toMatchInlineSnapshot(`
      [
        0.30010315004584254,
        1.5857899124334407,
        985358,
      ]
    `);
  });

  it("starts neighbouring seeds at unrelated points", () => {
    let seed = 0;
    expect(
      distanceFrom(
        (x) => x,
        () => seededRandom(seed++).uniform(),
      ),
    ).toBeLessThan(2.2);
  });

  it("never leaves a distribution's support", () => {
    const shape = oneof(
      double({ min: 1e-3, max: 1, noNaN: true }),
      double({ min: 1, max: 1e9, noNaN: true }),
    );
    assert(
      property(
        string(),
        shape,
        shape,
        integer({ min: 1, max: 2 ** 31 - 1 }),
        (seed, a, b, below) => {
          const random = seededRandom(seed);
          const u = random.uniform();
          expect(u > 0 && u < 1).toBe(true);
          expect(random.gamma(a)).toBeGreaterThanOrEqual(0);
          const share = random.beta(a, b);
          expect(share >= 0 && share <= 1).toBe(true);
          const whole = random.integer(below);
          expect(Number.isInteger(whole) && whole >= 0 && whole < below).toBe(true);
          expect(bernoulli(random, 0)).toBe(false);
          expect(bernoulli(random, 1)).toBe(true);
        },
      ),
    );
  });
});
