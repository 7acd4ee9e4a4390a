import { array, assert, double, integer, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  eventRatioSequence,
  eventShareTest,
  type EventStratum,
} from "../../../domain/statistics/event-share-test.ts";
import { isEvidenceAgainst } from "../../../domain/statistics/e-values.ts";
import { bernoulli, seededRandom, type Random } from "../../../domain/statistics/random.ts";
import { twoProportionZTest } from "../../../domain/statistics/two-proportion-z-test.ts";

const evidence = (strata: readonly EventStratum[], margin: number): number => {
  const test = eventShareTest(strata, margin);
  return test.ok ? test.value.logEValue : NaN;
};

const interval = (strata: readonly EventStratum[]): { low: number; high: number | null } => {
  const sequence = eventRatioSequence(strata, 0.05);
  return sequence.ok ? sequence.value : { low: NaN, high: NaN };
};

const stratum = record({
  share: double({ min: 0.001, max: 0.999, noNaN: true }),
  events_variant: integer({ min: 0, max: 10_000 }),
  events_control: integer({ min: 0, max: 10_000 }),
});

describe("eventShareTest", () => {
  it("is a fair bet: under the null an e-value has the mean 1 after any number of events", () => {
    for (const { share, margin, events } of [
      { share: 0.5, margin: 1, events: 1 },
      { share: 0.01, margin: 1.5, events: 12 },
      { share: 0.3, margin: 2, events: 40 },
    ]) {
      const q = (share * margin) / (share * margin + 1 - share);
      let mean = 0;
      let probability = (1 - q) ** events;
      for (let k = 0; k <= events; k++) {
        const strata = [{ share, events_variant: k, events_control: events - k }];
        mean += probability * Math.exp(evidence(strata, margin));
        probability *= (((events - k) / (k + 1)) * q) / (1 - q);
      }
      expect(mean).toBeCloseTo(1, 12);
    }
  });

  it("grows with the variant's events and falls with control's and with the margin", () => {
    assert(
      property(stratum, double({ min: 1, max: 20, noNaN: true }), (events, margin) => {
        const base = evidence([events], margin);
        const more = { ...events, events_variant: events.events_variant + 1 };
        const calmer = { ...events, events_control: events.events_control + 1 };
        expect(evidence([more], margin)).toBeGreaterThan(base);
        expect(evidence([calmer], margin)).toBeLessThan(base);
        if (events.events_variant + events.events_control > 0)
          expect(evidence([events], margin * 1.01)).toBeLessThanOrEqual(base);
      }),
    );
  });

  it("does not see how strata of one share were cut", () => {
    assert(
      property(
        array(stratum, { maxLength: 5 }),
        stratum,
        integer({ min: 0 }),
        (others, whole, at) => {
          const part = at % (whole.events_variant + 1);
          const cut = [
            { ...whole, events_variant: part, events_control: 0 },
            { ...whole, events_variant: whole.events_variant - part },
          ];
          const found = evidence([...cut, ...others], 1.2);
          const expected = evidence([...others, whole], 1.2);
          expect(Math.abs(found - expected)).toBeLessThan(1e-10 * Math.max(1, Math.abs(expected)));
        },
      ),
    );
  });

  it("stays finite at billions of events and tells the ratio", () => {
    const strata = [{ share: 0.5, events_variant: 2e9, events_control: 1e9 }];
    const test = eventShareTest(strata, 1);
    // The growth rate is the divergence of 2/3 from 1/2 in nats an event; the prior costs less than its smallest weight.
    const divergence = (2 / 3) * Math.log(4 / 3) + (1 / 3) * Math.log(2 / 3);
    expect(test.ok && test.value.logEValue / 3e9).toBeCloseTo(divergence, 8);
    expect(test.ok && test.value.ratio).toBeCloseTo(2, 12);
    expect(evidence([{ share: 0.5, events_variant: 0, events_control: 1e9 }], 1)).toBeLessThan(
      -1e5,
    );
  });

  it("is not buried by a long healthy run", () => {
    const healthy = { share: 0.5, events_variant: 100_000, events_control: 100_000 };
    expect(evidence([healthy], 1)).toBeGreaterThan(-10);
    const late = { share: 0.5, events_variant: 6_000, events_control: 3_000 };
    expect(isEvidenceAgainst(evidence([healthy, late], 1), 0.01)).toBe(true);
  });

  it("says nothing without events, or where only one arm had requests", () => {
    const nothing = { ok: true, value: { logEValue: 0, ratio: null } };
    expect(eventShareTest([], 1)).toEqual(nothing);
    expect(eventShareTest([{ share: 0.5, events_variant: 0, events_control: 0 }], 1)).toEqual(
      nothing,
    );
    expect(eventShareTest([{ share: 0, events_variant: 0, events_control: 9 }], 1)).toEqual(
      nothing,
    );
    expect(eventShareTest([{ share: 1, events_variant: 9, events_control: 0 }], 1)).toEqual(
      nothing,
    );
  });

  it.each([
    [{ share: 1.1, events_variant: 1, events_control: 1 }, 1],
    [{ share: NaN, events_variant: 1, events_control: 1 }, 1],
    [{ share: 0.5, events_variant: -1, events_control: 1 }, 1],
    [{ share: 0.5, events_variant: 1, events_control: Infinity }, 1],
    [{ share: 0.5, events_variant: 1, events_control: 1 }, 0],
  ])("refuses %j with the margin %d", (events, margin) => {
    const refusal = { ok: false, error: { code: "invalid_sample" } };
    expect(eventShareTest([events], margin)).toEqual(refusal);
    if (margin === 1) expect(eventRatioSequence([events], 0.05)).toEqual(refusal);
  });
});

describe("eventRatioSequence", () => {
  it("holds the observed ratio of rates between its ends, which swap with the arms", () => {
    assert(
      property(stratum, (events) => {
        const { low, high } = interval([events]);
        const { share, events_variant, events_control } = events;
        const observed = events_variant / share / (events_control / (1 - share));
        if (events_control > 0) expect(low).toBeLessThanOrEqual(observed);
        if (high !== null && events_variant > 0) expect(high).toBeGreaterThanOrEqual(observed);
        const swapped = interval([
          { share: 1 - share, events_variant: events_control, events_control: events_variant },
        ]);
        if (low > 0) expect((swapped.high ?? 0) * low).toBeCloseTo(1, 6);
        else expect(swapped.high).toBeNull();
      }),
      { numRuns: 30 },
    );
  });

  it("leaves out what the test rejects at half of alpha, and nothing else", () => {
    const strata = [{ share: 0.1, events_variant: 30, events_control: 90 }];
    const { low } = interval(strata);
    expect(low).toBeGreaterThan(1.5);
    expect(isEvidenceAgainst(evidence(strata, low * 0.999), 0.025)).toBe(true);
    expect(isEvidenceAgainst(evidence(strata, low * 1.001), 0.025)).toBe(false);
  });

  it("narrows down to a thousandth when there are billions of events", () => {
    const { low, high } = interval([{ share: 0.5, events_variant: 1e9, events_control: 1e9 }]);
    expect(low).toBeGreaterThan(0.999);
    expect(high).toBeLessThan(1.001);
  });

  it("has no ends without events", () => {
    expect(interval([])).toEqual({ low: 0, high: null });
  });
});

/** Traffic of an experiment, one request after the other. */
type Traffic = {
  random: Random;
  requests: number;
  shareAt: (request: number) => number;
  controlRateAt: (request: number) => number;
  ratio: number;
};

type Peek = { strata: EventStratum[]; canaryRequests: number; controlRequests: number };

/** Calls `peek` after every outcome until it returns true; whether it did, and how many requests the canary had by then. */
function watch(
  { random, requests, shareAt, controlRateAt, ratio }: Traffic,
  peek: (seen: Peek, isEvent: boolean) => boolean,
): { stopped: boolean; canaryRequests: number } {
  const seen: Peek = { strata: [], canaryRequests: 0, controlRequests: 0 };
  for (let request = 0; request < requests; request++) {
    const share = shareAt(request);
    let epoch = seen.strata.at(-1);
    if (epoch?.share !== share)
      seen.strata.push((epoch = { share, events_variant: 0, events_control: 0 }));
    const isCanary = bernoulli(random, share);
    if (isCanary) seen.canaryRequests++;
    else seen.controlRequests++;
    const isEvent = bernoulli(random, controlRateAt(request) * (isCanary ? ratio : 1));
    if (isEvent && isCanary) epoch.events_variant++;
    else if (isEvent) epoch.events_control++;
    if (peek(seen, isEvent)) return { stopped: true, canaryRequests: seen.canaryRequests };
  }
  return { stopped: false, canaryRequests: seen.canaryRequests };
}

const RUNS = 1_000;
const RAMP = [0.01, 0.05, 0.25, 0.5];
const ramp = (request: number): number => RAMP[Math.floor(request / 750)] ?? 0.5;
/** A bad night: errors of both arms rise from 2% to 30% and fall again. */
const drift = (request: number): number => 0.16 - 0.14 * Math.cos(request / 300);

const shareOfRuns = (name: string, run: (random: Random) => boolean): number => {
  let found = 0;
  for (let at = 0; at < RUNS; at++) if (run(seededRandom(`${name} ${at}`))) found++;
  return found / RUNS;
};

describe("a canary that is watched after every outcome", () => {
  it.each([
    { ratio: 1, margin: 1 },
    { ratio: 1.3, margin: 1.3 },
  ])(
    "with $ratio times the errors is at most once in 20 found above $margin times, through a ramp and a drift",
    ({ ratio, margin }) => {
      const falseAlarms = shareOfRuns(`null ${margin}`, (random) => {
        const traffic = { random, requests: 3_000, shareAt: ramp, controlRateAt: drift, ratio };
        return watch(traffic, ({ strata }, isEvent) =>
          isEvent ? isEvidenceAgainst(evidence(strata, margin), 0.05) : false,
        ).stopped;
      });
      console.log(`event share test, margin ${margin}: ${falseAlarms} false alarms at alpha 0.05`);
      expect(falseAlarms).toBeLessThanOrEqual(0.05);
    },
  );

  it("raises false alarms more than once in five when a z test is read instead", () => {
    const falseAlarms = shareOfRuns("naive", (random) => {
      const controlRateAt = (): number => 0.1;
      const shareAt = (): number => 0.5;
      const traffic = { random, requests: 3_000, shareAt, controlRateAt, ratio: 1 };
      return watch(traffic, ({ strata, canaryRequests, controlRequests }) => {
        const [epoch] = strata;
        if (!epoch || Math.min(canaryRequests, controlRequests) < 30) return false;
        const test = twoProportionZTest(
          { successes: epoch.events_control, trials: controlRequests },
          { successes: epoch.events_variant, trials: canaryRequests },
          "larger",
        );
        return test.ok && test.value.pValue < 0.05;
      }).stopped;
    });
    console.log(`z test read after every outcome: ${falseAlarms} false alarms at alpha 0.05`);
    expect(falseAlarms).toBeGreaterThan(0.2);
  });

  it.each([
    { share: 0.5, atMost: 450 },
    { share: 0.1, atMost: 300 },
    { share: 0.01, atMost: 280 },
  ])("with 10% errors instead of 5% is found at a share of $share", ({ share, atMost }) => {
    const runs = Array.from({ length: 200 }, (_, at) =>
      watch(
        {
          random: seededRandom(`power ${share} ${at}`),
          requests: 2_000 / share,
          shareAt: () => share,
          controlRateAt: () => 0.05,
          ratio: 2,
        },
        ({ strata }, isEvent) => (isEvent ? isEvidenceAgainst(evidence(strata, 1), 0.05) : false),
      ),
    );
    const needed = runs.map(({ canaryRequests }) => canaryRequests).toSorted((a, b) => a - b);
    const found = runs.filter(({ stopped }) => stopped).length;
    console.log(
      `5% -> 10% errors at share ${share}: ${found} of 200 found, canary requests p10 ${needed[20]}, median ${needed[100]}, p90 ${needed[180]}`,
    );
    expect(found).toBeGreaterThan(190);
    expect(needed[100]).toBeLessThan(atMost);
  });
});
