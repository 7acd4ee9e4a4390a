import type { ExperimentRecord } from "../../../contract/experiment-lease.ts";
import type { RollbackPolicy } from "../../../domain/experiments/experiment.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";

export const OWNER = "usr_owner";
export const MODEL = "mdl_shared";
export const BEGAN_AT = Date.UTC(2031, 0, 1, 12);
export const LEASE_MS = 1_000;
const REF = { sha256: "00".repeat(32), key: "models/none", size_bytes: 1 };
const SIGNATURE = { inputs: [], outputs: [] };

/** A control and two canaries. */
export const THREE_ARMS = [WHOLE / 2, WHOLE / 4, WHOLE / 4];

export type Changes = Omit<Partial<ExperimentRecord>, "rollback"> & {
  weights?: readonly number[];
  rollback?: Partial<RollbackPolicy>;
};

/** Variants `var_0` (the control), `var_1`, ... of one model; no outcome rolls it back by default. */
export function definitionOf({
  weights = [WHOLE / 2, WHOLE / 2],
  rollback = {},
  ...changes
}: Changes = {}): ExperimentRecord {
  return {
    id: "exp_simulated",
    owner_id: OWNER,
    name: "simulated",
    description: "",
    flag_key: null,
    variants: weights.map((weight, index) => ({
      variant_id: `var_${index}`,
      name: `m@${index + 1}`,
      model: "m",
      model_id: MODEL,
      version: index + 1,
      weight,
      is_control: index === 0,
      is_baseline: false,
      prepares: false,
      ref: REF,
      signature: SIGNATURE,
    })),
    allocation_strategy: "percentage",
    ramp: null,
    bandit: null,
    hash: { algorithm: "linnet" },
    imported: null,
    targeting: null,
    layer: null,
    holdout: null,
    minimum_sample_size: 100,
    confidence_level: 0.95,
    primary_metric: "score",
    guardrail_metrics: [],
    rollback: {
      rule: "threshold",
      false_rollback_rate: 0.05,
      error_rate_threshold: 1,
      error_degradation_threshold: 1,
      latency_degradation_threshold: 1_000,
      min_requests: 1_000_000,
      guardrail_margins: {},
      compare_with: "control",
      mode: "automatic",
      cool_down_seconds: 5,
      no_data: { after_seconds: 86_400, action: "hold" },
      ...rollback,
    },
    budget: { max_requests: null, max_errors: null },
    consistency: "strict",
    lease_ms: LEASE_MS,
    alias: "champion",
    created_at: BEGAN_AT - 1_000,
    ...changes,
  };
}
