import { mean } from "../statistics/moments.ts";
import { quantile } from "../statistics/quantile-sketch.ts";
import type { ExperimentDefinition, ExperimentState, ExperimentStatus } from "./experiment.ts";
import { weightsOf } from "./ledger.ts";
import { doCallersReport, momentsOf, proportionOf } from "./metric.ts";
import { errorRate } from "./request-counts.ts";
import { armTotals, type Cell, noTotals, type Totals } from "./totals.ts";
import { formatWeight } from "./weight.ts";

/** A variant as people look at it; latencies in milliseconds, quantiles within 1 %. */
export type VariantSummary = {
  variant_id: string;
  name: string;
  model: string;
  version: number;
  is_control: boolean;
  is_baseline: boolean;
  /** The share in force now. */
  traffic_weight: string;
  request_count: number;
  success_count: number;
  error_count: number;
  user_count: number;
  success_rate: number | null;
  error_rate: number | null;
  latency_mean_ms: number | null;
  latency_p50_ms: number | null;
  latency_p95_ms: number | null;
  latency_p99_ms: number | null;
  conversion_rate: number | null;
  custom_metrics: Record<string, number>;
};

export type ExperimentSummary = {
  experiment_id: string;
  name: string;
  status: ExperimentStatus;
  epoch: number;
  variants: VariantSummary[];
};

/** Everything counted so far, over all epochs. */
export function summarise(
  definition: Pick<ExperimentDefinition, "id" | "name" | "variants">,
  state: Pick<ExperimentState, "status" | "epoch" | "ledger">,
  cells: readonly Cell[],
): ExperimentSummary {
  const { id: experiment_id, name, variants } = definition;
  const weights = weightsOf(state.ledger, variants.length);
  const arms = armTotals(cells, variants.length);
  const callersReport = doCallersReport(arms);
  return {
    experiment_id,
    name,
    status: state.status,
    epoch: state.epoch,
    variants: variants.map((variant, index) => ({
      variant_id: variant.variant_id,
      name: variant.name,
      model: variant.model,
      version: variant.version,
      is_control: variant.is_control,
      is_baseline: variant.is_baseline,
      traffic_weight: formatWeight(weights[index] ?? 0),
      ...numbersOf(arms[index] ?? noTotals, callersReport),
    })),
  };
}

function numbersOf(totals: Totals, callersReport: boolean) {
  const { counts, units, bins, latency, metrics } = totals;
  const error_rate = errorRate(counts);
  const means = Object.entries(metrics).flatMap(([metric, moments]) => {
    const value = mean(moments);
    return value === null ? [] : [[metric, value] as const];
  });
  return {
    request_count: counts.requests,
    success_count: proportionOf(totals, "success_rate", callersReport).successes,
    error_count: counts.errors,
    user_count: units,
    success_rate: error_rate === null ? null : 1 - error_rate,
    error_rate,
    latency_mean_ms: mean(latency),
    latency_p50_ms: quantile(bins, 0.5),
    latency_p95_ms: quantile(bins, 0.95),
    latency_p99_ms: quantile(bins, 0.99),
    conversion_rate: mean(momentsOf(totals, "conversion_rate")),
    custom_metrics: Object.fromEntries(means),
  };
}
