import * as z from "zod";
import { id, Name } from "./common.ts";
import { VersionNumber } from "./model.ts";

const Inputs = z.record(z.string(), z.unknown()).meta({
  description: "One nested array for each input of the model, by name; null is a missing float",
  example: { features: [[17.99, 10.38, 122.8]] },
});

const Outputs = z.record(z.string(), z.unknown()).meta({
  description: "One nested array for each output; a float that is not finite is null",
  example: { probabilities: [[0.98, 0.02]] },
});

export const PredictQuery = z
  .object({ version: VersionNumber.optional(), alias: Name.optional() })
  .refine(({ version, alias }) => version === undefined || alias === undefined, {
    error: "give a version or an alias, not both",
  });

const Store = z.boolean().default(false).meta({
  description:
    "Keep each row with its outputs before the answer, to be explained later; at most 1,000 rows, which the model's inputs must have as their first size",
});

/** Of what `store` has kept. */
const KeptIds = {
  prediction_id: id("prd").nullable().meta({
    description: "Of the one row; null where nothing was stored, or several rows",
  }),
  prediction_ids: z.array(id("prd")).nullable().meta({
    description: "One for each row; null where nothing was stored",
  }),
};

export const PredictRequest = z
  .strictObject({ inputs: Inputs, store: Store })
  .meta({ id: "PredictRequest" });

const Timing = z.object({ load_ms: z.number(), queue_ms: z.number(), run_ms: z.number() }).meta({
  id: "Timing",
  description: "Reading and opening the model, waiting for a turn, computing",
});

export const PredictResponse = z
  .object({
    model: z.string(),
    version: z.int(),
    outputs: Outputs,
    latency_ms: z.number(),
    timing: Timing,
    ...KeptIds,
  })
  .meta({ id: "Prediction" });

export { Inputs, KeptIds, Outputs, Store, Timing };
export type PredictRequest = z.input<typeof PredictRequest>;
export type PredictResponse = z.infer<typeof PredictResponse>;
