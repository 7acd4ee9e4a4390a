import type { ExperimentRecord } from "../../contract/experiment-lease.ts";
import type { ExperimentState, RollbackPolicy } from "../../domain/experiments/experiment.ts";

/** What an experiment of before these fields existed behaves like. */
const OLDER_ROLLBACK: Omit<
  RollbackPolicy,
  "error_rate_threshold" | "latency_degradation_threshold" | "min_requests"
> = {
  rule: "threshold",
  false_rollback_rate: 0.05,
  error_degradation_threshold: 0.1,
  guardrail_margins: {},
  compare_with: "control",
  mode: "automatic",
  cool_down_seconds: 300,
  no_data: { after_seconds: 3_600, action: "hold" },
};

/** A definition as it is read today, from a row of any age. */
export const completeDefinition = (row: ExperimentRecord): ExperimentRecord =>
  Object.assign(
    {
      flag_key: null,
      ramp: null,
      bandit: null,
      hash: { algorithm: "linnet" },
      imported: null,
      targeting: null,
      layer: null,
      holdout: null,
      budget: { max_requests: null, max_errors: null },
      lease_ms: 1_000,
    },
    row,
    {
      rollback: Object.assign({}, OLDER_ROLLBACK, row.rollback),
      variants: row.variants.map((variant) =>
        Object.assign({ is_baseline: false, prepares: false }, variant),
      ),
    },
  );

export const completeState = (row: ExperimentState): ExperimentState =>
  Object.assign(
    {
      earlier: [],
      ramp: null,
      budget: { max_requests: null, max_errors: null },
      proposal: null,
      quiet_until: null,
      shards: null,
      concluded_from: null,
    },
    row,
  );
