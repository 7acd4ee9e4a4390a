import * as z from "zod";
import { line } from "./common.ts";
import { MetricName, Status } from "./experiment.ts";
import { Inputs, KeptIds, Outputs, Store, Timing } from "./predict.ts";

/** Kept as it is and compared byte by byte; control characters have no place in it. */
const UnitId = line(256, "req_01jd");
const Unit = {
  user_id: UnitId.optional(),
  sticky: z.boolean().default(true).meta({ description: "false draws each request on its own" }),
  attributes: z
    .record(
      z.string().min(1).max(128),
      z.union([
        z.string().max(1_024),
        z.number(),
        z.boolean(),
        z.array(z.string().max(1_024)).max(100),
      ]),
    )
    .refine(
      (attributes) => Object.keys(attributes).length <= 100,
      "expected at most 100 attributes",
    )
    .optional()
    .meta({ description: "What targeting looks at", example: { country: "FR" } }),
  preview: z.string().min(1).max(100).optional().meta({
    description: "A variant, by id or name, to be given whatever the table says; it is not counted",
  }),
};
export const Reason = z
  .enum([
    "assigned",
    "forced",
    "not_targeted",
    "held_out",
    "outside_layer",
    "budget_spent",
    "paused",
    "rolled_back",
    "concluded",
  ])
  .meta({
    id: "DecisionReason",
    description: "Only what is `assigned` takes part in the analysis",
  });

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
  .strictObject({ request_id: UnitId.optional(), ...Unit, inputs: Inputs, store: Store })
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
    ...KeptIds,
  })
  .meta({ id: "ExperimentPrediction" });

const Outcome = z
  .strictObject({
    request_id: UnitId,
    variant_id: z.string().min(1).max(64),
    success: z.boolean(),
    epoch: z.int().min(1).optional().meta({
      description: "As the decision said; without it, a late outcome counts in the epoch of now",
    }),
    revision: z.int().min(0).max(1_000_000).default(0).meta({
      description: "A report of a higher revision corrects the one before, in its epoch",
    }),
    covariate: z.number().min(-1e15).max(1e15).optional().meta({
      description: "The unit's primary metric from before the experiment, for CUPED",
    }),
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

export type RouteRequest = z.input<typeof RouteRequest>;
export type RouteResponse = z.infer<typeof RouteResponse>;
export type ExperimentPredictRequest = z.input<typeof ExperimentPredictRequest>;
export type ExperimentPredictResponse = z.infer<typeof ExperimentPredictResponse>;
export type ReportOutcomes = z.infer<typeof ReportOutcomes>;
export type OutcomesReport = z.infer<typeof OutcomesReport>;
