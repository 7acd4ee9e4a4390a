import * as z from "zod";
import { Instant, PageQuery, pageOf } from "./common.ts";
import { MetricName, Status } from "./experiment.ts";

export const VariantMetrics = z
  .object({
    variant_id: z.string(),
    name: z.string(),
    model: z.string(),
    version: z.int(),
    is_control: z.boolean(),
    request_count: z.int(),
    success_count: z.int(),
    error_count: z.int(),
    success_rate: z.number().nullable(),
    error_rate: z.number().nullable(),
    latency_mean_ms: z.number().nullable(),
    latency_p50_ms: z.number().nullable(),
    latency_p95_ms: z.number().nullable(),
    latency_p99_ms: z.number().nullable(),
    conversion_rate: z.number().nullable(),
    custom_metrics: z
      .record(z.string(), z.number())
      .meta({ description: "The mean of each metric" }),
  })
  .meta({
    id: "ExperimentMetrics",
    description:
      "`request_count` and `error_count` are of all requests. `success_count` is what callers report, or every served request while nobody reports. `error_rate` is the share that could not be served, and of the rest the share that callers report as failed.",
  });
export const MetricsReport = z
  .object({
    experiment_id: z.string(),
    status: Status,
    epoch: z.int(),
    variants: z.array(VariantMetrics),
  })
  .meta({
    id: "MetricsReport",
    description: "Latency quantiles are within 1 % of the exact value",
  });

const Significance = z
  .object({
    variant_id: z.string(),
    metric: z.string(),
    method: z.enum(["two_proportion_z", "welch_t"]).nullable(),
    is_significant: z.boolean(),
    p_value: z.number().nullable(),
    confidence_interval: z.tuple([z.number(), z.number()]).nullable(),
    effect_size: z.number().nullable(),
    control_value: z.number().nullable(),
    variant_value: z.number().nullable(),
    sample_size_adequate: z.boolean(),
    recommended_action: z.enum(["continue", "conclude_winner", "conclude_no_difference"]),
    winner: z.string().nullable(),
    reason: z.string().nullable().meta({ description: "Why there is no p-value" }),
  })
  .meta({ id: "SignificanceResult" });
const Guardrail = z
  .object({
    metric: z.string(),
    variant_id: z.string(),
    control_value: z.number().nullable(),
    variant_value: z.number().nullable(),
    degradation: z.number().nullable(),
    threshold: z.number(),
    passed: z.boolean(),
    reason: z.string().nullable(),
  })
  .meta({ id: "GuardrailResult" });
export const AnalysisQuery = z.object({ metric: MetricName.optional() });
export const AnalysisReport = z
  .object({
    experiment_id: z.string(),
    status: Status,
    metric: z.string(),
    confidence_level: z.number(),
    minimum_sample_size: z.int(),
    results: z.array(Significance),
    guardrails: z.array(Guardrail),
  })
  .meta({ id: "AnalysisReport" });

export const EventView = z
  .object({
    sequence: z.int(),
    type: z.enum([
      "created",
      "started",
      "paused",
      "resumed",
      "rolled_back",
      "concluded",
      "promoted",
    ]),
    at: Instant,
    by: z.string().meta({ description: "The key that asked, or `guardrail`" }),
    epoch: z.int(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "ExperimentEvent" });
export const EventPage = pageOf(EventView, "ExperimentEvent");
export const EventQuery = PageQuery.extend({
  cursor: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .meta({ description: "`sequence` to go on after" }),
});

export type VariantMetrics = z.infer<typeof VariantMetrics>;
export type MetricsReport = z.infer<typeof MetricsReport>;
export type AnalysisReport = z.infer<typeof AnalysisReport>;
export type EventView = z.infer<typeof EventView>;
