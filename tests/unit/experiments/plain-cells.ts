import type {
  ExperimentDefinition,
  RollbackPolicy,
  Variant,
} from "../../../domain/experiments/experiment.ts";
import type { EpochWeights } from "../../../domain/experiments/sample-ratio.ts";
import type { Cell } from "../../../domain/experiments/totals.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { addBivariate, noBivariate } from "../../../domain/statistics/bivariate-moments.ts";
import { addObservation, noMoments, type Moments } from "../../../domain/statistics/moments.ts";
import { binOf } from "../../../domain/statistics/quantile-sketch.ts";

export const momentsOf = (values: readonly number[]): Moments =>
  values.reduce(addObservation, noMoments);

export function binsOf(values: readonly number[]): Cell["bins"] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(binOf(value), (counts.get(binOf(value)) ?? 0) + 1);
  return [...counts];
}

export type Counted = {
  epoch?: number;
  variant?: number;
  requests?: number;
  errors?: number;
  /** Requests that a caller reported on, all of them by default. */
  reported?: number;
  reported_errors?: number;
  units?: number;
  latencies?: readonly number[];
  metrics?: Record<string, readonly number[]>;
  /** Pairs of covariate and primary metric. */
  pairs?: readonly (readonly [number, number])[];
};

export function cell({
  epoch = 1,
  variant = 0,
  requests = 0,
  errors = 0,
  reported = requests,
  reported_errors = Math.min(errors, reported),
  units = 0,
  latencies = [],
  metrics = {},
  pairs = [],
}: Counted = {}): Cell {
  return {
    epoch,
    variant,
    counts: { requests, errors, reported, reported_errors },
    units,
    latency: momentsOf(latencies),
    bins: binsOf(latencies),
    metrics: Object.fromEntries(
      Object.entries(metrics).map(([name, values]) => [name, momentsOf(values)]),
    ),
    covariate: pairs.reduce((sum, [x, y]) => addBivariate(sum, x, y), noBivariate),
  };
}

/** A control and its canaries, by name. */
export const variantsOf = (names: readonly string[] = ["control", "canary"]): Variant[] =>
  names.map((name, index) => ({
    variant_id: name,
    name,
    model: "m",
    model_id: "mdl_1",
    version: index + 1,
    weight: Math.floor(WHOLE / names.length),
    is_control: index === 0,
    is_baseline: name === "baseline",
  }));

export const rollbackPolicy = (changes: Partial<RollbackPolicy> = {}): RollbackPolicy => ({
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
  ...changes,
});

export const definition = (changes: Partial<ExperimentDefinition> = {}): ExperimentDefinition => ({
  id: "exp_1",
  owner_id: "usr_1",
  name: "an experiment",
  description: "",
  flag_key: null,
  variants: variantsOf(),
  allocation_strategy: "percentage",
  ramp: null,
  bandit: null,
  hash: { algorithm: "linnet" },
  imported: null,
  targeting: null,
  layer: null,
  holdout: null,
  minimum_sample_size: 10,
  confidence_level: 0.95,
  primary_metric: "conversion_rate",
  guardrail_metrics: [],
  rollback: rollbackPolicy(),
  budget: { max_requests: null, max_errors: null },
  consistency: "leased",
  lease_ms: 1_000,
  alias: "champion",
  created_at: 0,
  ...changes,
});

/** A running epoch with these shares, which sum to 1. */
export const epochOf = (epoch: number, shares: readonly number[] = [0.5, 0.5]): EpochWeights => ({
  epoch,
  status: "running",
  weights: shares.map((share) => Math.round(share * WHOLE)),
});
