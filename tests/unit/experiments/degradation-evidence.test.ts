import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  degradationEvidence,
  quantileEvidence,
  sampleOf,
} from "../../../domain/experiments/degradation-evidence.ts";
import type { Stratum } from "../../../domain/experiments/strata.ts";
import { lognormal, seededRandom } from "../../../domain/statistics/random.ts";
import { restartingEvidence } from "../../../domain/statistics/e-values.ts";
import { sequentialQuantileTest } from "../../../domain/statistics/sequential-quantile-test.ts";
import { cell, type Counted } from "./plain-cells.ts";

const stratum = (control: Counted, variant: Counted): Stratum => ({
  control: cell({ ...control, variant: 0 }),
  variant: cell({ ...variant, variant: 1 }),
  share: 0.5,
});
const asked = (metric: string, margin = 0, kind: "mean" | "rate" = "mean") => ({
  metric,
  kind,
  margin,
  callersReport: false,
});
/** Alternating values around a centre. */
const around = (centre: number, size = 400): number[] =>
  Array.from({ length: size }, (_, at) => centre + (at % 2 === 0 ? 1 : -1));
const scores = (centre: number, size?: number): Counted => ({
  metrics: { score: around(centre, size) },
});

describe("the sample of a metric", () => {
  it("of a rate is of zeros and ones", () => {
    const ten = cell({ requests: 10, errors: 4, reported: 0 });
    expect(sampleOf(ten, asked("error_rate", 0, "rate"))).toEqual({
      count: 10,
      mean: 0.4,
      variance: expect.closeTo(2.4 / 9, 12),
    });
  });

  it("of nothing is empty", () => {
    const empty = { count: 0, mean: 0, variance: 0 };
    expect(sampleOf(cell(), asked("score"))).toEqual(empty);
    expect(sampleOf(cell(), asked("error_rate", 0, "rate"))).toEqual(empty);
  });
});

describe("evidence of degradation of a mean", () => {
  it("grows with what is lost where higher is better, and with what is gained where lower is", () => {
    const lost = (centre: number) =>
      degradationEvidence([stratum(scores(10), scores(centre))], asked("score", 0.1));
    expect(lost(8)).toBeGreaterThan(20);
    expect(lost(8)).toBeGreaterThan(lost(8.5));
    expect(lost(9.5)).toBeLessThan(0);
    expect(lost(12)).toBeLessThan(lost(10));
    const slower = degradationEvidence(
      [stratum({ latencies: around(10) }, { latencies: around(12) })],
      asked("latency", 0.1),
    );
    expect(slower).toBeGreaterThan(20);
  });

  it("measures the margin from the control's magnitude, on whichever side of 0", () => {
    const below = (centre: number) =>
      degradationEvidence([stratum(scores(-10), scores(centre))], asked("score", 0.1));
    expect(below(-10.5)).toBeLessThan(0);
    expect(below(-12)).toBeGreaterThan(20);
  });

  it("is none before each arm has 100 observations, over all epochs", () => {
    const few = stratum(scores(10, 99), scores(1, 1_000));
    expect(degradationEvidence([few], asked("score"))).toBe(0);
    const more = stratum(scores(10, 2), scores(1, 2));
    expect(degradationEvidence([few, more], asked("score"))).toBeGreaterThan(0);
  });

  it("is none where nothing varies, or nothing was counted", () => {
    const same = { metrics: { score: Array<number>(200).fill(3) } };
    expect(degradationEvidence([stratum(same, same)], asked("score"))).toBe(0);
    expect(degradationEvidence([], asked("score"))).toBe(0);
  });

  it("does not take a drift of both arms for a difference", () => {
    const strata = [
      stratum(scores(10, 900), scores(10, 100)),
      stratum(scores(2, 100), scores(2, 900)),
    ];
    expect(degradationEvidence(strata, asked("score", 0.1))).toBeLessThan(0);
    const pooled = stratum(
      { metrics: { score: [...around(10, 900), ...around(2, 100)] } },
      { metrics: { score: [...around(10, 100), ...around(2, 900)] } },
    );
    expect(degradationEvidence([pooled], asked("score", 0.1))).toBeGreaterThan(20);
  });
});

describe("evidence on a quantile of latency", () => {
  const random = seededRandom("latencies");
  const latencies = (size: number, scale: number): number[] =>
    Array.from({ length: size }, () => scale * lognormal(random, 4, 0.5));

  it("is the sequential test's, epochs in order, whether it was asked before or not", () => {
    const pairs = fc.record({
      control: fc.array(fc.integer({ min: 1, max: 500 }), { maxLength: 20 }),
      variant: fc.array(fc.integer({ min: 1, max: 500 }), { maxLength: 20 }),
    });
    fc.assert(
      fc.property(fc.array(pairs, { maxLength: 4 }), fc.constantFrom(0.5, 0.95), (drawn, q) => {
        const strata = drawn.map(({ control, variant }) =>
          stratum({ latencies: control }, { latencies: variant }),
        );
        const bins = strata.map(({ control, variant }) => ({
          control: control.bins,
          variant: variant.bins,
        }));
        for (const tolerance of [0, 0.2, 0]) {
          const tested = sequentialQuantileTest(bins, q, tolerance);
          const epochs = tested.ok ? tested.value.strata.map(({ logEValue }) => logEValue) : [NaN];
          const expected = restartingEvidence(epochs);
          expect(quantileEvidence(strata, q, tolerance)).toBeCloseTo(expected, 9);
        }
      }),
    );
  });

  it("has a direction: what is evidence for slower is none for faster", () => {
    const { control, variant, share } = stratum(
      { latencies: latencies(2_000, 1) },
      { latencies: latencies(2_000, 1.5) },
    );
    expect(quantileEvidence([{ control, variant }], 0.95, 0.1)).toBeGreaterThan(10);
    const mirrored = { control: variant, variant: control, share };
    expect(quantileEvidence([mirrored], 0.95, 0.1)).toBeLessThan(0);
  });

  it("is none without latencies", () => {
    expect(quantileEvidence([stratum({}, {})], 0.95, 0.2)).toBeCloseTo(0, 12);
    expect(quantileEvidence([], 0.95, 0.2)).toBe(0);
  });
});
