import * as z from "zod";
import { EXPERIMENT_STATUSES } from "../domain/experiments/experiment.ts";
import { Description, id, Instant, line, Name, PageQuery, pageOf } from "./common.ts";

export const ExperimentPath = z.object({ id: id("exp") });
export const Status = z.enum(EXPERIMENT_STATUSES).meta({ id: "ExperimentStatus" });
export const Weight = z.string().max(40).meta({
  description: "An exact decimal from 0 to 1 with at most 12 decimals",
  example: "0.1",
});
export const MetricName = z
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

export type CreateExperiment = z.input<typeof CreateExperiment>;
export type CreateExperimentBody = z.output<typeof CreateExperiment>;
export type ExperimentQuery = z.input<typeof ExperimentQuery>;
export type ExperimentView = z.infer<typeof ExperimentView>;
export type ExperimentSummary = z.infer<typeof ExperimentSummary>;
export type ExperimentChange = z.infer<typeof ExperimentChange>;
