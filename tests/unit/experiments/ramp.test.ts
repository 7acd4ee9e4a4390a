import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type RampCondition,
  rampDecision,
  type RampInput,
  type RampPlan,
  type RampState,
  type RampStep,
} from "../../../domain/experiments/ramp.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";

const PERCENT = WHOLE / 100;
const HOLD = 60_000;
const step = (percent: number, changes: Partial<RampStep> = {}): RampStep => ({
  weight: percent * PERCENT,
  hold_ms: HOLD,
  minimum_outcomes: 100,
  approval: false,
  ...changes,
});
const plan = (changes: Partial<RampPlan> = {}): RampPlan => ({
  steps: [step(1), step(5), step(25)],
  on_degradation: "hold",
  ...changes,
});
const entered = (changes: Partial<RampState> = {}): RampState => ({
  step: 1,
  entered_at: 1_000_000,
  outcomes_at_entry: 500,
  approved: false,
  held: null,
  ...changes,
});
/** Everything that the step asks for. */
const input = (changes: Partial<RampInput> = {}): RampInput => ({
  plan: plan(),
  state: entered(),
  now: 1_000_000 + HOLD,
  outcomes: 600,
  guardrailsGreen: true,
  srmOk: true,
  ...changes,
});

describe("a step that has all it asks for", () => {
  it("is left for the next one", () => {
    expect(rampDecision(input())).toEqual({
      action: "advance",
      next_at: null,
      reason: "step 2 of 3 has had its time and 100 outcomes",
      waiting_for: [],
      to_step: 2,
    });
  });

  it("is complete when it is the last, and stays so", () => {
    const last = input({ state: entered({ step: 2 }) });
    expect(rampDecision(last)).toMatchObject({ action: "complete", to_step: null, next_at: null });
    expect(rampDecision({ ...last, now: last.now + 1e9, outcomes: 1e6 }).action).toBe("complete");
  });
});

describe("a step waits", () => {
  it("for its time, and says when that is over", () => {
    expect(rampDecision(input({ now: 1_000_000 + HOLD - 1_500 }))).toEqual({
      action: "wait",
      next_at: 1_000_000 + HOLD,
      reason: "step 2 of 3 waits for 2 s more",
      waiting_for: ["time"],
      to_step: null,
    });
  });

  it("for its outcomes, which time alone does not bring", () => {
    expect(rampDecision(input({ outcomes: 599 }))).toMatchObject({
      action: "wait",
      next_at: null,
      reason: "step 2 of 3 waits for 1 more outcomes",
      waiting_for: ["outcomes"],
    });
    expect(rampDecision(input({ outcomes: 599, now: 0 })).next_at).toBeNull();
  });

  it("for approval where that is asked for", () => {
    const asked = plan({ steps: [step(1), step(5, { approval: true }), step(25)] });
    expect(rampDecision(input({ plan: asked }))).toMatchObject({
      action: "wait",
      waiting_for: ["approval"],
    });
    const approved = entered({ approved: true });
    expect(rampDecision(input({ plan: asked, state: approved })).action).toBe("advance");
  });

  it("while requests contradict the weights", () => {
    expect(rampDecision(input({ srmOk: false }))).toMatchObject({
      action: "wait",
      waiting_for: ["sample_ratio"],
    });
  });

  it("without traffic, however long and whatever it asks for", () => {
    const eager = plan({ steps: [step(1, { minimum_outcomes: 0, hold_ms: 0 }), step(5)] });
    const silent = input({ plan: eager, state: entered({ step: 0 }), outcomes: 500, now: 1e15 });
    expect(rampDecision(silent)).toMatchObject({ action: "wait", waiting_for: ["outcomes"] });
    expect(rampDecision({ ...silent, outcomes: 501 }).action).toBe("advance");
  });

  it("when outcomes were taken back", () => {
    expect(rampDecision(input({ outcomes: 400 }))).toMatchObject({
      action: "wait",
      reason: "step 2 of 3 waits for 100 more outcomes",
    });
  });
});

describe("a degraded guardrail", () => {
  const degraded = (on_degradation: RampPlan["on_degradation"], state = entered()) =>
    rampDecision(input({ plan: plan({ on_degradation }), state, guardrailsGreen: false }));

  it("holds the ramp", () => {
    expect(degraded("hold")).toEqual({
      action: "hold",
      next_at: null,
      reason: "a guardrail is degraded at step 2 of 3",
      waiting_for: ["guardrails"],
      to_step: null,
    });
  });

  it("goes back one step where the plan says so, and from the first one holds", () => {
    expect(degraded("reverse")).toMatchObject({ action: "reverse", to_step: 0 });
    expect(degraded("reverse", entered({ step: 0 }))).toMatchObject({
      action: "hold",
      to_step: null,
    });
  });

  it("rolls back where the plan says so", () => {
    expect(degraded("rollback")).toMatchObject({ action: "rollback", to_step: null });
  });
});

describe("a held ramp", () => {
  const held = entered({ held: "somebody looks into it" });

  it("stays where it is, whatever else is satisfied", () => {
    expect(rampDecision(input({ state: held }))).toMatchObject({
      action: "hold",
      reason: "somebody looks into it",
      to_step: null,
      next_at: null,
    });
  });

  it("does not go back either, but rolls back", () => {
    const degraded = (on_degradation: RampPlan["on_degradation"]) =>
      rampDecision(input({ state: held, plan: plan({ on_degradation }), guardrailsGreen: false }));
    expect(degraded("reverse").action).toBe("hold");
    expect(degraded("rollback").action).toBe("rollback");
  });
});

it("a state beyond the plan is a bug", () => {
  expect(() => rampDecision(input({ state: entered({ step: 3 }) }))).toThrow(RangeError);
});

const arbitraryStep = fc.record({
  weight: fc.constant(0),
  hold_ms: fc.nat(1_000),
  minimum_outcomes: fc.nat(50),
  approval: fc.boolean(),
});
const arbitraryPlan: fc.Arbitrary<RampPlan> = fc
  .record({
    steps: fc.array(arbitraryStep, { minLength: 1, maxLength: 8 }),
    on_degradation: fc.constantFrom("hold" as const, "reverse" as const, "rollback" as const),
  })
  .map(({ steps, on_degradation }) => ({
    on_degradation,
    steps: steps.map((drawn, index) => ({ ...drawn, weight: (index + 1) * 10 * PERCENT })),
  }));
const arbitraryInput: fc.Arbitrary<RampInput> = arbitraryPlan.chain((drawn) =>
  fc.record({
    plan: fc.constant(drawn),
    state: fc.record({
      step: fc.nat(drawn.steps.length - 1),
      entered_at: fc.nat(1_000),
      outcomes_at_entry: fc.nat(50),
      approved: fc.boolean(),
      held: fc.constantFrom(null, null, "held"),
    }),
    now: fc.nat(2_500),
    outcomes: fc.nat(120),
    guardrailsGreen: fc.boolean(),
    srmOk: fc.boolean(),
  }),
);

describe("every decision", () => {
  it("is the same when asked again, and changes nothing it was given", () => {
    fc.assert(
      fc.property(arbitraryInput, (drawn) => {
        const before = structuredClone(drawn);
        expect(rampDecision(drawn)).toEqual(rampDecision(before));
        expect(drawn).toEqual(before);
      }),
    );
  });

  it("goes forward only when nothing is missing", () => {
    fc.assert(
      fc.property(arbitraryInput, (drawn) => {
        const { action, waiting_for } = rampDecision(drawn);
        const { state, now, outcomes, guardrailsGreen, srmOk } = drawn;
        const here = drawn.plan.steps[state.step];
        const satisfied =
          here !== undefined &&
          now - state.entered_at >= here.hold_ms &&
          outcomes - state.outcomes_at_entry >= Math.max(1, here.minimum_outcomes) &&
          (!here.approval || state.approved) &&
          guardrailsGreen &&
          srmOk;
        expect(waiting_for.length === 0).toBe(satisfied);
        const forward = action === "advance" || action === "complete";
        expect(forward).toBe(satisfied && state.held === null);
      }),
    );
  });

  it("moves by one step at most, and stays in the plan", () => {
    fc.assert(
      fc.property(arbitraryInput, (drawn) => {
        const { action, to_step } = rampDecision(drawn);
        const by = { advance: 1, reverse: -1 }[action as string];
        expect(to_step).toBe(by === undefined ? null : drawn.state.step + by);
        if (to_step !== null) expect(drawn.plan.steps[to_step]).toBeDefined();
      }),
    );
  });

  it("names the first instant at which waiting is over, when only time is missing", () => {
    fc.assert(
      fc.property(arbitraryInput, (drawn) => {
        const { next_at, waiting_for } = rampDecision(drawn);
        if (next_at === null) return;
        expect(waiting_for).toEqual<RampCondition[]>(["time"]);
        expect(rampDecision({ ...drawn, now: next_at - 1 }).action).toBe("wait");
        expect(["advance", "complete"]).toContain(rampDecision({ ...drawn, now: next_at }).action);
      }),
    );
  });

  it("never waits for time without saying until when, unless something else is missing too", () => {
    fc.assert(
      fc.property(arbitraryInput, (drawn) => {
        const { action, next_at, waiting_for } = rampDecision(drawn);
        if (action === "wait" && waiting_for.join() === "time") expect(next_at).not.toBeNull();
      }),
    );
  });
});
