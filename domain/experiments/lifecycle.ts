import { fail, ok, type Result } from "../result.ts";
import type { ExperimentDefinition, ExperimentState, ExperimentStatus } from "./experiment.ts";
import { layOut } from "./ledger.ts";

export type Transition = "start" | "pause" | "resume" | "rollback" | "conclude";

const TRANSITIONS: Record<Transition, { from: readonly ExperimentStatus[]; to: ExperimentStatus }> =
  {
    start: { from: ["draft"], to: "running" },
    pause: { from: ["running"], to: "paused" },
    resume: { from: ["paused"], to: "running" },
    rollback: { from: ["running", "paused"], to: "rolled_back" },
    conclude: { from: ["running", "paused"], to: "concluded" },
  };

export type TransitionError = {
  code: "experiment_transition_refused";
  transition: Transition;
  status: ExperimentStatus;
  allowed: Transition[];
};

const allowedFrom = (status: ExperimentStatus): Transition[] =>
  (Object.keys(TRANSITIONS) as Transition[]).filter((name) =>
    TRANSITIONS[name].from.includes(status),
  );

/** The state in which an experiment begins. */
export const draftOf = ({ variants, created_at }: ExperimentDefinition): ExperimentState => ({
  status: "draft",
  epoch: 0,
  ledger: layOut(variants.map(({ weight }) => weight)),
  started_at: null,
  ended_at: null,
  updated_at: created_at,
  winning_variant_id: null,
  reason: null,
});

/** The state after `transition`. Every change of who gets which variant begins an epoch. */
export function advance(
  state: ExperimentState,
  transition: Transition,
  {
    now,
    reason = null,
    winner = null,
  }: { now: number; reason?: string | null; winner?: string | null },
): Result<ExperimentState, TransitionError> {
  const { from, to } = TRANSITIONS[transition];
  const { status } = state;
  if (!from.includes(status)) {
    const allowed = allowedFrom(status);
    return fail({ code: "experiment_transition_refused", transition, status, allowed });
  }
  const ended = to === "concluded" || to === "rolled_back";
  return ok({
    ...state,
    status: to,
    epoch: state.epoch + 1,
    started_at: transition === "start" ? now : state.started_at,
    ended_at: ended ? now : null,
    updated_at: now,
    winning_variant_id: winner,
    reason,
  });
}
