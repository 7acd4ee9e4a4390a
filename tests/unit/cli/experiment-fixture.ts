import type { ExperimentView } from "../../../clients/sdk/index.ts";

const variant = (version: number, is_control: boolean) => ({
  variant_id: `var_${version}`,
  name: `wdbc@${version}`,
  model: "wdbc",
  version,
  traffic_weight: is_control ? "0.9" : "0.1",
  is_control,
  is_baseline: false,
});

/** A draft as the API shows it. */
export const EXPERIMENT = {
  id: "exp_1",
  name: "new forest",
  description: "",
  status: "draft",
  epoch: 0,
  flag_key: null,
  variants: [variant(1, true), variant(2, false)],
  allocation_strategy: "percentage",
  ramp: null,
  bandit: null,
  hash: { algorithm: "linnet" },
  targeting: null,
  layer: null,
  holdout: null,
  minimum_sample_size: 1_000,
  confidence_level: 0.95,
  primary_metric: "accuracy",
  guardrail_metrics: [],
  rollback: {
    rule: "always_valid",
    false_rollback_rate: 0.05,
    error_rate_threshold: 0.05,
    error_degradation_threshold: 0.1,
    latency_degradation_threshold: 0.2,
    min_requests: 100,
    guardrail_margins: {},
    compare_with: "control",
    mode: "automatic",
    cool_down_seconds: 300,
    no_data: { after_seconds: 3_600, action: "hold" },
  },
  budget: { max_requests: null, max_errors: null },
  consistency: "leased",
  lease_ms: 1_000,
  alias: "champion",
  proposal: null,
  quiet_until: null,
  start_time: null,
  end_time: null,
  winning_variant_id: null,
  reason: null,
  promotion: null,
  created_at: "2026-11-21T09:30:00.000Z",
  updated_at: "2026-11-21T09:30:00.000Z",
} satisfies ExperimentView;

/** The answer of a change. */
export const CHANGED = { ...EXPERIMENT, effective_at: "2026-11-21T09:30:01.000Z" };
