import type { MetricsReport, VariantMetrics } from "../../../contract/experiment-report.ts";
import type {
  ExperimentReport,
  ServedVariant,
  VariantReport,
} from "../../../contract/experiment-lease.ts";
import { errorRate } from "../../../domain/experiments/request-counts.ts";
import { mean } from "../../../domain/statistics/moments.ts";

const CONVERSION = "conversion";

export function viewMetrics({ definition, state, variants }: ExperimentReport): MetricsReport {
  return {
    experiment_id: definition.id,
    status: state.status,
    epoch: state.epoch,
    variants: definition.variants.flatMap((variant) => {
      const report = variants.find(({ variant_id }) => variant_id === variant.variant_id);
      return report ? [viewVariant(variant, report)] : [];
    }),
  };
}

function viewVariant(
  { variant_id, name, model, version, is_control }: ServedVariant,
  report: VariantReport,
): VariantMetrics {
  const { counts, successes, latency, metrics } = report;
  const error_rate = errorRate(counts);
  const means = Object.entries(metrics).flatMap(([metric, moments]) => {
    const value = mean(moments);
    return value === null ? [] : [[metric, value] as const];
  });
  const conversion = metrics[CONVERSION];
  return {
    variant_id,
    name,
    model,
    version,
    is_control,
    request_count: counts.requests,
    success_count: successes,
    error_count: counts.errors,
    success_rate: error_rate === null ? null : 1 - error_rate,
    error_rate,
    latency_mean_ms: mean(latency),
    latency_p50_ms: report.latency_p50_ms,
    latency_p95_ms: report.latency_p95_ms,
    latency_p99_ms: report.latency_p99_ms,
    conversion_rate: conversion ? mean(conversion) : null,
    custom_metrics: Object.fromEntries(means),
  };
}
