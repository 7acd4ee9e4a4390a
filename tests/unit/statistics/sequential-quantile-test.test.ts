import { array, assert, constantFrom, integer, property, tuple } from "fast-check";
import { describe, expect, it } from "vitest";
import { betaBinomialEvidence } from "../../../domain/statistics/beta-binomial-sequence.ts";
import { isEvidenceAgainst, meanEvidence } from "../../../domain/statistics/e-values.ts";
import { binOf, binsWithin, upperBoundOf } from "../../../domain/statistics/quantile-sketch.ts";
import { bernoulli, lognormal, seededRandom } from "../../../domain/statistics/random.ts";
import {
  sequentialQuantileTest,
  type QuantileEvidence,
  type QuantileStratum,
  type SketchBins,
} from "../../../domain/statistics/sequential-quantile-test.ts";

const binsOf = (values: readonly number[]): SketchBins => values.map((value) => [binOf(value), 1]);

const evidence = (strata: readonly QuantileStratum[], q: number, tolerance: number): number => {
  const test = sequentialQuantileTest(strata, q, tolerance);
  return test.ok ? test.value.logEValue : NaN;
};

const weakest = (
  stratum: QuantileStratum,
  q: number,
  tolerance: number,
): QuantileEvidence | null => {
  const test = sequentialQuantileTest([stratum], q, tolerance);
  return (test.ok && test.value.strata[0]) || null;
};

/** The smallest mean over every bin, as the definition has it. */
function byDefinition({ control, variant }: QuantileStratum, q: number, shift: number): number {
  const upTo = (bins: SketchBins, last: number): { successes: number; trials: number } => ({
    successes: bins.reduce((sum, [bin, count]) => sum + (bin <= last ? count : 0), 0),
    trials: bins.reduce((sum, [, count]) => sum + count, 0),
  });
  let least = Infinity;
  for (let bin = -50; bin < 100; bin++) {
    const above = betaBinomialEvidence(upTo(control, bin - 1), q, "larger");
    const below = betaBinomialEvidence(upTo(variant, bin + shift), q, "smaller");
    if (above.ok && below.ok)
      least = Math.min(least, meanEvidence([above.value, below.value]) ?? NaN);
  }
  return least;
}

const sketch = array(tuple(integer({ min: 0, max: 40 }), integer({ min: 0, max: 30 })), {
  maxLength: 20,
});

describe("sequentialQuantileTest", () => {
  it("finds the smallest mean over all thresholds without looking at all", () => {
    assert(
      property(
        sketch,
        sketch,
        constantFrom(0.5, 0.9, 0.99),
        constantFrom(0, 0.1, 0.5),
        (control, variant, q, tolerance) => {
          const expected = byDefinition({ control, variant }, q, binsWithin(1 + tolerance));
          expect(evidence([{ control, variant }], q, tolerance)).toBeCloseTo(expected, 10);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("does not see the order of bins, nor whether they were merged", () => {
    assert(
      property(sketch, sketch, (control, variant) => {
        const found = evidence([{ control, variant }], 0.9, 0.1);
        const split = control.flatMap(([bin, count]): [number, number][] => [
          [bin, 1],
          [bin, count],
        ]);
        const merged = control.map(([bin, count]): [number, number] => [bin, count + 1]);
        expect(evidence([{ control: control.toReversed(), variant }], 0.9, 0.1)).toBe(found);
        expect(evidence([{ control: split, variant }], 0.9, 0.1)).toBe(
          evidence([{ control: merged, variant }], 0.9, 0.1),
        );
      }),
    );
  });

  it("tells both quantiles and the thresholds between them", () => {
    const control = binsOf(Array.from({ length: 2_000 }, (_, i) => 100 + i / 100));
    const variant = binsOf(Array.from({ length: 2_000 }, (_, i) => 200 + i / 50));
    const found = weakest({ control, variant }, 0.95, 0.1);
    expect(found?.logEValue).toBeGreaterThan(50);
    expect((found?.controlQuantile ?? 0) / 119).toBeCloseTo(1, 1);
    expect((found?.variantQuantile ?? 0) / 238).toBeCloseTo(1, 1);
    const { thresholds } = found ?? { thresholds: { control: 0, variant: 0 } };
    // Five bins of tolerance and one for the place of control's quantile in its own.
    expect(thresholds.variant / thresholds.control).toBeCloseTo(1.02 ** 6, 12);
  });

  it("multiplies the evidence of epochs", () => {
    const slow = { control: binsOf([1, 2, 3]), variant: binsOf([9, 9, 9]) };
    const fast = { control: binsOf([0.1, 0.2]), variant: binsOf([0.1, 0.3]) };
    const sum = evidence([slow], 0.5, 0.1) + evidence([fast], 0.5, 0.1);
    expect(evidence([slow, fast], 0.5, 0.1)).toBe(sum);
  });

  it("has no evidence without values", () => {
    expect(evidence([], 0.95, 0.1)).toBe(0);
    expect(evidence([{ control: [], variant: [] }], 0.95, 0.1)).toBe(0);
    expect(evidence([{ control: [], variant: binsOf([1, 1, 1]) }], 0.95, 0.1)).toBeLessThan(0.01);
    expect(weakest({ control: [], variant: [] }, 0.95, 0.1)).toMatchObject({
      controlQuantile: null,
      variantQuantile: null,
    });
  });

  it.each<[SketchBins, number, number]>([
    [[[0.5, 1]], 0.95, 0.1],
    [[[1, -1]], 0.95, 0.1],
    [[[1, NaN]], 0.95, 0.1],
    [[], 1, 0.1],
    [[], 0.95, -0.1],
    [[], 0.95, Infinity],
  ])("refuses bins %j, quantile %d, tolerance %d", (control, q, tolerance) => {
    expect(sequentialQuantileTest([{ control, variant: [] }], q, tolerance)).toEqual({
      ok: false,
      error: { code: "invalid_sample" },
    });
  });
});

describe("the upper bound of a bin", () => {
  it("holds the value and is in the bin, but for rounding", () => {
    assert(
      property(integer({ min: 1, max: 2_500 }), (bin) => {
        expect(binOf(upperBoundOf(bin) * (1 - 1e-9))).toBe(bin);
        expect(binOf(upperBoundOf(bin) * (1 + 1e-9))).toBe(bin + 1);
        expect(binOf(upperBoundOf(bin) * 1.1)).toBeLessThanOrEqual(bin + binsWithin(1.1));
      }),
    );
  });
});

type Watched = {
  name: string;
  runs: number;
  requests: number;
  share: number;
  q: number;
  /** How many times slower the variant is. */
  slowdown: number;
  tolerance: number;
  /** A factor on both arms' latencies. */
  loadAt?: (request: number) => number;
};

/** Looks at 1.1, 1.21, ... times 10 requests; of each run, the variant's requests at the first look with alpha 0.05, or null. */
function watch({
  name,
  runs,
  requests,
  share,
  q,
  slowdown,
  tolerance,
  loadAt = () => 1,
}: Watched): (number | null)[] {
  return Array.from({ length: runs }, (_, run) => {
    const random = seededRandom(`${name} ${run}`);
    const counts = { control: new Map<number, number>(), variant: new Map<number, number>() };
    let variantRequests = 0;
    let look = 10;
    for (let request = 1; request <= requests; request++) {
      const isVariant = bernoulli(random, share);
      if (isVariant) variantRequests++;
      const latency = loadAt(request) * lognormal(random, 4, 0.5) * (isVariant ? slowdown : 1);
      const arm = isVariant ? counts.variant : counts.control;
      arm.set(binOf(latency), (arm.get(binOf(latency)) ?? 0) + 1);
      if (request < look) continue;
      look *= 1.1;
      const stratum = { control: [...counts.control], variant: [...counts.variant] };
      if (isEvidenceAgainst(evidence([stratum], q, tolerance), 0.05)) return variantRequests;
    }
    return null;
  });
}

describe("a canary whose latency is watched", () => {
  it.each([
    { name: "p95, even", share: 0.5, q: 0.95, tolerance: 0 },
    { name: "p50, even", share: 0.5, q: 0.5, tolerance: 0 },
    { name: "p95, a tenth", share: 0.1, q: 0.95, tolerance: 0.1 },
    {
      name: "p95, even, while the load doubles and halves",
      share: 0.5,
      q: 0.95,
      tolerance: 0,
      loadAt: (request: number): number => 2 ** Math.sin(request / 100),
    },
  ])("at the edge of its tolerance is found at most once in 20: $name", (design) => {
    const runs = watch({
      ...design,
      runs: 200,
      requests: 1_500,
      slowdown: 1 + design.tolerance,
    });
    const alarms = runs.filter((found) => found !== null).length;
    console.log(`quantile test, ${design.name}: ${alarms} of 200 false alarms at alpha 0.05`);
    expect(alarms).toBeLessThanOrEqual(10);
  });

  it.each([
    { share: 0.5, requests: 4_000, q: 0.95, atMost: 300 },
    { share: 0.1, requests: 8_000, q: 0.95, atMost: 120 },
    { share: 0.5, requests: 4_000, q: 0.5, atMost: 150 },
  ])("is found when it takes twice as long: share $share, quantile $q", (design) => {
    const runs = watch({ ...design, name: "slow", runs: 100, slowdown: 2, tolerance: 0.1 });
    const needed = runs.filter((found) => found !== null).toSorted((a, b) => a - b);
    console.log(
      `latency doubled, share ${design.share}, q ${design.q}: ${needed.length} of 100 found, canary requests p10 ${needed[10]}, median ${needed[50]}, p90 ${needed[90]}`,
    );
    expect(needed.length).toBeGreaterThan(95);
    expect(needed[50]).toBeLessThan(design.atMost);
  });
});
