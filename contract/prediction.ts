import * as z from "zod";
import { parseWeight } from "../domain/experiments/weight.ts";
import { id, Instant, PageQuery, pageOf } from "./common.ts";
import { Weight } from "./experiment.ts";
import { ModelPath, VersionNumber } from "./model.ts";
import { Inputs, Outputs } from "./predict.ts";

const Rate = Weight.refine((text) => parseWeight(text).ok, {
  error: 'expected a decimal string from "0" to "1" with at most 12 decimals',
});

export const PutCapture = z
  .strictObject({
    rate: Rate.meta({ description: "The share of requests that is kept", example: "0.1" }),
    kept_days: z.int().min(1).max(365).optional().meta({
      description:
        "How long any kept prediction of the model stays; left out, it stays as it is, which is 30 for a new model",
    }),
  })
  .meta({ id: "PutCapture" });

export const CaptureView = z
  .object({
    model: z.string(),
    rate: Weight,
    kept_days: z.int(),
    updated_at: Instant.nullable(),
    updated_by: z.string().nullable(),
    kept: z.int().meta({ description: "Predictions that are kept now, however they came" }),
    kept_bytes: z.int(),
    oldest_at: Instant.nullable(),
    newest_at: Instant.nullable(),
  })
  .meta({ id: "Capture" });

export const PredictionPath = ModelPath.extend({
  prediction_id: id("prd").meta({ param: { name: "prediction_id", in: "path" } }),
});

export const PredictionListQuery = PageQuery.extend({
  version: VersionNumber.optional(),
  experiment_id: id("exp").optional(),
});

export const PredictionSummary = z
  .object({
    prediction_id: id("prd"),
    model: z.string(),
    version: z.int(),
    experiment_id: z.string().nullable().meta({ description: "What chose the version" }),
    variant_id: z.string().nullable(),
    created_at: Instant,
    bytes: z.int(),
  })
  .meta({ id: "PredictionSummary" });

export const PredictionPage = pageOf(PredictionSummary, "Prediction");

export const PredictionView = PredictionSummary.extend({
  inputs: Inputs.meta({
    description:
      "What the model was fed, as one row; where raw values were sent, what they were made into",
  }),
  outputs: Outputs.meta({ description: "Those that have a row for each row of the inputs" }),
}).meta({ id: "KeptPrediction" });

export const PredictionPruneQuery = z.object({
  older_than_days: z.coerce.number().min(0).max(3_650).optional().meta({
    description: "Only those that were made longer ago than this; left out, all of them",
  }),
});

export const PrunedPredictions = z.object({ deleted: z.int() }).meta({ id: "PrunedPredictions" });

export type PutCapture = z.input<typeof PutCapture>;
export type CaptureView = z.infer<typeof CaptureView>;
export type PredictionListQuery = z.input<typeof PredictionListQuery>;
export type PredictionSummary = z.infer<typeof PredictionSummary>;
export type PredictionView = z.infer<typeof PredictionView>;
export type PrunedPredictions = z.infer<typeof PrunedPredictions>;
