import type { Decision, RoutingTable } from "../domain/experiments/decide.ts";
import type {
  Consistency,
  ExperimentDefinition,
  ExperimentState,
  Variant,
} from "../domain/experiments/experiment.ts";
import type { StateEventType, TransitionError } from "../domain/experiments/lifecycle.ts";
import type { Outcome, OutcomeSource } from "../domain/experiments/record-outcome.ts";
import type { RampDecision } from "../domain/experiments/ramp.ts";
import type { Cell } from "../domain/experiments/totals.ts";
import type { Signature } from "../domain/tensors/tensor.ts";
import type { ModelRef } from "./inference.ts";

/** A variant with all that an isolate needs to run its model. */
export type ServedVariant = Variant & {
  ref: ModelRef;
  signature: Signature;
  /** Whether some inputs of the model may be raw values. */
  prepares: boolean;
};

export type ExperimentRecord = Omit<ExperimentDefinition, "variants"> & {
  variants: ServedVariant[];
};

export type Promotion = {
  model: string;
  alias: string;
  version: number;
  previous_version: number | null;
};

export type ExperimentSnapshot = {
  definition: ExperimentRecord;
  state: ExperimentState;
  promotion: Promotion | null;
  /** Where a running ramp stands. */
  ramp: RampDecision | null;
};

/** When the last lease of the table before can still be in use; null where nothing changed. */
export type ChangedExperiment = ExperimentSnapshot & {
  effective_at: number;
  undo_token?: string;
};

/** A routing lease: the table of one epoch, to decide from for `lease_ms` after it was asked for. */
export type RoutingLease = {
  table: RoutingTable;
  consistency: Consistency;
  variants: ServedVariant[];
  lease_ms: number;
  /** Over which further actors the outcomes are spread; null while the experiment's own counts them. */
  shards: ExperimentState["shards"];
  primary_metric: string;
  /** Requests that this isolate may send to canaries while the lease lasts, where a budget counts them. */
  canary_grant: { lease_id: string; granted: number } | null;
};

/** What an isolate did not use of a grant that has ended. */
export type UnusedGrant = { lease_id: string; unused: number };

/** A sticky unit, by its 40-bit position, that was sent to a variant, by index, in an epoch. */
export type Exposure = [unit: number, variant: number, epoch: number];

/** Units of 10^-12 that a change of weights moves, which is the fewest possible, and where to. */
export type PlannedChange = { moved: number; ledger: ExperimentState["ledger"] };

/** What `decide` would say of a unit, and the table that it says it by. */
export type ExplainedUnit = {
  table: RoutingTable;
  variants: ServedVariant[];
  /** The variant that the unit has from before, where the experiment enrols. */
  enrolled: number | null;
  decision: Decision;
};

export type ExperimentRefusal =
  | { code: "experiment_not_found" }
  | { code: "experiment_not_started" }
  | { code: "experiment_concluding" }
  | { code: "experiment_abandoned" }
  | { code: "experiment_active"; status: ExperimentState["status"] }
  | TransitionError
  | { code: "winner_unknown"; winning_variant_id: string; known: string[] }
  | { code: "alias_moved"; alias: string; found: number | null }
  | { code: "epoch_moved"; expected: number; found: number }
  | { code: "movement_too_large"; moved: number; most: number }
  | { code: "ramp_missing" }
  | { code: "ramp_at_end"; step: number }
  | { code: "proposal_missing" }
  | { code: "undo_refused"; detail: string };

/** An outcome as the caller knows it; the actor adds what the caller does not know. */
export type OutcomeReport = Omit<Outcome, "epoch" | "revision" | "covariate"> & {
  epoch?: number | undefined;
  revision?: number | undefined;
  covariate?: number | null | undefined;
};

/** Outcomes for one shard. */
export type OutcomeBatch = {
  outcomes: OutcomeReport[];
  source: OutcomeSource;
  /** What the sender's lease says; the epoch is for outcomes that do not know theirs. */
  epoch: number;
  since_epoch: number;
  status: ExperimentState["status"];
};

export type RecordedOutcomes = {
  accepted: number;
  duplicates: number;
  rejected: {
    request_id: string;
    code: "variant_unknown" | "variant_mismatch" | "metrics_too_many";
  }[];
  status: ExperimentState["status"];
};

/** The weights in force in an epoch, as units of 10^-12 by variant. */
export type EpochRow = {
  epoch: number;
  at: number;
  status: ExperimentState["status"];
  weights: number[];
};

export type ExperimentReport = {
  definition: ExperimentRecord;
  state: ExperimentState;
  epochs: EpochRow[];
  cells: Cell[];
};

/** Events that change no state. */
export type NoteType = "created" | "promoted" | "demoted" | "sample_ratio_mismatch";

export type ExperimentEvent = {
  sequence: number;
  type: StateEventType | NoteType;
  at: number;
  /** The key that asked, or the rule that decided by itself. */
  by: string;
  epoch: number;
  data: Record<string, unknown>;
  /** SHA-256 of the hash before and of this event; null before events were chained. */
  hash: string | null;
};
