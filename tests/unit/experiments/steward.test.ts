import { describe, expect, it } from "vitest";
import type { ExperimentDefinition } from "../../../domain/experiments/experiment.ts";
import { advance, draftOf, type StateEvent } from "../../../domain/experiments/lifecycle.ts";
import { canaryTotals, nextStep } from "../../../domain/experiments/steward.ts";
import { type Counted, definition, rollbackPolicy, variantsOf } from "./plain-cells.ts";
import {
  after,
  evidence,
  failing,
  healthy,
  rampOf,
  running,
  SECOND,
  START,
  started,
  untilIdle,
} from "./stewarded.ts";

describe("a running experiment in which nothing is wrong", () => {
  it("is left alone until it has been silent for too long", () => {
    const defined = definition();
    const state = running(defined);
    const step = nextStep(defined, state, evidence(state, healthy), START + SECOND);
    expect(step).toMatchObject({ event: null, ramp: null, next_at: START + 3_600 * SECOND });
    expect(step.guard.breach).toBeNull();
    expect(step.sample_ratio.mismatch).toBe(false);
  });

  it("does nothing by itself in any other status", () => {
    const defined = definition({ budget: { max_requests: 1, max_errors: 1 } });
    for (const state of [
      draftOf(defined),
      after(defined, started, { type: "paused", at: START, data: {} }),
      after(defined, started, { type: "rolled_back", at: START, data: {} }),
    ])
      expect(
        nextStep(defined, state, evidence(state, failing, { canary_requests: 9 }), START * 10),
      ).toMatchObject({ event: null, next_at: null });
  });
});

describe("harm", () => {
  it("rolls back, with all the evidence, and once", () => {
    const defined = definition();
    const state = running(defined);
    const { event } = nextStep(defined, state, evidence(state, failing), START + SECOND);
    expect(event).toMatchObject({ type: "rolled_back", at: START + SECOND, by: "guardrail" });
    expect(event?.data).toMatchObject({
      reason: expect.stringMatching(
        /^canary: error rate 40\.0 % \(control 1\.0 %\) is surely over/,
      ),
      variant_id: "canary",
      guardrail: "error_rate",
      value: 0.4,
      rule: "always_valid",
      requests: 200,
      log_threshold: Math.log(20),
      rule_version: 1,
    });
    const { taken } = untilIdle(defined, state, evidence(state, failing), START + SECOND);
    expect(taken).toEqual(["guardrail: rolled_back"]);
  });

  it("comes before budgets, silence, ramps and bandits", () => {
    const defined = definition({
      ramp: rampOf(),
      budget: { max_requests: 10, max_errors: 10 },
      rollback: rollbackPolicy({ no_data: { after_seconds: 1, action: "pause" } }),
    });
    const state = running(defined);
    const seen = evidence(state, failing, { canary_requests: 10 });
    const { event } = nextStep(defined, state, seen, START + 3_600 * SECOND);
    expect(event).toMatchObject({ type: "rolled_back", by: "guardrail" });
  });
});

describe("where a rollback takes approval, harm", () => {
  const defined = definition({ rollback: rollbackPolicy({ mode: "approval" }) });
  const state = running(defined);

  it("is proposed, and not again while the proposal waits", () => {
    const { taken, state: proposed } = untilIdle(defined, state, evidence(state, failing), START);
    expect(taken).toEqual(["guardrail: rollback_proposed"]);
    expect(proposed).toMatchObject({ status: "running", proposal: { at: START } });
    expect(proposed.proposal?.reason).toMatch(/^canary: error rate/);
  });

  it("is proposed again when the cool-down of a dismissal is over, at the instant that was told", () => {
    const proposal: StateEvent = { type: "rollback_proposed", at: START, data: { reason: "so" } };
    const dismissal: StateEvent = { type: "rollback_dismissed", at: START, data: {} };
    const dismissed = after(defined, started, proposal, dismissal);
    const quiet = nextStep(defined, dismissed, evidence(state, failing), START + 299 * SECOND);
    expect(quiet).toMatchObject({ event: null, next_at: START + 300 * SECOND });
    const due = quiet.next_at ?? NaN;
    const again = nextStep(defined, dismissed, evidence(state, failing), due);
    expect(again.event).toMatchObject({ type: "rollback_proposed", at: due });
  });

  it("is still limited by the budget of errors", () => {
    const limited = { ...defined, budget: { max_requests: null, max_errors: 80 } };
    const state = after(limited, started, {
      type: "rollback_proposed",
      at: START,
      data: { reason: "so" },
    });
    const { event } = nextStep(limited, state, evidence(state, failing), START);
    expect(event).toMatchObject({ type: "rolled_back", by: "budget" });
  });
});

describe("a budget", () => {
  const limited = (max_requests: number | null, max_errors: number | null) => {
    const defined = definition({ budget: { max_requests, max_errors } });
    return { defined, state: running(defined) };
  };
  const errors = (count: number): Counted[] => [
    { requests: 10_000, errors: 100 },
    { requests: 10_000, errors: count },
  ];

  it("of errors rolls back at the last one", () => {
    const { defined, state } = limited(null, 100);
    const stepAt = (count: number) =>
      nextStep(defined, state, evidence(state, errors(count)), START);
    expect(stepAt(99).event).toBeNull();
    expect(stepAt(100).event).toMatchObject({
      type: "rolled_back",
      by: "budget",
      data: { errors: 100, max_errors: 100, rule_version: 1 },
    });
  });

  it("of errors is of all canaries together, and neither of control nor baseline", () => {
    const variants = variantsOf(["control", "baseline", "a", "b"]);
    const { defined, state } = {
      defined: { ...limited(null, 100).defined, variants },
      state: limited(null, 100).state,
    };
    const arms = (a: number, b: number): Counted[] =>
      [500, 500, a, b].map((errors) => ({ requests: 50_000, errors }));
    const seen = (a: number, b: number) => evidence(state, arms(a, b));
    expect(nextStep(defined, state, seen(50, 49), START).event).toBeNull();
    expect(nextStep(defined, state, seen(50, 50), START).event).toMatchObject({ by: "budget" });
    expect(canaryTotals(defined, seen(50, 49).cells).counts).toMatchObject({
      requests: 100_000,
      errors: 99,
    });
  });

  it("of requests pauses when all are spent and no isolate holds any", () => {
    const { defined, state } = limited(500, null);
    const stepAt = (canary_requests: number, grants_outstanding: boolean) =>
      nextStep(
        defined,
        state,
        evidence(state, healthy, { canary_requests, grants_outstanding }),
        START,
      ).event;
    expect(stepAt(499, false)).toBeNull();
    expect(stepAt(500, true)).toBeNull();
    expect(stepAt(500, false)).toMatchObject({
      type: "paused",
      by: "budget",
      data: { canary_requests: 500, max_requests: 500 },
    });
  });

  it("that was raised lets it go on", () => {
    const { defined, state } = limited(500, null);
    const seen = evidence(state, healthy, { canary_requests: 500 });
    const { taken, state: paused } = untilIdle(defined, state, seen, START);
    expect(taken).toEqual(["budget: paused"]);
    const raised: StateEvent[] = [
      { type: "budget_changed", at: START, data: { max_requests: 600, max_errors: null } },
      { type: "resumed", at: START, data: { outcomes: 200 } },
    ];
    const again = raised.reduce((state, event) => {
      const next = advance(defined, state, event);
      return next.ok ? next.value : state;
    }, paused);
    expect(again.status).toBe("running");
    expect(nextStep(defined, again, seen, START).event).toBeNull();
  });
});

describe("silence of the canaries", () => {
  const silent = (
    action: "hold" | "pause" | "rollback",
    changes: Partial<ExperimentDefinition> = {},
  ) => {
    const no_data = { after_seconds: 60, action };
    const defined = definition({ rollback: rollbackPolicy({ no_data }), ...changes });
    return { defined, state: running(defined) };
  };
  const DUE = START + 60 * SECOND;

  it.each([
    ["pause", "paused"],
    ["rollback", "rolled_back"],
  ] as const)("%ss it, as planned, at the instant that was told", (action, type) => {
    const { defined, state } = silent(action);
    const before = nextStep(defined, state, evidence(state), DUE - 1);
    expect(before).toMatchObject({ event: null, next_at: DUE });
    expect(untilIdle(defined, state, evidence(state), DUE).taken).toEqual([`no_data: ${type}`]);
  });

  it("is counted from the last outcome, or from the last change where that is later", () => {
    const { defined, state } = silent("pause");
    const heard = evidence(state, [], { last_canary_outcome: START + 30 * SECOND });
    expect(nextStep(defined, state, heard, DUE).next_at).toBe(DUE + 30 * SECOND);
    const never = evidence(state, [], { last_canary_outcome: null });
    expect(nextStep(defined, state, never, DUE - 1).next_at).toBe(DUE);
  });

  it("holds a ramp once, and without a ramp only waits", () => {
    const ramped = silent("hold", { ramp: rampOf() });
    const held = untilIdle(ramped.defined, ramped.state, evidence(ramped.state), DUE);
    expect(held.taken).toEqual(["no_data: ramp_held"]);
    expect(held.state.ramp?.held).toBe("no outcome of a canary for 60 s");
    const later = DUE + 1_000 * SECOND;
    expect(untilIdle(ramped.defined, held.state, evidence(held.state), later).taken).toEqual([]);
    const plain = silent("hold");
    expect(nextStep(plain.defined, plain.state, evidence(plain.state), DUE).event).toBeNull();
  });
});

it("asked again with the same evidence, answers the same and changes nothing", () => {
  const defined = definition({ ramp: rampOf("reverse") });
  const state = running(defined);
  const seen = evidence(state, healthy);
  const copies = structuredClone({ defined, state, seen });
  const first = nextStep(defined, state, seen, START + 61 * SECOND);
  expect(nextStep(defined, state, seen, START + 61 * SECOND)).toEqual(first);
  expect({ defined, state, seen }).toEqual(copies);
});
