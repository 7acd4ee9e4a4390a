import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binomialDraw } from "../../../domain/statistics/binomial-draw.ts";
import { chiSquareSf, logGamma } from "../../../domain/statistics/gamma.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";

const logChoose = (n: number, k: number) => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);

/** P(a chi-square is larger) of the draws against the binomial's own probabilities, rare values together. */
function fit(trials: number, probability: number, draws: number): number {
  const random = seededRandom(`${trials} ${probability}`);
  const counts = new Map<number, number>();
  for (let draw = 0; draw < draws; draw++) {
    const successes = binomialDraw(random, trials, probability);
    counts.set(successes, (counts.get(successes) ?? 0) + 1);
  }
  let [statistic, cells, rareExpected, rareSeen] = [0, 0, 0, 0];
  for (let k = 0; k <= trials; k++) {
    const log =
      logChoose(trials, k) + k * Math.log(probability) + (trials - k) * Math.log1p(-probability);
    const expected = draws * Math.exp(log);
    const seen = counts.get(k) ?? 0;
    if (expected < 20) {
      rareExpected += expected;
      rareSeen += seen;
      continue;
    }
    statistic += (seen - expected) ** 2 / expected;
    cells += 1;
  }
  if (rareExpected > 5) {
    statistic += (rareSeen - rareExpected) ** 2 / rareExpected;
    cells += 1;
  }
  return chiSquareSf(statistic, cells - 1);
}

describe("a binomial draw", () => {
  it.each([
    [1, 0.3],
    [10, 0.5],
    [50, 0.02],
    [200, 0.5],
    [1_000, 0.05],
    [1_000, 0.97],
    [5_000, 0.1],
  ])("of %d trials at %d follows the distribution: false alarm one in a million", (n, p) => {
    expect(fit(n, p, 30_000)).toBeGreaterThan(1e-6);
  });

  it("is a whole number from 0 to the trials, for any trials and probability", () => {
    const probability = fc.oneof(
      fc.constantFrom(0, 1, Number.MIN_VALUE, 1 - 2 ** -53),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.nat(1_000_000_000), probability, fc.nat(), (trials, drawn, seed) => {
        const successes = binomialDraw(seededRandom(seed), trials, drawn);
        expect(Number.isSafeInteger(successes)).toBe(true);
        expect(successes).toBeGreaterThanOrEqual(0);
        expect(successes).toBeLessThanOrEqual(trials);
        if (drawn === 0) expect(successes).toBe(0);
        if (drawn === 1) expect(successes).toBe(trials);
      }),
    );
  });
});
