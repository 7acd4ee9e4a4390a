import { hasEnded, type RunStatus } from "../run-status.ts";
import type { EventType } from "./event.ts";

/** What one event says of a run. */
export type RunObservation = {
  run_id: string;
  name: string;
  job: { namespace: string; name: string };
  type: EventType;
  at: number;
  producer: string;
};

/** As far as events change it. */
export type ObservedRun = {
  status: RunStatus;
  /** The time of the event that the status is from. */
  status_at: number;
  started_at: number | null;
  ended_at: number | null;
  created_at: number;
};

const STATUS: Readonly<Record<EventType, RunStatus>> = {
  START: "running",
  RUNNING: "running",
  COMPLETE: "succeeded",
  ABORT: "aborted",
  FAIL: "failed",
  OTHER: "created",
};

/** What is later in this list holds over what is before it. */
const WEIGHT: readonly RunStatus[] = ["created", "running", "succeeded", "aborted", "failed"];

/**
 * A run after one more event. Events may come twice and in any order, and the result is the same: an
 * end stays an end whatever began later, of two ends the graver one holds (Spark tells of a query
 * that failed, and then that it is complete), and of two of a kind the later one.
 */
export function mergeRun(run: ObservedRun | null, { type, at }: RunObservation): ObservedRun {
  const status = STATUS[type];
  const told = { status, status_at: at };
  const decided = run && !decides(told, run) ? run : told;
  const begins = status === "running" ? at : Infinity;
  const started = Math.min(run?.started_at ?? Infinity, begins);
  return {
    status: decided.status,
    status_at: decided.status_at,
    started_at: Number.isFinite(started) ? started : null,
    ended_at: hasEnded(decided.status) ? decided.status_at : null,
    created_at: Math.min(run?.created_at ?? at, at),
  };
}

type Told = Pick<ObservedRun, "status" | "status_at">;

function decides(told: Told, known: Told): boolean {
  const graver = WEIGHT.indexOf(told.status) - WEIGHT.indexOf(known.status);
  return (graver || told.status_at - known.status_at) > 0;
}
