import type {
  ExperimentDefinition,
  ExperimentState,
} from "../../../domain/experiments/experiment.ts";
import { weightsOf } from "../../../domain/experiments/ledger.ts";
import { advance, draftOf, type StateEvent } from "../../../domain/experiments/lifecycle.ts";
import type { EpochWeights } from "../../../domain/experiments/sample-ratio.ts";
import { type Evidence, nextStep, type Step } from "../../../domain/experiments/steward.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { cell, type Counted } from "./plain-cells.ts";

export const START = 1_000_000;
export const SECOND = 1_000;
export const PERCENT = WHOLE / 100;
export const repeated = (value: number, times: number): number[] =>
  Array<number>(times).fill(value);
export const zeroOne = (ones: number, of: number): number[] => [
  ...repeated(1, ones),
  ...repeated(0, of - ones),
];

export const rampOf = (on_degradation: "hold" | "reverse" | "rollback" = "hold") => ({
  steps: [1, 10, 50].map((percent) => ({
    weight: percent * PERCENT,
    hold_ms: 60 * SECOND,
    minimum_outcomes: 100,
    approval: false,
  })),
  on_degradation,
});

export function after(defined: ExperimentDefinition, ...events: StateEvent[]): ExperimentState {
  return events.reduce((state, event) => {
    const next = advance(defined, state, event);
    if (!next.ok) throw new Error(`${event.type}: ${next.error.code}`);
    return next.value;
  }, draftOf(defined));
}
export const started: StateEvent = { type: "started", at: START, data: {} };
export const running = (defined: ExperimentDefinition): ExperimentState => after(defined, started);

export const epochOf = (
  { epoch, status, ledger }: ExperimentState,
  arms: number,
): EpochWeights => ({
  epoch,
  status,
  weights: weightsOf(ledger, arms),
});
/** All of it counted in the state's epoch. */
export function evidence(
  state: ExperimentState,
  arms: readonly Counted[] = [],
  changes: Partial<Evidence> = {},
): Evidence {
  return {
    cells: arms.map((counted, variant) => cell({ ...counted, variant, epoch: state.epoch })),
    epochs: [epochOf(state, Math.max(2, arms.length))],
    canary_requests: 0,
    grants_outstanding: false,
    last_canary_outcome: START,
    ...changes,
  };
}

/** Asks until there is nothing to do, as an actor does. */
export function untilIdle(
  defined: ExperimentDefinition,
  state: ExperimentState,
  seen: Evidence,
  now: number,
): { taken: string[]; state: ExperimentState; last: Step } {
  const taken: string[] = [];
  let present = state;
  for (;;) {
    const step = nextStep(defined, present, seen, now);
    if (!step.event) return { taken, state: present, last: step };
    taken.push(`${step.event.by}: ${step.event.type}`);
    const next = advance(defined, present, step.event);
    if (!next.ok || taken.length > 5) throw new Error(taken.join(", "));
    present = next.value;
  }
}

export const healthy: Counted[] = [
  { requests: 200, errors: 2 },
  { requests: 200, errors: 2 },
];
export const failing: Counted[] = [
  { requests: 200, errors: 2 },
  { requests: 200, errors: 80 },
];
