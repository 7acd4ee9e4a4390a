import * as z from "zod";
import { Weight } from "./experiment.ts";

const Rate = z.number().min(0).max(1);

export const SimulateRequest = z
  .strictObject({
    control_rate: Rate.meta({ description: "Share of requests with the event, such as an error" }),
    variant_rate: Rate,
    harm: z.enum(["higher", "lower"]).default("higher").meta({
      description: "Whether a higher or a lower rate than the control's is what must not happen",
    }),
    requests_per_second: z.number().min(0.001).max(1_000_000),
    steps: z
      .array(
        z.strictObject({
          weight: Weight,
          hold_seconds: z.number().min(0).max(7_776_000).default(0),
          minimum_outcomes: z.int().min(0).max(1_000_000_000).default(0),
        }),
      )
      .min(1)
      .max(50)
      .default([{ weight: "0.5", hold_seconds: 0, minimum_outcomes: 1_000 }])
      .meta({ description: "The canary's shares; a fixed split is one step" }),
    false_rollback_rate: z.number().min(0.000001).max(0.5).default(0.05),
    degradation_threshold: z.number().min(0).max(1_000).default(0.1),
    replications: z.int().min(1).max(1_000).default(200),
    horizon_requests: z.int().min(100).max(10_000_000).default(100_000),
    seed: z.string().min(1).max(64).default("linnet"),
  })
  .meta({ id: "SimulateRequest" });

const Quantiles = z
  .object({
    p10: z.number().nullable(),
    p50: z.number().nullable(),
    p90: z.number().nullable(),
  })
  .meta({ id: "Quantiles" });
export const SimulationReport = z
  .object({
    rolled_back: Rate.meta({
      description:
        "Share of the replications: power when the variant is worse, false alarms when not",
    }),
    completed: Rate,
    undecided: Rate,
    to_rollback: z.object({ seconds: Quantiles, requests: Quantiles, canary_requests: Quantiles }),
    canary: z.object({
      requests: z.number(),
      events: z.number(),
      harmed_requests: z.number(),
    }),
    replications: z.int(),
    seed: z.string(),
  })
  .meta({ id: "SimulationReport" });

export const SampleSizeRequest = z
  .strictObject({
    baseline_rate: z.number().gt(0).lt(1).meta({ example: 0.05 }),
    minimum_detectable_effect: z.number().gt(0).max(1_000).meta({
      example: 0.1,
      description: "Relative to the baseline: 0.05 is 5 %",
    }),
    confidence_level: z.number().min(0.5).max(0.999999).default(0.95),
    power: z.number().min(0.5).max(0.999999).default(0.8),
  })
  .meta({ id: "SampleSizeRequest" });
export const SampleSizeReport = z
  .object({ required_sample_size: z.int().meta({ description: "Of each variant" }) })
  .meta({ id: "SampleSizeReport" });

export type SimulateRequest = z.input<typeof SimulateRequest>;
export type SimulationReport = z.infer<typeof SimulationReport>;
export type SampleSizeRequest = z.input<typeof SampleSizeRequest>;
export type SampleSizeReport = z.infer<typeof SampleSizeReport>;
