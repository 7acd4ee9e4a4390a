import { assert, constantFrom, double, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  betaBinomialEvidence,
  proportionSequence,
} from "../../../domain/statistics/beta-binomial-sequence.ts";
import type { Proportion } from "../../../domain/statistics/proportion.ts";
import { bernoulli, seededRandom } from "../../../domain/statistics/random.ts";
import vectors from "../vectors/statistics/beta_binomial_evidence.json";

type Alternative = "larger" | "smaller";

const evidence = (sample: Proportion, nullRate: number, alternative: Alternative): number => {
  const found = betaBinomialEvidence(sample, nullRate, alternative);
  return found.ok ? found.value : NaN;
};

const sequence = (sample: Proportion): [number, number] => {
  const found = proportionSequence(sample, 0.05);
  return found.ok ? found.value : [NaN, NaN];
};

const sides = constantFrom<Alternative>("larger", "smaller");
const nullRates = double({ min: 0.001, max: 0.999, noNaN: true });

describe("betaBinomialEvidence", () => {
  it.each(vectors.cases)(
    "of $successes in $trials against $null_rate is $log_e",
    ({ null_rate, alternative, log_e, ...sample }) => {
      const found = evidence(sample, null_rate, alternative === "larger" ? "larger" : "smaller");
      const expected = Number(log_e);
      expect(Math.abs(found - expected) / Math.max(1, Math.abs(expected))).toBeLessThan(1e-10);
    },
  );

  it("is a fair bet at the null rate and a losing one further in the null", () => {
    const meanAt = (trueRate: number, nullRate: number, alternative: Alternative): number => {
      let mean = 0;
      let probability = (1 - trueRate) ** 25;
      for (let successes = 0; successes <= 25; successes++) {
        mean += probability * Math.exp(evidence({ successes, trials: 25 }, nullRate, alternative));
        probability *= (((25 - successes) / (successes + 1)) * trueRate) / (1 - trueRate);
      }
      return mean;
    };
    for (const nullRate of [0.02, 0.3, 0.95]) {
      expect(meanAt(nullRate, nullRate, "larger")).toBeCloseTo(1, 11);
      expect(meanAt(nullRate, nullRate, "smaller")).toBeCloseTo(1, 11);
      expect(meanAt(nullRate * 0.9, nullRate, "larger")).toBeLessThan(1);
      expect(meanAt(nullRate + (1 - nullRate) / 10, nullRate, "smaller")).toBeLessThan(1);
    }
  });

  it("moves towards the alternative with every trial that ends so", () => {
    assert(
      property(
        integer({ min: 0, max: 1e9 }),
        double({ min: 0, max: 1, noNaN: true }),
        nullRates,
        sides,
        (trials, share, nullRate, alternative) => {
          const successes = Math.round(trials * share);
          const now = evidence({ successes, trials }, nullRate, alternative);
          const success = evidence(
            { successes: successes + 1, trials: trials + 1 },
            nullRate,
            alternative,
          );
          const failure = evidence({ successes, trials: trials + 1 }, nullRate, alternative);
          const [towards, away] =
            alternative === "larger" ? [success, failure] : [failure, success];
          const slack = 1e-12 * Math.max(1, Math.abs(now));
          expect(towards).toBeGreaterThan(now - slack);
          expect(away).toBeLessThan(now + slack);
        },
      ),
    );
  });

  it("is the same when successes and failures change places", () => {
    assert(
      property(
        integer({ min: 0, max: 1e6 }),
        integer({ min: 0, max: 1e6 }),
        (successes, failures) => {
          const trials = successes + failures;
          const larger = evidence({ successes, trials }, 0.25, "larger");
          const smaller = evidence({ successes: failures, trials }, 0.75, "smaller");
          expect(smaller).toBe(larger);
        },
      ),
    );
  });

  it("is 0 before the first trial", () => {
    expect(evidence({ successes: 0, trials: 0 }, 0.05, "larger")).toBe(0);
  });

  it.each([
    [{ successes: 3, trials: 2 }, 0.5],
    [{ successes: NaN, trials: 2 }, 0.5],
    [{ successes: 1, trials: 2 }, 0],
    [{ successes: 1, trials: 2 }, 1],
    [{ successes: 1, trials: 2 }, NaN],
  ])("refuses %j against %d", (sample, nullRate) => {
    const refusal = { ok: false, error: { code: "invalid_sample" } };
    expect(betaBinomialEvidence(sample, nullRate, "larger")).toEqual(refusal);
  });

  it("read after every trial at the null rate is over 20 in fewer than one run of 20", () => {
    for (const [nullRate, alternative] of [
      [0.05, "larger"],
      [0.95, "smaller"],
    ] as const) {
      let alarms = 0;
      for (let run = 0; run < 1_000; run++) {
        const random = seededRandom(`${alternative} ${run}`);
        let successes = 0;
        for (let trials = 1; trials <= 500; trials++) {
          const isSuccess = bernoulli(random, nullRate);
          if (isSuccess) successes++;
          const couldRise = isSuccess === (alternative === "larger");
          if (!couldRise) continue;
          if (evidence({ successes, trials }, nullRate, alternative) < Math.log(20)) continue;
          alarms++;
          break;
        }
      }
      expect(alarms).toBeGreaterThan(0);
      expect(alarms).toBeLessThanOrEqual(50);
    }
  });
});

describe("proportionSequence", () => {
  it.each([
    // By hand: the mixture of n failures under Jeffreys' prior is B(1/2, n + 1/2) / pi, and 20 (1 - p)^n falls to it.
    { successes: 0, trials: 1, low: 0, high: 1 - 0.5 / 20 },
    { successes: 0, trials: 2, low: 0, high: 1 - Math.sqrt(0.375 / 20) },
  ])("of $successes in $trials is [$low, $high]", ({ low, high, ...sample }) => {
    expect(sequence(sample)[0]).toBeCloseTo(low, 14);
    expect(sequence(sample)[1]).toBeCloseTo(high, 14);
  });

  it("holds the observed rate, is wider than Wald's and mirrors with failures", () => {
    assert(
      property(
        integer({ min: 1, max: 1e9 }),
        double({ min: 0, max: 1, noNaN: true }),
        (trials, share) => {
          const successes = Math.round(trials * share);
          const [low, high] = sequence({ successes, trials });
          const observed = successes / trials;
          expect(low >= 0 && low <= observed && observed <= high && high <= 1).toBe(true);
          const wald = 3.92 * Math.sqrt((observed * (1 - observed)) / trials);
          expect(high - low).toBeGreaterThan(wald);
          const mirrored = sequence({ successes: trials - successes, trials });
          expect(mirrored[0]).toBeCloseTo(1 - high, 12);
          expect(mirrored[1]).toBeCloseTo(1 - low, 12);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("ever loses the true rate in fewer than one run of 20", () => {
    let lost = 0;
    for (let run = 0; run < 300; run++) {
      const random = seededRandom(`sequence ${run}`);
      let successes = 0;
      let look = 1;
      for (let trials = 1; trials <= 1_000; trials++) {
        if (bernoulli(random, 0.1)) successes++;
        if (trials < look) continue;
        look = Math.ceil(trials * 1.2);
        const [low, high] = sequence({ successes, trials });
        if (low <= 0.1 && 0.1 <= high) continue;
        lost++;
        break;
      }
    }
    expect(lost).toBeLessThanOrEqual(15);
  });

  it("refuses a sample without trials", () => {
    expect(proportionSequence({ successes: 0, trials: 0 }, 0.05)).toEqual({
      ok: false,
      error: { code: "no_observations" },
    });
  });
});
