import type { Ledger } from "./ledger.ts";

export const EXPERIMENT_STATUSES = [
  "draft",
  "running",
  "paused",
  "concluded",
  "rolled_back",
] as const;
export type ExperimentStatus = (typeof EXPERIMENT_STATUSES)[number];

export type Consistency = "strict" | "leased";

export type RollbackPolicy = {
  /** The largest tolerated share of failed requests, in [0, 1]. */
  error_rate_threshold: number;
  /** The largest tolerated relative growth of p95 latency against the control, such as 0.2. */
  latency_degradation_threshold: number;
  /** Neither side is judged before it has this many requests. */
  min_requests: number;
};

/** One arm: a model version, and the weight it was given as units of 10^-12. */
export type Variant = {
  variant_id: string;
  name: string;
  model: string;
  model_id: string;
  version: number;
  weight: number;
  is_control: boolean;
};

/** What was asked for; it never changes after creation. */
export type ExperimentDefinition = {
  id: string;
  owner_id: string;
  name: string;
  description: string;
  variants: Variant[];
  allocation_strategy: "percentage";
  minimum_sample_size: number;
  confidence_level: number;
  primary_metric: string;
  guardrail_metrics: string[];
  rollback: RollbackPolicy;
  consistency: Consistency;
  /** The alias of the winner's model that a conclusion moves. */
  alias: string;
  created_at: number;
};

/** What has become of it. `epoch` is 0 in draft and grows with every change of the table in force. */
export type ExperimentState = {
  status: ExperimentStatus;
  epoch: number;
  ledger: Ledger;
  started_at: number | null;
  ended_at: number | null;
  updated_at: number;
  winning_variant_id: string | null;
  /** Why it was rolled back, for people. */
  reason: string | null;
};
