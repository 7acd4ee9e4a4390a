import { describe, expect, it } from "vitest";
import type { Cell } from "../../../domain/experiments/totals.ts";
import { asymptoticEvidence } from "../../../domain/statistics/asymptotic-confidence-sequence.ts";
import { meanEvidence } from "../../../domain/statistics/e-values.ts";
import { eventShareTest } from "../../../domain/statistics/event-share-test.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import {
  sampleOfProportion,
  stratifiedEstimate,
} from "../../../domain/statistics/stratified-difference.ts";
import { analysed, bothArms, compare, requests } from "./analysed.ts";
import { cell, epochOf } from "./plain-cells.ts";

describe("the sequential difference of a rate", () => {
  it("is exact while there is little, and asymptotic later", () => {
    const early = compare("error_rate", requests(98, 100), requests(95, 100))?.sequential;
    expect(early).toMatchObject({ method: "exact", valid_from: 1, reason: null });
    expect(early?.estimate).toBeCloseTo(0.03, 12);
    const late = compare(
      "error_rate",
      requests(9_800, 10_000),
      requests(9_500, 10_000),
    )?.sequential;
    expect(late?.method).toBe("asymptotic");
    expect(late?.estimate).toBeCloseTo(0.03, 12);
    const width = (found: typeof early): number =>
      (found?.interval?.[1] ?? NaN) - (found?.interval?.[0] ?? NaN);
    expect(width(early)).toBeGreaterThan(4 * width(late));
  });

  it("takes the mean of the exact and the asymptotic e-value", () => {
    const [few, many] = [requests(900, 1_000), requests(850, 1_000)];
    const [control, variant] = [few, many].map((counted) => cell(counted));
    const events = { share: 0.5, events_variant: 150, events_control: 100 };
    const swapped = { share: 0.5, events_variant: 100, events_control: 150 };
    const exact = [events, swapped].map((stratum) => eventShareTest([stratum], 1));
    const sample = (one: Cell | undefined) =>
      sampleOfProportion({ successes: one?.counts.errors ?? 0, trials: 1_000 });
    const estimate = stratifiedEstimate([{ control: sample(control), variant: sample(variant) }]);
    if (!estimate.ok) throw new Error(estimate.error.code);
    const mirrored = { ...estimate.value, estimate: -estimate.value.estimate };
    const all = [
      ...exact.map((test) => (test.ok ? test.value.logEValue : NaN)),
      asymptoticEvidence(estimate.value),
      asymptoticEvidence(mirrored),
    ];
    expect(compare("error_rate", few, many)?.sequential.e_value_log).toBeCloseTo(
      meanEvidence(all) ?? NaN,
      9,
    );
  });

  it("is not misled by heavy users, whose requests are more than their arm's weight", () => {
    // A fifth of the users make four requests of five, and every request fails as often.
    const cells = bothArms(requests(95, 100), requests(380, 400));
    const { results } = analysed(cells, { metric: "error_rate" }, {}, [epochOf(1, [0.8, 0.2])]);
    expect(results[0]?.sequential.p_value).toBe(1);
  });

  it("finds the first outcomes telling when they are extreme", () => {
    const sequential = compare("error_rate", requests(30, 30), requests(0, 30))?.sequential;
    expect(sequential).toMatchObject({ method: "exact", winner: "control" });
    expect(sequential?.interval?.[0]).toBeGreaterThan(0);
  });

  it("says that there is no difference once its interval excludes one of 5 %", () => {
    const [control, variant] = [requests(200_000, 400_000), requests(200_100, 400_000)];
    expect(compare("success_rate", control, variant)?.sequential).toMatchObject({
      recommended_action: "conclude_no_difference",
      winner: null,
    });
  });

  it("is looked at all the time and misleads at most alpha of the experiments, with its interval", () => {
    const runs = 400;
    let [rejected, missed, fixed] = [0, 0, 0];
    for (let run = 0; run < runs; run++) {
      const random = seededRandom(`sequential/${run}`);
      const counts = [0, 1].map(() => ({ successes: 0, of: 0 }));
      let [wasRejected, wasMissed, wasFixed] = [false, false, false];
      for (let look = 1; look <= 40; look++) {
        for (let at = 0; at < 50; at++) {
          const arm = counts[random.uniform() < 0.5 ? 0 : 1];
          if (!arm) continue;
          arm.of += 1;
          if (random.uniform() < 0.9) arm.successes += 1;
        }
        const [control, variant] = counts.map(({ successes, of }) => requests(successes, of));
        const result = compare("success_rate", control ?? {}, variant ?? {});
        const { p_value, interval } = result?.sequential ?? {};
        if ((p_value ?? 1) < 0.05) wasRejected = true;
        if (interval && (interval[0] > 0 || interval[1] < 0)) wasMissed = true;
        if (result?.is_significant) wasFixed = true;
      }
      if (wasRejected) rejected += 1;
      if (wasMissed) missed += 1;
      if (wasFixed) fixed += 1;
    }
    console.info(
      `40 looks at no difference: sequential p ${rejected / runs}, interval ${missed / runs}, fixed ${fixed / runs}`,
    );
    const atMost = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs);
    expect(rejected / runs).toBeLessThanOrEqual(atMost);
    expect(missed / runs).toBeLessThanOrEqual(atMost);
    expect(fixed / runs).toBeGreaterThan(0.1);
  }, 60_000);
});
