import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ArmEvidence,
  type BanditPolicy,
  banditWeights,
  checkBanditPolicy,
  worthReweighing,
} from "../../../domain/experiments/bandit.ts";
import { layOut, ownerAt } from "../../../domain/experiments/ledger.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { normalCdf } from "../../../domain/statistics/normal.ts";
import { rankBetas } from "../../../domain/statistics/probability-best.ts";
import { bernoulli, type Random, seededRandom } from "../../../domain/statistics/random.ts";

const PERCENT = WHOLE / 100;
const policy = (changes: Partial<BanditPolicy> = {}): BanditPolicy => ({
  metric: "conversion",
  objective: "maximize",
  algorithm: "thompson",
  minimum_share: 0,
  ...changes,
});
const rate = (successes: number, trials: number): ArmEvidence => ({
  kind: "rate",
  successes,
  trials,
});
const average = (mean: number, count: number, variance: number): ArmEvidence => ({
  kind: "mean",
  count,
  mean,
  variance,
});
const total = (weights: readonly number[]) => weights.reduce((sum, units) => sum + units, 0);

const arbitraryRate = fc
  .tuple(fc.nat(1_000_000), fc.nat(1_000_000))
  .map(([a, b]) => rate(Math.min(a, b), Math.max(a, b)));
const arbitraryMean = fc
  .record({
    count: fc.oneof(fc.nat(3), fc.nat(1_000_000)),
    mean: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    variance: fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e6, noNaN: true })),
  })
  .map(({ count, mean, variance }) => average(mean, count, variance));
const arbitraryArms = fc.oneof(
  fc.array(arbitraryRate, { minLength: 2, maxLength: 20 }),
  fc.array(arbitraryMean, { minLength: 2, maxLength: 20 }),
);
const arbitraryPolicy = fc
  .record({
    objective: fc.constantFrom("maximize" as const, "minimize" as const),
    algorithm: fc.constantFrom("thompson" as const, "top_two" as const),
    minimum_share: fc.constantFrom(0, 1, PERCENT, 5 * PERCENT),
  })
  .map((drawn) => policy(drawn));

describe("weights", () => {
  it("sum to exactly the whole and give every arm its minimum share", () => {
    fc.assert(
      fc.property(arbitraryPolicy, arbitraryArms, (drawn, arms) => {
        const weights = banditWeights(drawn, arms);
        expect(weights).toHaveLength(arms.length);
        expect(total(weights)).toBe(WHOLE);
        for (const units of weights) {
          expect(Number.isSafeInteger(units)).toBe(true);
          expect(units).toBeGreaterThanOrEqual(drawn.minimum_share);
        }
      }),
    );
  });

  it("are the same for the same evidence", () => {
    fc.assert(
      fc.property(arbitraryPolicy, arbitraryArms, (drawn, arms) => {
        expect(banditWeights(drawn, arms)).toEqual(banditWeights(drawn, structuredClone(arms)));
      }),
      { numRuns: 20 },
    );
  });

  it("are the posterior probabilities to be best", () => {
    const ranking = rankBetas([
      { alpha: 51, beta: 951 },
      { alpha: 61, beta: 941 },
      { alpha: 1, beta: 1 },
    ]);
    const weights = banditWeights(policy(), [rate(50, 1000), rate(60, 1000), rate(0, 0)]);
    weights.forEach((units, arm) => {
      const share = ranking.ok ? (ranking.value.best[arm] ?? NaN) : NaN;
      expect(Math.abs(units - share * WHOLE)).toBeLessThan(2);
    });
  });

  it("are equal while nothing is known", () => {
    const third = [333_333_333_334, 333_333_333_333, 333_333_333_333];
    expect(banditWeights(policy(), [rate(0, 0), rate(0, 0), rate(0, 0)]).toSorted()).toEqual(
      third.toSorted(),
    );
    const nothing = average(0, 0, 0);
    for (const algorithm of ["thompson", "top_two"] as const)
      expect(banditWeights(policy({ algorithm }), [nothing, nothing])).toEqual([
        WHOLE / 2,
        WHOLE / 2,
      ]);
  });

  it("add the minimum share: no arm is clipped to it, and the order of the arms is kept", () => {
    const arms = [rate(100, 1000), rate(80, 1000), rate(60, 1000), rate(40, 1000)];
    const bare = banditWeights(policy(), arms);
    const floored = banditWeights(policy({ minimum_share: 5 * PERCENT }), arms);
    bare.forEach((units, arm) => {
      const expected = 5 * PERCENT + 0.8 * units;
      expect(Math.abs((floored[arm] ?? NaN) - expected)).toBeLessThan(2);
    });
  });

  it("mirror: fewest errors is most successes", () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryRate, { minLength: 2, maxLength: 8 }),
        fc.constantFrom("thompson" as const, "top_two" as const),
        (arms, algorithm) => {
          const errors = arms.map((arm) =>
            arm.kind === "rate" ? rate(arm.trials - arm.successes, arm.trials) : arm,
          );
          const most = banditWeights(policy({ algorithm }), arms);
          const fewest = banditWeights(policy({ algorithm, objective: "minimize" }), errors);
          expect(fewest).toEqual(most);
        },
      ),
    );
  });
});

describe("top two", () => {
  it("gives two arms half each, whoever leads", () => {
    const weights = banditWeights(policy({ algorithm: "top_two" }), [rate(1, 100), rate(90, 100)]);
    for (const units of weights) expect(Math.abs(units - WHOLE / 2)).toBeLessThan(100);
  });

  it("shares a decided race between the leader and the runner-up", () => {
    const arms = [rate(900, 1000), rate(500, 1000), rate(700, 1000)];
    const [leader = NaN, last = NaN, runnerUp = NaN] = banditWeights(
      policy({ algorithm: "top_two" }),
      arms,
    );
    expect(leader / WHOLE).toBeCloseTo(0.5, 9);
    expect(runnerUp / WHOLE).toBeCloseTo(0.5, 9);
    expect(last / WHOLE).toBeLessThan(1e-9);
  });

  it.each([{ objective: "minimize" as const }, { objective: "maximize" as const }])(
    "regression: $objective picks the two best of latencies, not the second and the third",
    ({ objective }) => {
      const sign = objective === "minimize" ? 1 : -1;
      const arms = [10, 10.2, 10.4, 12].map((mean) => average(sign * mean, 1000, 4));
      const weights = banditWeights(
        policy({ objective, algorithm: "top_two", minimum_share: PERCENT }),
        arms,
      );
      const [first = NaN, second = NaN, third = NaN, fourth = NaN] = weights;
      expect(first / WHOLE).toBeCloseTo(0.49, 6);
      expect(second / WHOLE).toBeGreaterThan(0.48);
      expect(third / WHOLE).toBeLessThan(0.02);
      expect(fourth).toBe(PERCENT);
    },
  );

  it("regression: minimizes with two arms as well", () => {
    const arms = [average(10, 50, 1), average(20, 50, 1)];
    const weights = banditWeights(policy({ objective: "minimize", algorithm: "top_two" }), arms);
    expect(weights).toEqual([WHOLE / 2, WHOLE / 2]);
  });
});

describe("means", () => {
  it("prefer the smaller latency when minimizing and the larger revenue when maximizing", () => {
    const arms = [average(100, 500, 400), average(105, 500, 400)];
    const [fast = NaN] = banditWeights(policy({ objective: "minimize" }), arms);
    const [, rich = NaN] = banditWeights(policy({ objective: "maximize" }), arms);
    expect(fast / WHOLE).toBeGreaterThan(0.99);
    expect(rich).toBe(fast);
  });

  it.each([
    { what: "no observation", arm: average(0, 0, 0) },
    { what: "one observation", arm: average(9, 1, 0) },
    { what: "a few equal observations", arm: average(9.8, 3, 0) },
  ])("explore an arm with $what", ({ arm }) => {
    const [known = NaN, fresh = NaN] = banditWeights(policy(), [average(10, 1000, 4), arm]);
    expect(fresh / WHOLE).toBeGreaterThan(0.2);
    expect(known).toBeGreaterThanOrEqual(fresh);
  });

  it("are not sure of an arm for two observations that happen to be close", () => {
    const [known = NaN, lucky = NaN] = banditWeights(policy(), [
      average(10, 1000, 4),
      average(10.5, 2, 1e-6),
    ]);
    // Variance (1e-6 + 4) / 2 of an observation, a prior observation at the common mean.
    expect(lucky / WHOLE).toBeCloseTo(normalCdf((0.5 * 2) / 3 / Math.sqrt(2 / 3 + 4 / 1001)), 3);
    expect(known).toBe(WHOLE - lucky);
  });

  it("have the posterior of their own observations once there are many", () => {
    const [low = NaN] = banditWeights(policy(), [average(10, 1e6, 4), average(10.005, 1e6, 9)]);
    expect(low / WHOLE).toBeCloseTo(normalCdf(-0.005 / Math.sqrt(13 / 1e6)), 5);
  });

  it("decide between arms whose observations never vary", () => {
    const [low = NaN, high = NaN] = banditWeights(policy(), [
      average(1, 1000, 0),
      average(2, 1000, 0),
    ]);
    expect(low / WHOLE).toBeLessThan(1e-6);
    expect(high / WHOLE).toBeGreaterThan(0.999);
  });

  it("take rates beside them as the means of 0s and 1s", () => {
    const zeroOne = average(0.25, 400, (0.25 * 300) / 399);
    const other = average(0.3, 400, 0.2);
    expect(banditWeights(policy(), [rate(100, 400), other])).toEqual(
      banditWeights(policy(), [zeroOne, other]),
    );
  });

  it("do not depend on the unit", () => {
    const arms = [average(10, 40, 9), average(11, 70, 4), average(9, 1, 0)];
    const scaled = [average(10_000, 40, 9e6), average(11_000, 70, 4e6), average(9_000, 1, 0)];
    const expected = banditWeights(policy(), arms);
    banditWeights(policy(), scaled).forEach((units, arm) => {
      expect(Math.abs(units - (expected[arm] ?? NaN))).toBeLessThan(100);
    });
  });
});

describe("evidence that describes no sample", () => {
  it.each([
    { what: "more successes than trials", arms: [rate(3, 2), rate(1, 2)] },
    { what: "a mean that is no number", arms: [average(NaN, 5, 1), average(1, 5, 1)] },
    { what: "a negative variance", arms: [average(1, 5, -1), average(1, 5, 1)] },
    { what: "no arm", arms: [] },
  ])("is a bug: $what", ({ arms }) => {
    expect(() => banditWeights(policy(), arms)).toThrow(RangeError);
  });
});

describe("a policy", () => {
  it("may set aside all the traffic as minimum shares, and not more", () => {
    expect(checkBanditPolicy(policy({ minimum_share: WHOLE / 4 }), 4)).toMatchObject({ ok: true });
    expect(checkBanditPolicy(policy({ minimum_share: WHOLE / 4 + 1 }), 4)).toMatchObject({
      ok: false,
      error: { pointer: "#/bandit/minimum_share" },
    });
  });

  it.each([0, 1, 21])("refuses %d arms", (arms) => {
    expect(checkBanditPolicy(policy(), arms)).toMatchObject({
      ok: false,
      error: { pointer: "#/variants" },
    });
  });
});

describe("a change of weights is put in force", () => {
  const weights = (...percents: number[]) => percents.map((percent) => percent * PERCENT);

  it("when it moves two percent of the traffic", () => {
    expect(worthReweighing(weights(50, 50), weights(52, 48))).toBe(true);
    expect(worthReweighing(weights(50, 50), weights(51.9, 48.1))).toBe(false);
    expect(worthReweighing(weights(50, 50), weights(50, 50))).toBe(false);
  });

  it("when it doubles or halves an arm's share", () => {
    expect(worthReweighing(weights(99.9, 0.1), weights(99.8, 0.2))).toBe(true);
    expect(worthReweighing(weights(99.8, 0.2), weights(99.9, 0.1))).toBe(true);
    expect(worthReweighing(weights(99.9, 0.1), weights(99.81, 0.19))).toBe(false);
    expect(worthReweighing(weights(100, 0), weights(99.9, 0.1))).toBe(true);
  });

  it("but not for shares below one request in a million", () => {
    expect(worthReweighing([WHOLE - 1, 1], [WHOLE - 900_000, 900_000])).toBe(false);
    expect(worthReweighing([WHOLE, 0], [WHOLE - 1, 1])).toBe(false);
  });
});

/** Expected regret, in successes, of assigning by the weights in force; they are asked for every `every` outcomes. */
function regretOf(random: Random, requests: number, every: number): number {
  const rates = [0.05, 0.06, 0.08];
  const counts = rates.map(() => ({ successes: 0, trials: 0 }));
  let weights = banditWeights(policy(), [rate(0, 0), rate(0, 0), rate(0, 0)]);
  let ledger = layOut(weights);
  let regret = 0;
  for (let request = 1; request <= requests; request++) {
    regret += rates.reduce((sum, of, arm) => sum + (0.08 - of) * ((weights[arm] ?? 0) / WHOLE), 0);
    const arm = ownerAt(ledger, random.integer(WHOLE));
    const count = counts[arm];
    if (!count) continue;
    count.trials += 1;
    count.successes += bernoulli(random, rates[arm] ?? 0) ? 1 : 0;
    if (request % every > 0) continue;
    const next = banditWeights(
      policy({ minimum_share: WHOLE / 1000 }),
      counts.map(({ successes, trials }) => rate(successes, trials)),
    );
    if (!worthReweighing(weights, next)) continue;
    weights = next;
    ledger = layOut(next);
  }
  return regret;
}

describe("regret", () => {
  it("is least with a look after every outcome, more every 1,000, most with fixed weights", () => {
    const [requests, seeds] = [2_000, 10];
    const meanRegret = (every: number) =>
      Array.from({ length: seeds }, (_, seed) =>
        regretOf(seededRandom(`regret ${seed}`), requests, every),
      ).reduce((sum, regret) => sum + regret / seeds, 0);
    const [outcome, delayed, equal] = [1, 1_000, Infinity].map(meanRegret);
    console.log(
      `regret in ${requests} requests at rates 0.05, 0.06, 0.08, mean of ${seeds} seeds: ` +
        `every outcome ${outcome?.toFixed(1)}, every 1000 ${delayed?.toFixed(1)}, fixed ${equal?.toFixed(1)}`,
    );
    expect(outcome).toBeLessThan(delayed ?? NaN);
    expect(delayed).toBeLessThan(equal ?? NaN);
  }, 30_000);
});
