import { fail, ok, type Result } from "../result.ts";
import { apportion } from "./apportion.ts";
import { type ArmRole, isCanary } from "./arm-role.ts";
import { formatWeight, WHOLE } from "./weight.ts";

export type RampStep = {
  /** The canary's share, as units of 10^-12; several canaries divide it. */
  weight: number;
  hold_ms: number;
  /** Outcomes of the canaries since the step was entered. One is needed even where this is 0. */
  minimum_outcomes: number;
  approval: boolean;
};

export type RampPlan = { steps: RampStep[]; on_degradation: "hold" | "reverse" | "rollback" };

export type RampState = {
  step: number;
  /** Milliseconds. */
  entered_at: number;
  outcomes_at_entry: number;
  approved: boolean;
  /** Why it does not go on, for people; the ramp stays at its step until this is null again. */
  held: string | null;
};

export type RampCondition = "time" | "outcomes" | "approval" | "guardrails" | "sample_ratio";

export type RampDecision = {
  action: "advance" | "wait" | "hold" | "reverse" | "rollback" | "complete";
  /** When time alone could change the answer. */
  next_at: number | null;
  reason: string;
  waiting_for: RampCondition[];
  /** Where `advance` and `reverse` go. */
  to_step: number | null;
};

export type RampInput = {
  plan: RampPlan;
  state: RampState;
  now: number;
  /** Known outcomes of the canaries since the experiment began. */
  outcomes: number;
  /** False when a guardrail is worse than it may be, although not yet so surely that it rolls back. */
  guardrailsGreen: boolean;
  /** False when the arms' requests contradict the weights. */
  srmOk: boolean;
};

/**
 * What a ramp does now. A step is left for the next one when it has held for its time, has had its outcomes, is approved
 * where that is asked for, and neither a guardrail nor the sample ratio speaks against it. Without outcomes it waits: no
 * traffic proves nothing, good or bad. The last step, once satisfied, is `complete`, and stays.
 *
 * A degraded guardrail makes it hold, go back one step (from the first one: hold) or roll back, as planned. `hold` stops
 * the ramp until somebody releases it; only a rollback happens to a held ramp. Same input, same answer; nothing is kept.
 */
export function rampDecision(input: RampInput): RampDecision {
  const { plan, state } = input;
  const step = stepAt(plan, state.step);
  const waiting_for = unmet(step, input);
  const decided = (
    action: RampDecision["action"],
    reason: string,
    to_step: number | null = null,
  ): RampDecision => ({ action, next_at: null, reason, waiting_for, to_step });
  const here = `step ${state.step + 1} of ${plan.steps.length}`;

  if (!input.guardrailsGreen && plan.on_degradation === "rollback")
    return decided("rollback", `a guardrail is degraded at ${here}`);
  if (state.held !== null) return decided("hold", state.held);
  if (!input.guardrailsGreen)
    return plan.on_degradation === "reverse" && state.step > 0
      ? decided("reverse", `a guardrail is degraded at ${here}`, state.step - 1)
      : decided("hold", `a guardrail is degraded at ${here}`);
  if (waiting_for.length > 0) {
    const next_at = waiting_for.every((condition) => condition === "time")
      ? state.entered_at + step.hold_ms
      : null;
    const missing = waiting_for.map((condition) => describe(condition, step, input));
    return { ...decided("wait", `${here} waits for ${missing.join(", ")}`), next_at };
  }
  const satisfied = `${here} has had its time and ${outcomesSince(input)} outcomes`;
  return state.step + 1 < plan.steps.length
    ? decided("advance", satisfied, state.step + 1)
    : decided("complete", satisfied);
}

/**
 * The weights of a step, by arm, that sum to exactly the whole: the canaries divide the step's weight equally, a baseline
 * has as much as the first of them, the control has the rest. The plan is one that `checkRampPlan` let pass for these arms.
 */
export function rampWeights(plan: RampPlan, step: number, arms: readonly ArmRole[]): number[] {
  const { weight } = stepAt(plan, step);
  const parts = canaryParts(weight, arms);
  const rest = WHOLE - weight - baselinePart(weight, arms);
  let canary = 0;
  return arms.map((arm) => {
    if (arm.is_control) return rest;
    return arm.is_baseline ? (parts[0] ?? 0) : (parts[canary++] ?? 0);
  });
}

export type RampPlanError = {
  code: "ramp_invalid";
  /** Where in the request, as a JSON pointer. */
  pointer: string;
  detail: string;
};

const MOST_STEPS = 50;
const LONGEST_HOLD_MS = 90 * 24 * 60 * 60 * 1000;

/** The plan, if these arms can go through it: weights that grow and never take more than the control has. */
export function checkRampPlan(
  plan: RampPlan,
  arms: readonly ArmRole[],
): Result<RampPlan, RampPlanError> {
  const refused = (pointer: string, detail: string): Result<never, RampPlanError> =>
    fail({ code: "ramp_invalid", pointer, detail });
  const { steps } = plan;
  if (steps.length < 1 || steps.length > MOST_STEPS)
    return refused("#/ramp/steps", `a ramp has from 1 to ${MOST_STEPS} steps, not ${steps.length}`);
  if (!arms.some(isCanary)) return refused("#/variants", "a ramp needs a variant to ramp up");
  if (arms.filter(({ is_control }) => is_control).length !== 1)
    return refused("#/variants", "a ramp needs exactly one control to take the traffic from");
  if (arms.filter(isBaseline).length > 1)
    return refused("#/variants", "a ramp has at most one baseline");

  let before = 0;
  for (const [index, { weight, hold_ms, minimum_outcomes }] of steps.entries()) {
    const pointer = `#/ramp/steps/${index}`;
    if (!Number.isSafeInteger(weight) || weight <= before || weight > WHOLE)
      return refused(
        `${pointer}/weight`,
        `each step's weight is more than the one before (${formatWeight(before)}) and at most 1`,
      );
    if (weight < arms.filter(isCanary).length)
      return refused(`${pointer}/weight`, "too small a weight to be divided by the canaries");
    if (weight + baselinePart(weight, arms) > WHOLE)
      return refused(
        `${pointer}/weight`,
        "the canaries and the baseline would take more than the control has",
      );
    if (!(hold_ms >= 0 && hold_ms <= LONGEST_HOLD_MS))
      return refused(`${pointer}/hold_seconds`, "a step holds for at most 90 days");
    if (!Number.isSafeInteger(minimum_outcomes) || minimum_outcomes < 0)
      return refused(`${pointer}/minimum_outcomes`, "expected a whole number from 0");
    before = weight;
  }
  return ok(plan);
}

const isBaseline = ({ is_control, is_baseline }: ArmRole): boolean => is_baseline && !is_control;

const canaryParts = (weight: number, arms: readonly ArmRole[]): number[] =>
  apportion(
    weight,
    arms.filter(isCanary).map(() => 1),
  );

const baselinePart = (weight: number, arms: readonly ArmRole[]): number =>
  arms.some(isBaseline) ? (canaryParts(weight, arms)[0] ?? 0) : 0;

function stepAt({ steps }: RampPlan, index: number): RampStep {
  const step = steps[index];
  if (!step) throw new RangeError(`the ramp has ${steps.length} steps and no step ${index}`);
  return step;
}

const outcomesSince = ({ outcomes, state }: RampInput): number =>
  Math.max(0, outcomes - state.outcomes_at_entry);

const outcomesNeeded = ({ minimum_outcomes }: RampStep): number => Math.max(1, minimum_outcomes);

function unmet(step: RampStep, input: RampInput): RampCondition[] {
  const { state, now, guardrailsGreen, srmOk } = input;
  const conditions: [RampCondition, isMet: boolean][] = [
    ["time", now >= state.entered_at + step.hold_ms],
    ["outcomes", outcomesSince(input) >= outcomesNeeded(step)],
    ["approval", state.approved || !step.approval],
    ["guardrails", guardrailsGreen],
    ["sample_ratio", srmOk],
  ];
  return conditions.filter(([, isMet]) => !isMet).map(([condition]) => condition);
}

function describe(condition: RampCondition, step: RampStep, input: RampInput): string {
  switch (condition) {
    case "time":
      return `${Math.ceil((input.state.entered_at + step.hold_ms - input.now) / 1000)} s more`;
    case "outcomes":
      return `${outcomesNeeded(step) - outcomesSince(input)} more outcomes`;
    case "approval":
      return "approval";
    case "guardrails":
      return "its guardrails";
    case "sample_ratio":
      return "requests that agree with the weights";
  }
}
