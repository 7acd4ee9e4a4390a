import { draftOf, advance, type StateEvent } from "../../../domain/experiments/lifecycle.ts";
import type { ExperimentState } from "../../../domain/experiments/experiment.ts";
import type { ExperimentEvent } from "../../../contract/experiment-lease.ts";
import type { Ending } from "./story.ts";

const NOTES: ReadonlySet<string> = new Set([
  "created",
  "promoted",
  "demoted",
  "sample_ratio_mismatch",
]);

/** The events that make the state; the others are notes for people. */
export const stateEvents = (events: readonly ExperimentEvent[]): StateEvent[] =>
  events.filter(({ type }) => !NOTES.has(type)) as unknown as StateEvent[];

/** The state at the beginning of each epoch, by epoch. */
export function epochsOf({ definition, events }: Ending): Map<number, ExperimentState> {
  let state = draftOf(definition);
  const epochs = new Map([[0, state]]);
  for (const event of stateEvents(events)) {
    const next = advance(definition, state, event);
    if (!next.ok) throw new Error(`the log holds ${event.type} from ${state.status}`);
    state = next.value;
    if (!epochs.has(state.epoch)) epochs.set(state.epoch, state);
  }
  return epochs;
}
