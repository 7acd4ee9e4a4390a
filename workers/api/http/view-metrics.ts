import type { MetricsReport } from "../../../contract/experiment.ts";
import type { ExperimentReport } from "../../../contract/experiment-lease.ts";
import { mean } from "../../../domain/statistics/moments.ts";

const CONVERSION = "conversion";

export function viewMetrics(report: ExperimentReport): MetricsReport {
  const { definition, state, variants } = report;
  return {
    experiment_id: definition.id,
    status: state.status,
    epoch: state.epoch,
    variants: variants.map(
      ({ requests, successes, errors, latency, metrics, ...variant }, index) => {
        const { name = "", model = "", version = 0 } = definition.variants[index] ?? {};
        const share = (count: number) => (requests === 0 ? null : count / requests);
        const means = Object.entries(metrics).map(([metric, moments]) => [
          metric,
          mean(moments) ?? 0,
        ]);
        const conversion = metrics[CONVERSION];
        return {
          ...variant,
          name,
          model,
          version,
          request_count: requests,
          success_count: successes,
          error_count: errors,
          success_rate: share(successes),
          error_rate: share(errors),
          latency_mean_ms: mean(latency),
          conversion_rate: conversion ? mean(conversion) : null,
          custom_metrics: Object.fromEntries(means) as Record<string, number>,
        };
      },
    ),
  };
}
