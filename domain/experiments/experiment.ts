import type { BanditPolicy } from "./bandit.ts";
import type { Condition } from "./condition.ts";
import type { HashScheme } from "./foreign-hash.ts";
import type { Ledger } from "./ledger.ts";
import type { RampPlan, RampState } from "./ramp.ts";

export const EXPERIMENT_STATUSES = [
  "draft",
  "running",
  "paused",
  "concluded",
  "rolled_back",
] as const;
export type ExperimentStatus = (typeof EXPERIMENT_STATUSES)[number];

export type Consistency = "strict" | "leased";
export type AllocationStrategy = "percentage" | "ramping" | "mab";

export type RollbackPolicy = {
  /**
   * `always_valid` acts on evidence that holds however often it is looked at, `threshold` on the
   * observed values as they are, `both` on whichever is first.
   */
  rule: "always_valid" | "threshold" | "both";
  /** The largest share of harmless experiments that the always-valid guardrails, all together, roll back. */
  false_rollback_rate: number;
  /** The largest tolerated share of failed requests, in [0, 1]. */
  error_rate_threshold: number;
  /** The largest tolerated relative growth of the error rate against the control, such as 0.1. */
  error_degradation_threshold: number;
  /** The largest tolerated relative growth of p95 latency against the control, such as 0.2. */
  latency_degradation_threshold: number;
  /** `threshold` judges neither side before it has this many requests. */
  min_requests: number;
  /** Tolerated relative degradation of a guardrail metric; 0.1 where it is not named. */
  guardrail_margins: Record<string, number>;
  /** Which arm a canary is compared with: the control, or a fresh baseline of the same version. */
  compare_with: "control" | "baseline";
  /** `approval` proposes a rollback and waits for somebody to approve it. */
  mode: "automatic" | "approval";
  /** How long a rollback is not proposed again after it was dismissed, and a ramp rests after it was held or reversed. */
  cool_down_seconds: number;
  /** What becomes of a running experiment whose canary has had no outcome for so long. */
  no_data: { after_seconds: number; action: "hold" | "pause" | "rollback" };
};

/** How much harm the canaries may do, all together and worldwide; null is without limit. */
export type Budget = { max_requests: number | null; max_errors: number | null };

/** One arm: a model version, and the weight it was given as units of 10^-12. */
export type Variant = {
  variant_id: string;
  name: string;
  model: string;
  model_id: string;
  version: number;
  weight: number;
  is_control: boolean;
  /** A second arm of the control's version, as fresh as a canary. */
  is_baseline: boolean;
};

/** Positions [from, to) of a layer that admit a unit. `salt` is the layer's. */
export type LayerShare = {
  layer_id: string;
  name: string;
  salt: string;
  intervals: readonly (readonly [from: number, to: number])[];
};

/** What was asked for; it never changes after creation. */
export type ExperimentDefinition = {
  id: string;
  owner_id: string;
  name: string;
  description: string;
  /** The key of its flag for OpenFeature clients, besides its id. */
  flag_key: string | null;
  variants: Variant[];
  allocation_strategy: AllocationStrategy;
  ramp: RampPlan | null;
  bandit: BanditPolicy | null;
  hash: HashScheme;
  /** The intervals of an imported split; null lays the weights out in order. */
  imported: Ledger | null;
  targeting: Condition | null;
  /** The only part of a layer whose units take part, shared with no other experiment. */
  layer: LayerShare | null;
  /** The part of a layer whose units take part in no experiment. */
  holdout: LayerShare | null;
  minimum_sample_size: number;
  confidence_level: number;
  primary_metric: string;
  guardrail_metrics: string[];
  rollback: RollbackPolicy;
  budget: Budget;
  consistency: Consistency;
  /** How long an isolate may decide from one copy of the table, in milliseconds. */
  lease_ms: number;
  /** The alias of the winner's model that a conclusion moves. */
  alias: string;
  created_at: number;
};

/** What has become of it: what `draftOf` and `advance` make of its definition and events. */
export type ExperimentState = {
  status: ExperimentStatus;
  /** 0 in draft; grows with every change of the table in force. */
  epoch: number;
  ledger: Ledger;
  /** Ledgers of the epochs before, newest first, so that undoing a change returns the same units. */
  earlier: Ledger[];
  ramp: RampState | null;
  budget: Budget;
  /** A rollback that waits for approval. */
  proposal: { reason: string; at: number } | null;
  /** A ramp rests, and a rollback is not proposed, before this instant. Harm still rolls back by itself. */
  quiet_until: number | null;
  /** Over how many further actors the outcomes of requests since an epoch are spread. */
  shards: { count: number; since_epoch: number } | null;
  started_at: number | null;
  ended_at: number | null;
  updated_at: number;
  winning_variant_id: string | null;
  /** The status that a conclusion ended, to which it can be undone. */
  concluded_from: "running" | "paused" | null;
  /** Why it was rolled back or paused, for people. */
  reason: string | null;
};
