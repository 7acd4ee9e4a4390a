import { describe, expect, it } from "vitest";
import type {
  ExperimentDefinition,
  ExperimentState,
} from "../../../domain/experiments/experiment.ts";
import { weightsOf } from "../../../domain/experiments/ledger.ts";
import type { StateEvent } from "../../../domain/experiments/lifecycle.ts";
import { nextStep, stepWeights } from "../../../domain/experiments/steward.ts";
import type { Cell } from "../../../domain/experiments/totals.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { cell, type Counted, definition } from "./plain-cells.ts";
import {
  after,
  evidence,
  PERCENT,
  rampOf,
  running,
  SECOND,
  START,
  started,
  untilIdle,
  zeroOne,
} from "./stewarded.ts";

describe("a ramp", () => {
  const NEXT = START + 60 * SECOND;
  const ramped = (
    on_degradation: Parameters<typeof rampOf>[0],
    changes: Partial<ExperimentDefinition> = {},
  ) => {
    const defined = definition({ ramp: rampOf(on_degradation), ...changes });
    const begun = running(defined);
    // A ramp's first step is what its experiment starts with.
    const reweighed: StateEvent = {
      type: "reweighed",
      at: START,
      data: { weights: ["0.99", "0.01"], moved_fraction: "0.49", cause: "asked" },
    };
    const state = after(defined, started, reweighed);
    expect(begun.ramp?.step).toBe(0);
    return { defined, state };
  };
  const served = (canary: number, errors = 0): Counted[] => [
    { requests: canary * 99, errors: 0 },
    { requests: canary, errors },
  ];
  const heard = (state: ExperimentState, arms: Counted[]) =>
    evidence(state, arms, { last_canary_outcome: NEXT });

  it("goes on when its step has had its time and its outcomes, one step at a time", () => {
    const { defined, state } = ramped("hold");
    const waiting = nextStep(defined, state, heard(state, served(100)), NEXT - 1);
    expect(waiting).toMatchObject({ event: null, next_at: NEXT });
    expect(waiting.ramp).toMatchObject({ action: "wait", waiting_for: ["time"] });
    const { taken, state: next } = untilIdle(defined, state, heard(state, served(100)), NEXT);
    expect(taken).toEqual(["ramp: ramp_advanced"]);
    expect(next.ramp).toMatchObject({ step: 1, entered_at: NEXT, outcomes_at_entry: 100 });
    expect(weightsOf(next.ledger, 2)).toEqual(stepWeights(defined, 1));
    expect(stepWeights(defined, 1)).toEqual([90 * PERCENT, 10 * PERCENT]);
  });

  it("waits for outcomes, for which there is no telling when", () => {
    const { defined, state } = ramped("hold");
    const step = nextStep(defined, state, heard(state, served(99)), NEXT);
    expect(step.event).toBeNull();
    expect(step.ramp).toMatchObject({ action: "wait", waiting_for: ["outcomes"], next_at: null });
  });

  it("is not stopped by a canary that only looks a little worse", () => {
    const { defined, state } = ramped("hold");
    const noise = [
      { requests: 9_900, errors: 99 },
      { requests: 100, errors: 2 },
    ];
    expect(nextStep(defined, state, heard(state, noise), NEXT).event).toMatchObject({
      type: "ramp_advanced",
    });
  });

  const suspect: Counted[] = [
    { requests: 99_000, errors: 990 },
    { requests: 1_000, errors: 22 },
  ];
  it.each([
    ["hold", "ramp_held"],
    ["reverse", "ramp_held"],
    ["rollback", "rolled_back"],
  ] as const)("does as planned (%s) in its first step when harm is likely", (plan, type) => {
    const { defined, state } = ramped(plan);
    const { taken } = untilIdle(defined, state, heard(state, suspect), NEXT);
    expect(taken).toEqual([`ramp: ${type}`]);
  });

  it("goes back a step when so planned, and then leaves it for the cool-down", () => {
    const { defined, state } = ramped("reverse");
    const stepped = untilIdle(defined, state, heard(state, served(100)), NEXT).state;
    const cells: Cell[] = [
      cell({ epoch: stepped.epoch, variant: 0, requests: 90_000, errors: 900 }),
      cell({ epoch: stepped.epoch, variant: 1, requests: 10_000, errors: 148 }),
    ];
    const seen = { ...heard(stepped, []), cells };
    const { taken, state: reversed, last } = untilIdle(defined, stepped, seen, NEXT + SECOND);
    expect(taken).toEqual(["ramp: ramp_reversed"]);
    expect(reversed.ramp?.step).toBe(0);
    expect(weightsOf(reversed.ledger, 2)).toEqual(stepWeights(defined, 0));
    expect(last.next_at).toBe(NEXT + SECOND + 300 * SECOND);
  });

  it("that is held in its cool-down is still rolled back when harm is sure", () => {
    const { defined, state } = ramped("hold");
    const held = untilIdle(defined, state, heard(state, suspect), NEXT).state;
    expect(held.ramp?.held).toMatch(/degraded/);
    expect(held.quiet_until).toBeGreaterThan(NEXT + SECOND);
    const sure = [
      { requests: 99_000, errors: 990 },
      { requests: 1_200, errors: 160 },
    ];
    const { taken } = untilIdle(defined, held, heard(held, sure), NEXT + SECOND);
    expect(taken).toEqual(["guardrail: rolled_back"]);
  });

  it("is stopped by requests that contradict the weights", () => {
    const { defined, state } = ramped("hold");
    const astray: Counted[] = [{ requests: 9_000 }, { requests: 1_000 }];
    const step = nextStep(defined, state, heard(state, astray), NEXT);
    expect(step.sample_ratio.mismatch).toBe(true);
    expect(step.event).toBeNull();
    expect(step.ramp?.waiting_for).toEqual(["sample_ratio"]);
  });

  it("has no weights without a plan", () => {
    expect(() => stepWeights(definition(), 0)).toThrow("only a ramp has steps");
  });
});

describe("a bandit", () => {
  const bandit = {
    metric: "conversion_rate",
    objective: "maximize",
    algorithm: "thompson",
    minimum_share: PERCENT,
  } as const;
  const defined = definition({ allocation_strategy: "mab", bandit });
  const state = running(defined);
  const converted = (control: number, canary: number): Counted[] =>
    [control, canary].map((ones) => ({
      requests: 500,
      metrics: { conversion: zeroOne(ones, 500) },
    }));

  it("gives more to the better arm, once, and says on what evidence", () => {
    const seen = evidence(state, converted(50, 90));
    const { event } = nextStep(defined, state, seen, START);
    expect(event).toMatchObject({ type: "reweighed", by: "bandit" });
    expect(event?.data).toMatchObject({
      cause: "bandit",
      arms: [
        { kind: "rate", successes: 50, trials: 500 },
        { kind: "rate", successes: 90, trials: 500 },
      ],
    });
    const { taken, state: next } = untilIdle(defined, state, seen, START);
    expect(taken).toEqual(["bandit: reweighed"]);
    const [control, canary] = weightsOf(next.ledger, 2);
    expect(canary).toBeGreaterThan(0.9 * WHOLE);
    expect(control).toBeGreaterThanOrEqual(PERCENT);
  });

  it("does nothing about a difference that is not worth an epoch", () => {
    expect(nextStep(defined, state, evidence(state), START).event).toBeNull();
    expect(nextStep(defined, state, evidence(state, converted(50, 50)), START).event).toBeNull();
  });

  it("on a quantile of latency follows the mean latency", () => {
    const policy = { ...bandit, metric: "latency_p95_ms", objective: "minimize" } as const;
    const latencies = (centre: number): Counted => ({
      requests: 100,
      latencies: Array.from({ length: 100 }, (_, at) => centre + (at % 10)),
    });
    const seen = evidence(state, [latencies(100), latencies(90)]);
    const { state: next } = untilIdle({ ...defined, bandit: policy }, state, seen, START);
    expect(weightsOf(next.ledger, 2)[1]).toBeGreaterThan(0.9 * WHOLE);
  });
});
