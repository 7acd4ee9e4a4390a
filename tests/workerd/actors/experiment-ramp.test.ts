import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { weightsOf } from "../../../domain/experiments/ledger.ts";
import type { RampPlan } from "../../../domain/experiments/ramp.ts";
import { stepWeights } from "../../../domain/experiments/steward.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import {
  definitionOf,
  NOW,
  outcomesOf,
  startExperiment,
  TOLERANT,
} from "../support/experiment-actor.ts";
import { granted, refused } from "../support/granted.ts";
import { alarmOf, during } from "../support/outage.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BY = { by: "key_human" };
const step = (weight: number, changes: Partial<RampPlan["steps"][number]> = {}) => ({
  weight,
  hold_ms: MINUTE,
  minimum_outcomes: 10,
  approval: false,
  ...changes,
});

/** A running ramp to 1 %, 10 % and 50 %. */
async function startRamp(changes: Partial<RampPlan> = {}, rollback = TOLERANT) {
  const steps = [step(WHOLE / 100), step(WHOLE / 10), step(WHOLE / 2)];
  const ramp: RampPlan = { steps, on_degradation: "hold", ...changes };
  const { variants } = definitionOf();
  const weights = stepWeights({ variants, ramp }, 0);
  const started = await startExperiment({
    allocation_strategy: "ramping",
    ramp,
    weights,
    rollback,
  });
  const { experiment, record, state } = started;
  return {
    ...started,
    report: (count: number, more: object = {}) => record(outcomesOf(count, more)),
    /** Waits, in the actor's time, and lets the alarm ring. */
    wait: async (ms: number) => {
      vi.setSystemTime(Date.now() + ms);
      await runDurableObjectAlarm(experiment);
    },
    step: async () => {
      const { ramp, ledger } = await state();
      return [ramp?.step, (weightsOf(ledger, 2)[1] ?? 0) / WHOLE];
    },
    ramp: async () => (await granted(experiment.describe())).ramp,
    steer: (action: "approve" | "advance" | "reverse" | "hold" | "release", reason?: string) =>
      experiment.steerRamp(action, { ...BY, reason }),
  };
}

beforeEach(() => void vi.setSystemTime(NOW));
afterEach(() => void vi.useRealTimers());

describe("a ramp", () => {
  it("takes its next step by the alarm, when the step has had its outcomes and its time", async () => {
    const ramp = await startRamp();
    expect(await ramp.step()).toEqual([0, 0.01]);
    await ramp.report(10);
    expect(await ramp.ramp()).toMatchObject({
      action: "wait",
      waiting_for: ["time"],
      next_at: NOW + MINUTE,
    });
    expect(await alarmOf(ramp.experiment)).toBe(NOW + MINUTE);
    await ramp.wait(MINUTE - 1);
    expect(await ramp.step()).toEqual([0, 0.01]);
    await ramp.wait(1);
    expect(await ramp.step()).toEqual([1, 0.1]);
    expect(await ramp.history(2)).toMatchObject([
      {
        type: "ramp_advanced",
        by: "ramp",
        epoch: 2,
        data: { step: 1, outcomes: 10, weights: ["0.9", "0.1"], moved_fraction: "0.09" },
      },
    ]);
  });

  it("takes it with the outcome that it was waiting for, in the same turn", async () => {
    const ramp = await startRamp();
    await ramp.wait(MINUTE);
    await ramp.report(9);
    expect(await ramp.ramp()).toMatchObject({ waiting_for: ["outcomes"], next_at: null });
    expect(await ramp.step()).toEqual([0, 0.01]);
    await ramp.report(1);
    expect(await ramp.step()).toEqual([1, 0.1]);
  });

  it("does not count the control's outcomes, nor any outcome twice", async () => {
    const ramp = await startRamp();
    await ramp.wait(MINUTE);
    await ramp.report(50, { variant_id: "var_0" });
    const nine = outcomesOf(9);
    await ramp.record(nine);
    await ramp.record(nine);
    expect(await ramp.step()).toEqual([0, 0.01]);
  });

  it("begins each step with no outcomes, and stays at the last", async () => {
    const ramp = await startRamp();
    await ramp.report(25);
    await ramp.wait(MINUTE);
    await ramp.wait(MINUTE);
    expect(await ramp.step()).toEqual([1, 0.1]);
    await ramp.report(10);
    expect(await ramp.step()).toEqual([2, 0.5]);
    await ramp.report(10);
    await ramp.wait(MINUTE);
    expect(await ramp.step()).toEqual([2, 0.5]);
    expect(await ramp.ramp()).toMatchObject({ action: "complete" });
    expect(await ramp.events()).toEqual(["created", "started", "ramp_advanced", "ramp_advanced"]);
  });

  it("goes on after evictions as if there had been none", async () => {
    const ramp = await startRamp();
    await ramp.report(5);
    await ramp.evict();
    await ramp.report(5);
    await ramp.evict();
    expect(await alarmOf(ramp.experiment)).toBe(NOW + MINUTE);
    await ramp.wait(MINUTE);
    await ramp.evict();
    expect(await ramp.step()).toEqual([1, 0.1]);
    expect(await ramp.ramp()).toMatchObject({ waiting_for: ["time", "outcomes"] });
  });

  it("takes a step once, however often the alarm is delivered", async () => {
    const ramp = await startRamp();
    await ramp.report(10);
    await ramp.wait(MINUTE);
    await ramp.wait(0);
    await ramp.wait(0);
    expect(await ramp.step()).toEqual([1, 0.1]);
    expect(await ramp.events()).toEqual(["created", "started", "ramp_advanced"]);
  });

  it("takes it also while D1 is down", async () => {
    const ramp = await startRamp();
    await ramp.report(10);
    await during("D1", () => ramp.wait(MINUTE));
    expect(await ramp.step()).toEqual([1, 0.1]);
  });

  it("never moves a unit away from the canary while it grows", async () => {
    const ramp = await startRamp();
    const users = Array.from({ length: 300 }, (_, index) => `user-${index}`);
    const canaries = async () => {
      const decided = users.map((user_id) =>
        granted(ramp.experiment.decide({ request_id: "r", user_id })),
      );
      const variants = await Promise.all(decided);
      return users.filter((_, at) => variants[at]?.variant === 1);
    };
    const seen = [await canaries()];
    for (const action of ["advance", "advance"] as const) {
      await granted(ramp.steer(action));
      seen.push(await canaries());
    }
    for (const [at, before] of seen.slice(0, -1).entries())
      expect(seen[at + 1]).toEqual(expect.arrayContaining(before));
    await granted(ramp.steer("reverse"));
    expect(await canaries()).toEqual(seen[1]);
  });
});

describe("a step with approval", () => {
  const steps = [step(WHOLE / 100, { approval: true }), step(WHOLE / 2)];

  it("waits for somebody, and goes on with the approval when all else is there", async () => {
    const ramp = await startRamp({ steps });
    await ramp.report(10);
    await ramp.wait(MINUTE);
    expect(await ramp.ramp()).toMatchObject({ waiting_for: ["approval"] });
    const approved = await granted(ramp.steer("approve"));
    expect(approved.state).toMatchObject({ epoch: 2, ramp: { step: 1 } });
    expect(await ramp.history(2)).toMatchObject([
      { type: "ramp_approved", by: "key_human" },
      { type: "ramp_advanced", by: "ramp" },
    ]);
  });

  it("may be approved before", async () => {
    const ramp = await startRamp({ steps });
    await granted(ramp.steer("approve"));
    await ramp.report(10);
    await ramp.wait(MINUTE);
    expect(await ramp.step()).toEqual([1, 0.5]);
  });
});

describe("a person", () => {
  it("holds it, and nothing moves until it is released, when the step begins anew", async () => {
    const ramp = await startRamp();
    await granted(ramp.steer("hold", "waiting for the weekend"));
    await ramp.report(10);
    await ramp.wait(HOUR - 1);
    expect(await ramp.step()).toEqual([0, 0.01]);
    expect(await ramp.ramp()).toMatchObject({ action: "hold", reason: "waiting for the weekend" });
    await granted(ramp.steer("release"));
    expect((await ramp.state()).ramp).toMatchObject({
      held: null,
      entered_at: NOW + HOUR - 1,
      outcomes_at_entry: 10,
    });
    await ramp.report(10);
    await ramp.wait(MINUTE);
    expect(await ramp.step()).toEqual([1, 0.1]);
  });

  it("moves it at any time, but not beyond its ends", async () => {
    const ramp = await startRamp();
    expect(await refused(ramp.steer("reverse"))).toEqual({ code: "ramp_at_end", step: 0 });
    await granted(ramp.steer("advance"));
    await granted(ramp.steer("advance"));
    expect(await refused(ramp.steer("advance"))).toEqual({ code: "ramp_at_end", step: 2 });
    await granted(ramp.steer("reverse"));
    expect(await ramp.step()).toEqual([1, 0.1]);
    expect((await ramp.state()).quiet_until).toBe(NOW + 300_000);
  });

  it("cannot steer what is no ramp, or does not run", async () => {
    const { experiment } = await startExperiment();
    expect(await refused(experiment.steerRamp("hold", BY))).toEqual({ code: "ramp_missing" });
    const ramp = await startRamp();
    await granted(ramp.change("pause"));
    const actions = ["approve", "advance", "hold", "release"] as const;
    const refusals = await Promise.all(actions.map((action) => refused(ramp.steer(action))));
    expect(new Set(refusals.map(({ code }) => code))).toEqual(
      new Set(["experiment_transition_refused"]),
    );
  });

  it("of several who advance it at once each takes one step, or is told that it is at its end", async () => {
    const ramp = await startRamp();
    const replies = await Promise.all([1, 2, 3, 4].map(() => ramp.steer("advance")));
    expect(replies.filter(({ ok }) => ok)).toHaveLength(2);
    expect(await ramp.step()).toEqual([2, 0.5]);
  });

  it("pauses it: the step begins anew when it is resumed", async () => {
    const ramp = await startRamp();
    await ramp.report(10);
    await granted(ramp.change("pause"));
    await ramp.wait(HOUR);
    expect(await ramp.step()).toEqual([0, 0.01]);
    await granted(ramp.change("resume"));
    expect((await ramp.state()).ramp).toMatchObject({
      entered_at: NOW + HOUR,
      outcomes_at_entry: 10,
    });
  });
});

describe("a guardrail that is degraded, but not so surely that it rolls back,", () => {
  /** Four failures are evidence against 30 % errors, and six are enough of it. */
  const ERRORS = { ...TOLERANT, rule: "always_valid", error_rate_threshold: 0.3 } as const;
  const failing = { success: false };
  const degrade = async (on_degradation: RampPlan["on_degradation"], at: "first" | "second") => {
    const ramp = await startRamp({ on_degradation }, ERRORS);
    if (at === "second") await granted(ramp.steer("advance"));
    await ramp.report(4, failing);
    return ramp;
  };

  it("holds the ramp, until somebody releases it", async () => {
    const ramp = await degrade("hold", "second");
    expect(await ramp.state()).toMatchObject({ status: "running", ramp: { step: 1 } });
    expect((await ramp.state()).ramp?.held).toContain("degraded");
    expect((await ramp.events()).at(-1)).toBe("ramp_held");
  });

  it("takes the ramp back one step, once in a cool-down", async () => {
    const ramp = await degrade("reverse", "second");
    expect(await ramp.step()).toEqual([0, 0.01]);
    await ramp.report(1, failing);
    expect((await ramp.events()).filter((type) => type === "ramp_reversed")).toHaveLength(1);
  });

  it("holds the first step, before which there is none", async () => {
    const ramp = await degrade("reverse", "first");
    expect(await ramp.step()).toEqual([0, 0.01]);
    expect((await ramp.state()).ramp?.held).toContain("degraded");
  });

  it("rolls back where the plan says so", async () => {
    const ramp = await degrade("rollback", "first");
    expect(await ramp.state()).toMatchObject({ status: "rolled_back" });
    expect((await ramp.history(2)).at(-1)).toMatchObject({ type: "rolled_back", by: "ramp" });
  });

  it("does not keep a rollback from being made in the cool-down, when it becomes sure", async () => {
    const ramp = await degrade("hold", "second");
    await ramp.report(1, failing);
    expect(await ramp.state()).toMatchObject({ status: "running" });
    await ramp.report(1, failing);
    expect(await ramp.state()).toMatchObject({ status: "rolled_back" });
  });
});
