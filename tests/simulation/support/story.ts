import type {
  ChangedExperiment,
  ExperimentEvent,
  ExperimentRecord,
  ExperimentRefusal,
  ExperimentReport,
  Exposure,
  OutcomeReport,
  RoutingLease,
  UnusedGrant,
} from "../../../contract/experiment-lease.ts";
import type { DecisionReason } from "../../../domain/experiments/decide.ts";
import type { OutcomeSource } from "../../../domain/experiments/record-outcome.ts";
import type { Result } from "../../../domain/result.ts";

/** Times are in milliseconds; orders number the events of the world. */
export type Made = {
  experiment: number;
  request_id: string;
  /** What is drawn; null where each request is drawn by itself. */
  user: string | null;
  variant: number;
  epoch: number;
  reason: DecisionReason;
  asked_order: number;
  made_order: number;
  made_at: number;
  /** Decided by the actor and not in the isolate. */
  by_actor: boolean;
};

export type Acknowledged = {
  experiment: number;
  by: string;
  acked_order: number;
  acked_at: number;
  answer: Result<ChangedExperiment, ExperimentRefusal>;
};

/** A batch as an actor counted it; they are in the order in which they committed. */
export type Heard = {
  outcomes: OutcomeReport[];
  source: OutcomeSource;
  present: number;
};
/** What came of one experiment. */
export type Ending = {
  definition: ExperimentRecord;
  report: ExperimentReport;
  events: ExperimentEvent[];
  /** Canary requests that its budget has paid for. */
  spent: number;
  /** Effects, and a conclusion that waits for its alias. */
  owed: string[];
  /** Versions that it keeps from being deleted. */
  claims: number[];
  alias: { version: number | null; previous_version: number | null; by: string }[];
};

/** All that happened in one history, as those outside saw it, and what was left. */
export type Story = {
  made: Made[];
  changes: Acknowledged[];
  /** Request ids that a caller was told were counted. */
  counted: { experiment: number; request_id: string }[];
  heard: Heard[];
  exposed: Exposure[];
  /** Leases as the actor answered them, with what came back with the request. */
  leased: { returned: UnusedGrant[]; grant: RoutingLease["canary_grant"] }[];
  /** What was found wrong while it happened. */
  wrong: string[];
  endings: Ending[];
  standings: Map<string, { status: string } | null>;
  sent: Map<string, number[]>;
  published: Map<string, number>;
};

export const noStory = (): Story => ({
  made: [],
  changes: [],
  counted: [],
  heard: [],
  exposed: [],
  leased: [],
  wrong: [],
  endings: [],
  standings: new Map(),
  sent: new Map(),
  published: new Map(),
});

/** What was heard of one experiment: its request ids begin with its number. */
export const heardBy = ({ heard }: Story, experiment: number): Heard[] =>
  heard.map((batch) => ({
    ...batch,
    outcomes: batch.outcomes.filter(({ request_id }) => request_id.startsWith(`x${experiment}-`)),
  }));

/** A bug of the code under test, or of this one, is no fault of the network. */
export function noteUnexpected({ wrong }: Story, error: Error): void {
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError)
    wrong.push(`${error.name}: ${error.message}\n${error.stack}`);
}
