import type { RoutingTable } from "../domain/experiments/decide.ts";
import type {
  Consistency,
  ExperimentDefinition,
  ExperimentState,
  Variant,
} from "../domain/experiments/experiment.ts";
import type { TransitionError } from "../domain/experiments/lifecycle.ts";
import type { Outcome } from "../domain/experiments/record-outcome.ts";
import type { RequestCounts } from "../domain/experiments/request-counts.ts";
import type { VariantTotals } from "../domain/experiments/analysis.ts";
import type { Signature } from "../domain/tensors/tensor.ts";
import type { ModelRef } from "./inference.ts";

/** A variant with all that an isolate needs to run its model. */
export type ServedVariant = Variant & { ref: ModelRef; signature: Signature };

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
};

/** A routing lease: the table of one epoch, to decide from for `lease_ms` after it was asked for. */
export type RoutingLease = {
  table: RoutingTable;
  consistency: Consistency;
  variants: ServedVariant[];
  lease_ms: number;
};

export type ExperimentRefusal =
  | { code: "experiment_not_found" }
  | { code: "experiment_not_started" }
  | { code: "experiment_concluding" }
  | { code: "experiment_abandoned" }
  | { code: "experiment_active"; status: ExperimentState["status"] }
  | TransitionError
  | { code: "winner_unknown"; winning_variant_id: string; known: string[] }
  | { code: "alias_moved"; alias: string; found: number | null };

/** An outcome as the caller knows it; the actor adds the epoch when the caller does not know it. */
export type OutcomeReport = Omit<Outcome, "epoch"> & { epoch?: number };

export type RecordedOutcomes = {
  accepted: number;
  duplicates: number;
  rejected: {
    request_id: string;
    code: "variant_unknown" | "variant_mismatch" | "metrics_too_many";
  }[];
  status: ExperimentState["status"];
};

export type VariantReport = VariantTotals & {
  counts: RequestCounts;
  latency_p50_ms: number | null;
  latency_p99_ms: number | null;
};

export type ExperimentReport = {
  definition: ExperimentRecord;
  state: ExperimentState;
  variants: VariantReport[];
};

export type ExperimentEvent = {
  sequence: number;
  type: "created" | "started" | "paused" | "resumed" | "rolled_back" | "concluded" | "promoted";
  at: number;
  by: string;
  epoch: number;
  data: Record<string, string | number | boolean | null>;
};
