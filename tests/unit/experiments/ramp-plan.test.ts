import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ArmRole } from "../../../domain/experiments/arm-role.ts";
import {
  checkRampPlan,
  type RampPlan,
  type RampStep,
  rampWeights,
} from "../../../domain/experiments/ramp.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";

const PERCENT = WHOLE / 100;
const step = (percent: number, changes: Partial<RampStep> = {}): RampStep => ({
  weight: percent * PERCENT,
  hold_ms: 60_000,
  minimum_outcomes: 100,
  approval: false,
  ...changes,
});
const plan = (changes: Partial<RampPlan> = {}): RampPlan => ({
  steps: [step(1), step(5), step(25)],
  on_degradation: "hold",
  ...changes,
});
const control: ArmRole = { is_control: true, is_baseline: false };
const canary: ArmRole = { is_control: false, is_baseline: false };
const baseline: ArmRole = { is_control: false, is_baseline: true };

describe("the weights of a step", () => {
  it("give the canary its share and the control the rest, in the order of the arms", () => {
    expect(rampWeights(plan(), 1, [control, canary])).toEqual([95 * PERCENT, 5 * PERCENT]);
    expect(rampWeights(plan(), 1, [canary, control])).toEqual([5 * PERCENT, 95 * PERCENT]);
  });

  it("give a baseline as much as a canary", () => {
    expect(rampWeights(plan(), 1, [control, baseline, canary])).toEqual([
      90 * PERCENT,
      5 * PERCENT,
      5 * PERCENT,
    ]);
  });

  it("are divided by several canaries to the last unit", () => {
    const seven = plan({ steps: [{ ...step(1), weight: 7 }] });
    expect(rampWeights(seven, 0, [control, canary, canary, canary, baseline])).toEqual([
      WHOLE - 10,
      3,
      2,
      2,
      3,
    ]);
  });

  it("sum to exactly the whole and never fall for a canary, for every plan that is let pass", () => {
    const steps = fc.uniqueArray(fc.integer({ min: 1, max: WHOLE }), {
      minLength: 1,
      maxLength: 50,
    });
    const others = fc.shuffledSubarray([canary, canary, canary, canary, baseline]);
    fc.assert(
      fc.property(steps, others, (weights, rest) => {
        const arms = [control, ...rest];
        const drawn = plan({
          steps: weights.toSorted((a, b) => a - b).map((weight) => ({ ...step(1), weight })),
        });
        if (!checkRampPlan(drawn, arms).ok) return;
        let before: number[] = arms.map((_, index) => (index === 0 ? WHOLE : 0));
        drawn.steps.forEach(({ weight }, index) => {
          const now = rampWeights(drawn, index, arms);
          expect(now.reduce((sum, units) => sum + units, 0)).toBe(WHOLE);
          const canaries = now.filter((_, arm) => arms[arm] === canary);
          expect(canaries.reduce((sum, units) => sum + units, 0)).toBe(weight);
          expect(Math.max(...canaries) - Math.min(...canaries)).toBeLessThanOrEqual(1);
          now.forEach((units, arm) => {
            expect(units).toBeGreaterThanOrEqual(arm === 0 ? 0 : (before[arm] ?? NaN));
          });
          before = now;
        });
      }),
    );
  });
});

describe("checking a plan", () => {
  const pointerOf = (checked: RampPlan, arms = [control, canary]): string | null => {
    const result = checkRampPlan(checked, arms);
    return result.ok ? null : result.error.pointer;
  };

  it("lets a ramp to everything pass", () => {
    const whole = plan({ steps: [step(1), step(10), step(100)] });
    expect(checkRampPlan(whole, [control, canary])).toEqual({ ok: true, value: whole });
  });

  it.each([
    { what: "no step", steps: [], pointer: "#/ramp/steps" },
    {
      what: "51 steps",
      steps: Array.from({ length: 51 }, (_, index) => step(index + 1)),
      pointer: "#/ramp/steps",
    },
    { what: "a first weight of 0", steps: [step(0)], pointer: "#/ramp/steps/0/weight" },
    {
      what: "weights that do not grow",
      steps: [step(5), step(5)],
      pointer: "#/ramp/steps/1/weight",
    },
    { what: "a weight over 1", steps: [step(5), step(101)], pointer: "#/ramp/steps/1/weight" },
    {
      what: "part of a unit",
      steps: [{ ...step(1), weight: 1.5 }],
      pointer: "#/ramp/steps/0/weight",
    },
    {
      what: "a hold over 90 days",
      steps: [step(1, { hold_ms: 90 * 86_400_000 + 1 })],
      pointer: "#/ramp/steps/0/hold_seconds",
    },
    {
      what: "a hold before its beginning",
      steps: [step(1, { hold_ms: -1 })],
      pointer: "#/ramp/steps/0/hold_seconds",
    },
    {
      what: "fewer than no outcomes",
      steps: [step(1, { minimum_outcomes: -1 })],
      pointer: "#/ramp/steps/0/minimum_outcomes",
    },
  ])("refuses $what", ({ steps, pointer }) => {
    expect(pointerOf(plan({ steps }))).toBe(pointer);
  });

  it("refuses more than the control has: a baseline needs as much as the canary", () => {
    expect(pointerOf(plan({ steps: [step(50)] }), [control, canary, baseline])).toBeNull();
    expect(pointerOf(plan({ steps: [step(51)] }), [control, canary, baseline])).toBe(
      "#/ramp/steps/0/weight",
    );
    expect(pointerOf(plan({ steps: [step(66)] }), [control, canary, canary, baseline])).toBeNull();
  });

  it("refuses a weight that cannot be divided by the canaries", () => {
    const tiny = plan({ steps: [{ ...step(1), weight: 1 }] });
    expect(pointerOf(tiny)).toBeNull();
    expect(pointerOf(tiny, [control, canary, canary])).toBe("#/ramp/steps/0/weight");
  });

  it.each([
    { what: "no canary", arms: [control, baseline] },
    { what: "no control", arms: [canary, canary] },
    { what: "two controls", arms: [control, control, canary] },
    { what: "two baselines", arms: [control, canary, baseline, baseline] },
  ])("refuses arms with $what", ({ arms }) => {
    expect(pointerOf(plan(), arms)).toBe("#/variants");
  });
});
