import * as z from "zod";
import { EXPERIMENT_STATUSES } from "../domain/experiments/experiment.ts";
import { Description, id, Instant, line, Name, PageQuery, pageOf } from "./common.ts";
import { Inputs, Outputs, Timing } from "./predict.ts";

export const ExperimentPath = z.object({ id: id("exp") });
export const Status = z.enum(EXPERIMENT_STATUSES).meta({ id: "ExperimentStatus" });
export const Weight = z.string().max(40).meta({
  description: "An exact decimal from 0 to 1 with at most 12 decimals",
  example: "0.1",
});
const MetricName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/,
    "expected a letter, then up to 63 letters, digits, '_', '.' or '-'",
  );
const Share = z.number().min(0).max(1);

const VariantRequest = z
  .strictObject({
    model: Name,
    version: z.int().min(1),
    traffic_weight: Weight,
    is_control: z.boolean().default(false),
    name: line(100, "wdbc@2")
      .optional()
      .meta({ description: "Shown to people; `model@version` by default" }),
  })
  .meta({ id: "VariantRequest" });

const Rollback = z
  .strictObject({
    error_rate_threshold: Share.default(0.05),
    latency_degradation_threshold: z.number().min(0).max(1_000).default(0.2),
    min_requests: z.int().min(1).max(1_000_000_000).default(100),
  })
  .meta({ id: "RollbackPolicy" });

export const CreateExperiment = z
  .strictObject({
    name: line(200, "wdbc: a larger network"),
    description: Description.default(""),
    variants: z.array(VariantRequest).min(2).max(20),
    allocation_strategy: z.literal("percentage").default("percentage"),
    minimum_sample_size: z.int().min(1).max(1_000_000_000).default(1_000),
    confidence_level: z.number().min(0.5).max(0.999999).default(0.95),
    primary_metric: MetricName.default("conversion_rate"),
    guardrail_metrics: z.array(MetricName).max(20).default([]),
    rollback: Rollback.prefault({}),
    consistency: z.enum(["strict", "leased"]).default("leased"),
    alias: Name.default("champion").meta({
      description: "The alias that a conclusion moves to the winner",
    }),
  })
  .meta({ id: "CreateExperiment" });

const VariantView = z
  .object({
    variant_id: z.string(),
    name: z.string(),
    model: z.string(),
    version: z.int(),
    traffic_weight: Weight,
    is_control: z.boolean(),
  })
  .meta({ id: "Variant" });

const Promotion = z
  .object({
    model: z.string(),
    alias: z.string(),
    version: z.int(),
    previous_version: z.int().nullable(),
  })
  .meta({ id: "Promotion" });

export const ExperimentView = z
  .object({
    id: id("exp"),
    name: z.string(),
    description: z.string(),
    status: Status,
    epoch: z.int(),
    variants: z.array(VariantView),
    allocation_strategy: z.literal("percentage"),
    minimum_sample_size: z.int(),
    confidence_level: z.number(),
    primary_metric: z.string(),
    guardrail_metrics: z.array(z.string()),
    rollback: Rollback,
    consistency: z.enum(["strict", "leased"]),
    alias: z.string(),
    start_time: Instant.nullable(),
    end_time: Instant.nullable(),
    winning_variant_id: z.string().nullable(),
    reason: z.string().nullable(),
    promotion: Promotion.nullable(),
    created_at: Instant,
    updated_at: Instant,
  })
  .meta({ id: "Experiment" });

export const ExperimentSummary = z
  .object({
    id: id("exp"),
    name: z.string(),
    description: z.string(),
    status: Status,
    consistency: z.enum(["strict", "leased"]),
    start_time: Instant.nullable(),
    end_time: Instant.nullable(),
    created_at: Instant,
    updated_at: Instant,
  })
  .meta({ id: "ExperimentSummary" });

export const ExperimentQuery = PageQuery.extend({
  status: Status.optional(),
  search: z.string().max(64).optional().meta({ description: "Part of the name or description" }),
  order: z.enum(["newest", "oldest"]).default("newest"),
});
export const ExperimentPage = pageOf(ExperimentSummary, "Experiment");

/** The answer of a change of status. Leases of the old table are all over at `effective_at`. */
export const ExperimentChange = ExperimentView.extend({ effective_at: Instant }).meta({
  id: "ExperimentChange",
});

export const RollbackRequest = z.strictObject({
  reason: line(500, "complaints from support").optional(),
});
export const ConcludeRequest = z.strictObject({
  winning_variant_id: z.string().max(64).optional(),
});

/** Kept as it is and compared byte by byte; control characters have no place in it. */
const UnitId = line(256, "req_01jd");
const Unit = {
  user_id: UnitId.optional(),
  sticky: z.boolean().default(true).meta({ description: "false draws each request on its own" }),
};
const Reason = z.enum(["assigned", "paused", "rolled_back", "concluded"]);

export const RouteRequest = z
  .strictObject({ request_id: UnitId, ...Unit })
  .meta({ id: "RouteRequest" });
export const RouteResponse = z
  .object({
    variant_id: z.string(),
    model: z.string(),
    version: z.int(),
    epoch: z.int(),
    reason: Reason,
  })
  .meta({ id: "RoutingDecision" });

export const ExperimentPredictRequest = z
  .strictObject({ request_id: UnitId.optional(), ...Unit, inputs: Inputs })
  .meta({ id: "ExperimentPredictRequest" });
export const ExperimentPredictResponse = z
  .object({
    request_id: z.string(),
    variant_id: z.string(),
    model: z.string(),
    version: z.int(),
    epoch: z.int(),
    reason: Reason,
    outputs: Outputs,
    latency_ms: z.number(),
    timing: Timing,
  })
  .meta({ id: "ExperimentPrediction" });

const Outcome = z
  .strictObject({
    request_id: UnitId,
    variant_id: z.string().min(1).max(64),
    success: z.boolean(),
    latency_ms: z.number().min(0).max(86_400_000),
    metrics: z
      .record(MetricName, z.number().min(-1e15).max(1e15))
      .refine((metrics) => Object.keys(metrics).length <= 16, "expected at most 16 metrics")
      .optional()
      .meta({ example: { conversion: 1 } }),
  })
  .meta({ id: "Outcome" });
export const ReportOutcomes = z
  .strictObject({ outcomes: z.array(Outcome).min(1).max(1_000) })
  .meta({ id: "ReportOutcomes" });
export const OutcomesReport = z
  .object({
    accepted: z.int(),
    duplicates: z.int(),
    rejected: z.array(
      z.object({
        request_id: z.string(),
        code: z.enum(["variant_unknown", "variant_mismatch", "metrics_too_many"]),
      }),
    ),
    status: Status,
  })
  .meta({ id: "OutcomesReport" });

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

export type CreateExperiment = z.input<typeof CreateExperiment>;
export type CreateExperimentBody = z.output<typeof CreateExperiment>;
export type ExperimentQuery = z.input<typeof ExperimentQuery>;
export type ExperimentView = z.infer<typeof ExperimentView>;
export type ExperimentSummary = z.infer<typeof ExperimentSummary>;
export type ExperimentChange = z.infer<typeof ExperimentChange>;
export type RouteRequest = z.input<typeof RouteRequest>;
export type RouteResponse = z.infer<typeof RouteResponse>;
export type ExperimentPredictRequest = z.input<typeof ExperimentPredictRequest>;
export type ExperimentPredictResponse = z.infer<typeof ExperimentPredictResponse>;
export type ReportOutcomes = z.infer<typeof ReportOutcomes>;
export type OutcomesReport = z.infer<typeof OutcomesReport>;
export type VariantMetrics = z.infer<typeof VariantMetrics>;
export type MetricsReport = z.infer<typeof MetricsReport>;
export type AnalysisReport = z.infer<typeof AnalysisReport>;
export type EventView = z.infer<typeof EventView>;
