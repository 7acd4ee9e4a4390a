import { fail, ok, type Result } from "../result.ts";
import type {
  Budget,
  ExperimentDefinition,
  ExperimentState,
  ExperimentStatus,
} from "./experiment.ts";
import { compact } from "./compact.ts";
import { layOut, type Ledger, movedUnits } from "./ledger.ts";
import { reweigh } from "./reweigh.ts";
import { formatWeight, parseWeight } from "./weight.ts";

/** What people ask of a whole experiment. */
export type Transition = "start" | "pause" | "resume" | "rollback" | "conclude";

/** Weights as decimal strings, in the order of the variants, what they moved, and evidence. */
type Reweighed = { weights: string[]; moved_fraction: string; [evidence: string]: unknown };

/**
 * The events that change a state, each with all that the change needs. `at` is when it happened,
 * in milliseconds. What else an event's data hold is evidence, for people.
 */
export type StateEvent = { at: number } & (
  | { type: "started"; data: object }
  | { type: "paused"; data: { reason?: string } }
  | { type: "resumed"; data: { outcomes: number } }
  | { type: "rolled_back"; data: { reason?: string } }
  | { type: "concluded"; data: { winning_variant_id: string | null } }
  | { type: "conclusion_undone"; data: object }
  | { type: "reweighed"; data: Reweighed & { cause: "asked" | "bandit" } }
  | { type: "ramp_advanced"; data: Reweighed & { step: number; outcomes: number } }
  | { type: "ramp_reversed"; data: Reweighed & { step: number; outcomes: number } }
  | { type: "ramp_held"; data: { reason: string } }
  | { type: "ramp_released"; data: { outcomes: number } }
  | { type: "ramp_approved"; data: object }
  | { type: "rollback_proposed"; data: { reason: string } }
  | { type: "rollback_dismissed"; data: object }
  | { type: "budget_changed"; data: Budget }
  | { type: "spread"; data: { shards: number } }
);
export type StateEventType = StateEvent["type"];

type Rule = { from: readonly ExperimentStatus[]; epoch: boolean; ask: string };
const ACTIVE = ["running", "paused"] as const;

/** From which status each event may happen, and whether it begins an epoch. */
const RULES: Record<StateEventType, Rule> = {
  started: { from: ["draft"], epoch: true, ask: "start" },
  paused: { from: ["running"], epoch: true, ask: "pause" },
  resumed: { from: ["paused"], epoch: true, ask: "resume" },
  rolled_back: { from: ACTIVE, epoch: true, ask: "rollback" },
  concluded: { from: ACTIVE, epoch: true, ask: "conclude" },
  conclusion_undone: { from: ["concluded"], epoch: true, ask: "undo" },
  reweighed: { from: ["draft", ...ACTIVE], epoch: true, ask: "reweigh" },
  ramp_advanced: { from: ["running"], epoch: true, ask: "advance the ramp of" },
  ramp_reversed: { from: ["running"], epoch: true, ask: "reverse the ramp of" },
  ramp_held: { from: ["running"], epoch: false, ask: "hold the ramp of" },
  ramp_released: { from: ["running"], epoch: false, ask: "release the ramp of" },
  ramp_approved: { from: ["running"], epoch: false, ask: "approve the ramp of" },
  rollback_proposed: { from: ["running"], epoch: false, ask: "propose a rollback of" },
  rollback_dismissed: { from: ACTIVE, epoch: false, ask: "dismiss the rollback of" },
  budget_changed: { from: ["draft", ...ACTIVE], epoch: false, ask: "change the budget of" },
  spread: { from: ACTIVE, epoch: true, ask: "spread the outcomes of" },
};

const TRANSITIONS = {
  start: "started",
  pause: "paused",
  resume: "resumed",
  rollback: "rolled_back",
  conclude: "concluded",
} as const satisfies Record<Transition, StateEventType>;

export type TransitionError = {
  code: "experiment_transition_refused";
  /** A verb, such as `start`. */
  transition: string;
  status: ExperimentStatus;
  allowed: Transition[];
};

const allowedFrom = (status: ExperimentStatus): Transition[] =>
  (Object.keys(TRANSITIONS) as Transition[]).filter((name) =>
    RULES[TRANSITIONS[name]].from.includes(status),
  );

const EARLIER_LEDGERS = 16;

/** The state in which an experiment begins. */
export const draftOf = ({
  variants,
  imported,
  budget,
  created_at,
}: Pick<
  ExperimentDefinition,
  "variants" | "imported" | "budget" | "created_at"
>): ExperimentState => ({
  status: "draft",
  epoch: 0,
  ledger: imported ?? layOut(variants.map(({ weight }) => weight)),
  earlier: [],
  ramp: null,
  budget,
  proposal: null,
  quiet_until: null,
  shards: null,
  started_at: null,
  ended_at: null,
  updated_at: created_at,
  winning_variant_id: null,
  concluded_from: null,
  reason: null,
});

/** The state after `event`, or why it cannot happen now. The same events give the same state. */
export function advance(
  definition: Pick<ExperimentDefinition, "ramp" | "rollback">,
  state: ExperimentState,
  event: StateEvent,
): Result<ExperimentState, TransitionError> {
  const { from, epoch, ask } = RULES[event.type];
  const { status } = state;
  if (!from.includes(status)) {
    const allowed = allowedFrom(status);
    const code = "experiment_transition_refused";
    return fail({ code, transition: ask, status, allowed });
  }
  const changed = { ...state, ...changes(definition, state, event) };
  const began = epoch && status !== "draft" ? state.epoch + 1 : state.epoch;
  return ok({
    ...changed,
    epoch: event.type === "started" ? 1 : began,
    // Never back, so that it orders what is told of the states.
    updated_at: Math.max(state.updated_at, event.at),
  });
}

/** The state that these events, the oldest first, make of a definition; `created` is the first. */
export function replay(
  definition: ExperimentDefinition,
  events: readonly StateEvent[],
): Result<ExperimentState, TransitionError> {
  let state = draftOf(definition);
  for (const event of events) {
    const next = advance(definition, state, event);
    if (!next.ok) return next;
    state = next.value;
  }
  return ok(state);
}

function changes(
  { ramp, rollback }: Pick<ExperimentDefinition, "ramp" | "rollback">,
  state: ExperimentState,
  event: StateEvent,
): Partial<ExperimentState> {
  const { at } = event;
  const quiet = { quiet_until: at + rollback.cool_down_seconds * 1000 };
  const entered = (step: number, outcomes: number) => ({
    ramp: { step, entered_at: at, outcomes_at_entry: outcomes, approved: false, held: null },
  });
  switch (event.type) {
    case "started":
      return { status: "running", started_at: at, ...(ramp ? entered(0, 0) : {}) };
    case "paused":
      return { status: "paused", reason: event.data.reason ?? null };
    case "resumed":
      return {
        status: "running",
        reason: null,
        proposal: null,
        ...(state.ramp ? entered(state.ramp.step, event.data.outcomes) : {}),
      };
    case "rolled_back": {
      const reason = event.data.reason ?? null;
      return { status: "rolled_back", ended_at: at, reason, proposal: null };
    }
    case "concluded":
      return {
        status: "concluded",
        ended_at: at,
        winning_variant_id: event.data.winning_variant_id,
        concluded_from: state.status === "paused" ? "paused" : "running",
        reason: null,
        proposal: null,
      };
    case "conclusion_undone":
      return {
        status: state.concluded_from ?? "paused",
        ended_at: null,
        winning_variant_id: null,
        concluded_from: null,
      };
    case "reweighed":
      return moved(state, event.data.weights);
    case "ramp_advanced":
      return {
        ...moved(state, event.data.weights),
        ...entered(event.data.step, event.data.outcomes),
      };
    case "ramp_reversed":
      return {
        ...moved(state, event.data.weights),
        ...entered(event.data.step, event.data.outcomes),
        ...quiet,
      };
    case "ramp_held":
      return { ramp: state.ramp && { ...state.ramp, held: event.data.reason }, ...quiet };
    case "ramp_released":
      return state.ramp ? entered(state.ramp.step, event.data.outcomes) : {};
    case "ramp_approved":
      return { ramp: state.ramp && { ...state.ramp, approved: true } };
    case "rollback_proposed":
      return { proposal: { reason: event.data.reason, at } };
    case "rollback_dismissed":
      return { proposal: null, ...quiet };
    case "budget_changed":
      return {
        budget: { max_requests: event.data.max_requests, max_errors: event.data.max_errors },
      };
    case "spread":
      return { shards: { count: event.data.shards, since_epoch: state.epoch + 1 } };
  }
}

function moved(state: ExperimentState, weights: readonly string[]): Partial<ExperimentState> {
  const units = weights.map(unitsOf);
  const { ledger } = reweighed(state, units);
  // Nobody has been assigned in draft, so there is nothing to come back to.
  if (state.status === "draft") return { ledger };
  // Taken back, so that what is asked next is answered as it was before.
  const back = state.earlier.findIndex((before) => sameLedger(before, ledger));
  const earlier = back === -1 ? [state.ledger, ...state.earlier] : state.earlier.slice(back + 1);
  return { ledger, earlier: earlier.slice(0, EARLIER_LEDGERS) };
}

const sameLedger = (a: Ledger, b: Ledger): boolean =>
  a.ends.length === b.ends.length &&
  a.ends.every((end, at) => end === b.ends[at]) &&
  a.owners.every((owner, at) => owner === b.owners[at]);

/** What a change of weights would do: its event's data. */
export function planReweigh(
  { ledger, earlier }: Pick<ExperimentState, "ledger" | "earlier">,
  weights: readonly number[],
): { data: Reweighed; ledger: Ledger; moved: number } {
  const planned = reweighed({ ledger, earlier }, weights);
  const data = {
    weights: weights.map(formatWeight),
    moved_fraction: formatWeight(planned.moved),
  };
  return { data, ...planned };
}

/** A ledger of so many intervals is some 20 KB of every lease; a thousand changes make about 150. */
const MOST_INTERVALS = 1_024;

function reweighed(
  { ledger, earlier }: Pick<ExperimentState, "ledger" | "earlier">,
  weights: readonly number[],
): { ledger: Ledger; moved: number } {
  const next = reweigh(ledger, weights, earlier);
  if (next.ledger.ends.length <= MOST_INTERVALS) return next;
  const compacted = compact(next.ledger, MOST_INTERVALS).ledger;
  return { ledger: compacted, moved: movedUnits(ledger, compacted) };
}

function unitsOf(weight: string): number {
  const parsed = parseWeight(weight);
  if (!parsed.ok) throw new RangeError(`the weight '${weight}' of an event cannot be read`);
  return parsed.value;
}
