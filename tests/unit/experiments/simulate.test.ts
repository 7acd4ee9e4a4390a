import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  simulateExperiment,
  type Simulation,
  type SimulationPlan,
} from "../../../domain/experiments/simulate.ts";

const plan = (changes: Partial<SimulationPlan> = {}): SimulationPlan => ({
  control_rate: 0.05,
  variant_rate: 0.05,
  harm: "higher",
  requests_per_second: 50,
  steps: [{ share: 0.1, hold_seconds: 1e9, minimum_outcomes: 0 }],
  rule: { alpha: 0.05, margin: 1.1 },
  replications: 200,
  horizon_requests: 100_000,
  seed: "simulate",
  ...changes,
});
function simulated(changes: Partial<SimulationPlan> = {}): Simulation {
  const simulation = simulateExperiment(plan(changes));
  if (!simulation.ok) throw new Error(JSON.stringify(simulation.error));
  return simulation.value;
}

describe("a simulated canary", () => {
  it("that is harmless is seldom rolled back: at most alpha, here with 5 standard errors to spare", () => {
    const atMargin = simulated({ variant_rate: 0.055 });
    expect(atMargin.rolled_back).toBeLessThanOrEqual(0.05 + 5 * Math.sqrt((0.05 * 0.95) / 200));
    expect(atMargin.undecided).toBe(1 - atMargin.rolled_back);
    expect(simulated().rolled_back).toBeLessThanOrEqual(atMargin.rolled_back);
    expect(simulated().canary.harmed_requests).toBe(0);
  });

  it("that doubles the errors is found, after some hundred of its requests", () => {
    const { rolled_back, to_rollback, canary } = simulated({ variant_rate: 0.1 });
    expect(rolled_back).toBe(1);
    const { p10, p50, p90 } = to_rollback.canary_requests;
    expect(p50).toBeGreaterThan(50);
    expect(p50).toBeLessThan(1_000);
    expect(p10).toBeLessThan(p50 ?? NaN);
    expect(p90).toBeGreaterThan(p50 ?? NaN);
    // A tenth of the requests, 50 of them a second.
    expect((to_rollback.requests.p50 ?? NaN) / 50).toBeCloseTo(to_rollback.seconds.p50 ?? NaN, 9);
    expect(canary.harmed_requests).toBeCloseTo(canary.requests * 0.05, 9);
    expect(canary.events / canary.requests).toBeGreaterThan(0.08);
  });

  it("is found after about as many of its requests, and later, with a smaller share", () => {
    const small = [{ share: 0.01, hold_seconds: 1e9, minimum_outcomes: 0 }];
    const [slow, fast] = [{ steps: small }, {}].map((steps) =>
      simulated({ variant_rate: 0.15, ...steps }),
    );
    const ratio =
      (slow?.to_rollback.canary_requests.p50 ?? NaN) /
      (fast?.to_rollback.canary_requests.p50 ?? NaN);
    expect(ratio).toBeGreaterThan(0.4);
    expect(ratio).toBeLessThan(2.5);
    expect(slow?.to_rollback.seconds.p50).toBeGreaterThan(
      3 * (fast?.to_rollback.seconds.p50 ?? NaN),
    );
  });

  it("that loses half the conversions is found when lower is worse, and only then", () => {
    const losing = { control_rate: 0.1, variant_rate: 0.05 };
    const found = simulated({ ...losing, harm: "lower" });
    expect(found.rolled_back).toBe(1);
    expect(found.canary.harmed_requests).toBeCloseTo(found.canary.requests * 0.05, 9);
    expect(simulated({ ...losing, harm: "higher" }).rolled_back).toBeLessThan(0.05);
  });

  it("that converts as it may is seldom rolled back when lower is worse", () => {
    const atMargin = simulated({ control_rate: 0.055, variant_rate: 0.05, harm: "lower" });
    expect(atMargin.rolled_back).toBeLessThanOrEqual(0.05 + 5 * Math.sqrt((0.05 * 0.95) / 200));
  });

  it("that not every replication finds in time has no late quantiles", () => {
    const { rolled_back, to_rollback } = simulated({ variant_rate: 0.1, horizon_requests: 4_000 });
    expect(rolled_back).toBeGreaterThan(0.5);
    expect(rolled_back).toBeLessThan(0.9);
    expect(to_rollback.requests.p50).not.toBeNull();
    expect(to_rollback.requests.p90).toBeNull();
  });

  it("that has no events cannot be judged", () => {
    const { undecided, to_rollback } = simulated({ control_rate: 0, variant_rate: 0 });
    expect(undecided).toBe(1);
    expect(to_rollback.seconds).toEqual({ p10: null, p50: null, p90: null });
  });

  it("that always fails beside a control that never does is found at once", () => {
    const { rolled_back, to_rollback } = simulated({ control_rate: 0, variant_rate: 1 });
    expect(rolled_back).toBe(1);
    expect(to_rollback.canary_requests.p90).toBeLessThan(10);
  });
});

describe("a simulated ramp", () => {
  const steps = [0.01, 0.05, 0.25, 0.5].map((share) => ({
    share,
    hold_seconds: 300,
    minimum_outcomes: 100,
  }));

  it("is completed by a harmless canary", () => {
    const { completed, rolled_back, undecided, canary } = simulated({ steps });
    expect(completed).toBeGreaterThan(0.95);
    expect(completed + rolled_back + undecided).toBeCloseTo(1, 12);
    // 15,000 requests a step, of which 81% in all are the canary's.
    expect(canary.requests).toBeGreaterThan(0.97 * 15_000 * 0.81 * completed);
    expect(canary.requests).toBeLessThan(1.01 * 15_000 * 0.81);
  });

  it("shows less of a harmful canary than half of the traffic does", () => {
    const half = [{ share: 0.5, hold_seconds: 1e9, minimum_outcomes: 0 }];
    const ramped = simulated({ steps, variant_rate: 0.1 });
    const halved = simulated({ steps: half, variant_rate: 0.1 });
    expect(ramped.rolled_back).toBe(1);
    expect(ramped.canary.harmed_requests).toBeLessThan(halved.canary.harmed_requests);
  });

  it("waits for the outcomes of its steps, or until the horizon", () => {
    const waiting = [{ share: 0.1, hold_seconds: 0, minimum_outcomes: 500 }];
    const waited = simulated({ steps: waiting, control_rate: 0.05 });
    expect(waited.completed).toBeGreaterThan(0.9);
    expect(waited.canary.requests).toBeGreaterThan(450);
    expect(simulated({ steps: waiting, horizon_requests: 1_000 }).completed).toBe(0);
  });
});

it("gives the same answer for the same seed, and another one for another", () => {
  const small = { replications: 20, horizon_requests: 5_000, variant_rate: 0.1 };
  expect(simulated(small)).toEqual(simulated(small));
  expect(simulated(small)).not.toEqual(simulated({ ...small, seed: "another" }));
});

it("answers nothing but finite numbers, whatever is planned", () => {
  const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });
  const rate = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      rate,
      rate,
      fc.array(share, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 3_000 }),
      (control_rate, variant_rate, shares, horizon_requests) => {
        const { rolled_back, completed, undecided, canary } = simulated({
          control_rate,
          variant_rate,
          horizon_requests,
          replications: 3,
          steps: shares.map((drawn) => ({ share: drawn, hold_seconds: 20, minimum_outcomes: 10 })),
        });
        expect(rolled_back + completed + undecided).toBeCloseTo(1, 12);
        expect(canary.requests).toBeLessThanOrEqual(horizon_requests);
        expect(canary.events).toBeLessThanOrEqual(canary.requests);
        expect(Object.values(canary).every(Number.isFinite)).toBe(true);
      },
    ),
    { numRuns: 50 },
  );
});

describe("a plan that cannot be simulated", () => {
  const step = { share: 0.1, hold_seconds: 1, minimum_outcomes: 0 };
  it.each<{ pointer: string; changes: Partial<SimulationPlan> }>([
    { pointer: "#/control_rate", changes: { control_rate: 1.1 } },
    { pointer: "#/variant_rate", changes: { variant_rate: NaN } },
    { pointer: "#/requests_per_second", changes: { requests_per_second: 0 } },
    { pointer: "#/rule/alpha", changes: { rule: { alpha: 1, margin: 1 } } },
    { pointer: "#/rule/margin", changes: { rule: { alpha: 0.05, margin: 0.9 } } },
    { pointer: "#/replications", changes: { replications: 0 } },
    { pointer: "#/horizon_requests", changes: { horizon_requests: 1.5 } },
    { pointer: "#/steps", changes: { steps: [] } },
    { pointer: "#/steps/1/weight", changes: { steps: [step, { ...step, share: 1.5 }] } },
    { pointer: "#/steps/0/hold_seconds", changes: { steps: [{ ...step, hold_seconds: -1 }] } },
    {
      pointer: "#/steps/0/minimum_outcomes",
      changes: { steps: [{ ...step, minimum_outcomes: 0.5 }] },
    },
  ])("is refused at $pointer", ({ pointer, changes }) => {
    expect(simulateExperiment(plan(changes))).toMatchObject({
      ok: false,
      error: { code: "invalid_parameter", pointer },
    });
  });
});
