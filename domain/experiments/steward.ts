import { isCanary } from "./arm-role.ts";
import { banditWeights, worthReweighing } from "./bandit.ts";
import type { ExperimentDefinition, ExperimentState, Variant } from "./experiment.ts";
import { describeBreach, type GuardReport, judge } from "./guard.ts";
import { weightsOf } from "./ledger.ts";
import { planReweigh, type StateEvent } from "./lifecycle.ts";
import { armEvidence } from "./metric.ts";
import { type RampDecision, rampDecision, rampWeights } from "./ramp.ts";
import { noRequests, type RequestCounts } from "./request-counts.ts";
import { type EpochWeights, sampleRatio, type SampleRatioReport } from "./sample-ratio.ts";
import { addCounts, armTotals, type Cell, mergeTotals, type Totals } from "./totals.ts";

/** What an experiment's actor knows when it asks what to do by itself. */
export type Evidence = {
  cells: readonly Cell[];
  epochs: readonly EpochWeights[];
  /** Canary requests paid for from the budget, and whether isolates may still be spending some. */
  canary_requests: number;
  grants_outstanding: boolean;
  /** When the last outcome of a canary came. */
  last_canary_outcome: number | null;
};

/** Which rule decided; an event's `by`. */
export type Rule = "guardrail" | "budget" | "no_data" | "ramp" | "bandit";

export type Step = {
  event: (StateEvent & { by: Rule }) | null;
  /** When time alone could change the answer. */
  next_at: number | null;
  ramp: RampDecision | null;
  guard: GuardReport;
  sample_ratio: SampleRatioReport;
};

const RULE_VERSION = 1;

/** What every rule has seen; an event's data hold it beside what its own rule looked at. */
const evidenceOf = ({ guard, sample_ratio }: Seen) => ({
  log_e_value: guard.log_e_value,
  log_threshold: guard.log_threshold,
  sample_ratio_p_value: sample_ratio.p_value,
  rule_version: RULE_VERSION,
});

/**
 * What a running experiment does next by itself, if anything: harm first, then limits, silence,
 * the ramp and the bandit. Ask again after each event, until there is none. The event's data hold
 * the evidence: what was seen, the threshold, and the version of the rule.
 */
export function nextStep(
  definition: ExperimentDefinition,
  state: ExperimentState,
  evidence: Evidence,
  now: number,
): Step {
  const guard = judge(definition, evidence.cells, evidence.epochs);
  const sample_ratio = sampleRatio(evidence.cells, evidence.epochs);
  const seen = { definition, state, evidence, now, guard, sample_ratio };
  const idle = { event: null, next_at: null, ramp: null, guard, sample_ratio };
  if (state.status !== "running") return idle;
  const harm = harmed(seen) ?? overspent(seen);
  if (harm) return { ...idle, event: harm };
  const silence = silent(seen);
  if (silence.event) return { ...idle, event: silence.event };
  const ramped = ramping(seen);
  const event = ramped.event ?? reweighing(seen);
  // A breach that is passed over for now is taken up again when it is quiet no longer.
  const waiting = guard.breach && !state.proposal && isDismissed(seen) ? state.quiet_until : null;
  const next_at = earliest(silence.next_at, ramped.next_at, waiting);
  return { ...idle, event, ramp: ramped.ramp, next_at };
}

type Seen = {
  definition: ExperimentDefinition;
  state: ExperimentState;
  evidence: Evidence;
  now: number;
  guard: GuardReport;
  sample_ratio: SampleRatioReport;
};
type Taken = StateEvent & { by: Rule };

const isQuiet = ({ state, now }: Seen): boolean =>
  state.quiet_until !== null && now < state.quiet_until;

/** Only somebody's word defers a rollback, where it takes one: a ramp that was held does not. */
const isDismissed = (seen: Seen): boolean =>
  seen.definition.rollback.mode === "approval" && isQuiet(seen);

function harmed(seen: Seen): Taken | null {
  const { definition, state, guard, now } = seen;
  const { breach } = guard;
  if (!breach || state.proposal || isDismissed(seen)) return null;
  const named = definition.variants.find(({ variant_id }) => variant_id === breach.variant_id);
  const reason = `${named?.name}: ${describeBreach(breach)}`;
  const data = { reason, ...breach, ...evidenceOf(seen) };
  const type = definition.rollback.mode === "approval" ? "rollback_proposed" : "rolled_back";
  return { type, at: now, by: "guardrail", data };
}

function overspent(seen: Seen): Taken | null {
  const { definition, state, evidence, now } = seen;
  const { max_requests, max_errors } = state.budget;
  const { errors } = canaryCounts(definition, evidence.cells);
  if (max_errors !== null && errors >= max_errors) {
    const reason = `the canaries have failed ${errors} times; the budget is ${max_errors}`;
    const data = { reason, errors, max_errors, ...evidenceOf(seen) };
    return { type: "rolled_back", at: now, by: "budget", data };
  }
  const { canary_requests, grants_outstanding } = evidence;
  if (max_requests === null || canary_requests < max_requests || grants_outstanding) return null;
  const reason = `the canaries have had the ${max_requests} requests of the budget`;
  const data = { reason, canary_requests, max_requests, ...evidenceOf(seen) };
  return { type: "paused", at: now, by: "budget", data };
}

function silent(seen: Seen): { event: Taken | null; next_at: number | null } {
  const { definition, state, evidence, now } = seen;
  const { after_seconds, action } = definition.rollback.no_data;
  const heard = Math.max(evidence.last_canary_outcome ?? 0, state.updated_at);
  const due = heard + after_seconds * 1000;
  if (now < due) return { event: null, next_at: due };
  const reason = `no outcome of a canary for ${after_seconds} s`;
  const data = { reason, since: new Date(heard).toISOString(), ...evidenceOf(seen) };
  const taken = { at: now, by: "no_data" as const, data };
  if (action === "rollback") return { event: { ...taken, type: "rolled_back" }, next_at: null };
  if (action === "pause") return { event: { ...taken, type: "paused" }, next_at: null };
  const held = state.ramp && state.ramp.held === null;
  return { event: held ? { ...taken, type: "ramp_held" } : null, next_at: null };
}

function ramping(seen: Seen): {
  event: Taken | null;
  ramp: RampDecision | null;
  next_at: number | null;
} {
  const { definition, state, evidence, now, guard, sample_ratio } = seen;
  const plan = definition.ramp;
  if (!plan || !state.ramp) return { event: null, ramp: null, next_at: null };
  const outcomes = canaryCounts(definition, evidence.cells).requests;
  const guardrailsGreen = !guard.degraded;
  const srmOk = !sample_ratio.mismatch;
  const asked = { plan, state: state.ramp, now, outcomes, guardrailsGreen, srmOk };
  const ramp = rampDecision(asked);
  if (isQuiet(seen)) return { event: null, ramp, next_at: state.quiet_until };
  const { action, reason, to_step, next_at } = ramp;
  const because = { reason, ...evidenceOf(seen) };
  const by = "ramp" as const;
  const taken = (event: StateEvent) => ({ event: { ...event, by }, ramp, next_at: null });
  if (action === "hold" && state.ramp.held === null)
    return taken({ type: "ramp_held", at: now, data: because });
  if (action === "rollback") return taken({ type: "rolled_back", at: now, data: because });
  if ((action === "advance" || action === "reverse") && to_step !== null) {
    const type = action === "advance" ? "ramp_advanced" : "ramp_reversed";
    const { data } = planReweigh(state, stepWeights(definition, to_step));
    return taken({ type, at: now, data: { ...data, step: to_step, outcomes, ...because } });
  }
  return { event: null, ramp, next_at };
}

function reweighing(seen: Seen): Taken | null {
  const { definition, state, evidence, now } = seen;
  const policy = definition.bandit;
  if (!policy) return null;
  const totals = armTotals(evidence.cells, definition.variants.length);
  const arms = armEvidence(totals, policy.metric);
  // The weights that it was given stand until there is something to learn from.
  if (!arms.some((arm) => (arm.kind === "rate" ? arm.trials : arm.count) > 0)) return null;
  const current = weightsOf(state.ledger, definition.variants.length);
  const next = banditWeights(policy, arms);
  if (!worthReweighing(current, next)) return null;
  const { data } = planReweigh(state, next);
  const learned = { ...data, cause: "bandit", arms, ...evidenceOf(seen) } as const;
  return { type: "reweighed", at: now, by: "bandit", data: learned };
}

/** The weights of a ramp's step, by variant. */
export function stepWeights(
  { variants, ramp }: Pick<ExperimentDefinition, "variants" | "ramp">,
  step: number,
): number[] {
  if (!ramp) throw new Error("only a ramp has steps");
  return rampWeights(ramp, step, variants);
}

/** What the canaries' outcomes add up to. */
export const canaryTotals = (
  { variants }: Pick<ExperimentDefinition, "variants">,
  cells: readonly Cell[],
): Totals => mergeTotals(cells.filter(ofCanary(variants)));

/** The same, as far as it is counts. */
const canaryCounts = (
  { variants }: Pick<ExperimentDefinition, "variants">,
  cells: readonly Cell[],
): RequestCounts =>
  cells.filter(ofCanary(variants)).reduce((sum, { counts }) => addCounts(sum, counts), noRequests);

const ofCanary =
  (variants: readonly Variant[]) =>
  ({ variant }: Cell): boolean => {
    const arm = variants[variant];
    return arm !== undefined && isCanary(arm);
  };

const earliest = (...instants: (number | null)[]): number | null =>
  instants.reduce((least, at) => (at === null ? least : Math.min(least ?? at, at)), null);
