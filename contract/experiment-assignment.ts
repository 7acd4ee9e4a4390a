import * as z from "zod";
import { line } from "./common.ts";
import { Weight } from "./experiment.ts";
import { Reason } from "./experiment-traffic.ts";

const attributes = z
  .string()
  .max(8_000)
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: "custom", message: "expected a JSON object" });
      return z.NEVER;
    }
  })
  .pipe(
    z.record(
      z.string().max(128),
      z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
    ),
  );

export const UnitQuery = z.object({
  unit: line(256, "user-17").meta({ description: "A `user_id`, or a `request_id` without one" }),
  attributes: attributes.optional().meta({
    type: "string",
    description: "A JSON object of what targeting looks at",
    example: '{"country":"FR"}',
  }),
});

export const AssignmentView = z
  .object({
    variant_id: z.string(),
    name: z.string(),
    model: z.string(),
    version: z.int(),
    epoch: z.int(),
    reason: Reason,
  })
  .meta({ id: "Assignment" });

export const ExplainedAssignment = AssignmentView.extend({
  unit: z.string(),
  hash: z.looseObject({ algorithm: z.string() }),
  position: Weight.meta({ description: "Where the unit falls in [0, 1)" }),
  interval: z
    .object({ from: Weight, to: Weight, owner: z.string() })
    .meta({ description: "The interval of the ledger that holds the position, and its variant" }),
  weights: z.record(z.string(), Weight).meta({ description: "In force, by variant" }),
  enrolled_in: z.string().nullable().meta({
    description: "The variant that the unit has from before, where the experiment enrols",
  }),
}).meta({ id: "ExplainedAssignment" });

export type AssignmentView = z.infer<typeof AssignmentView>;
export type ExplainedAssignment = z.infer<typeof ExplainedAssignment>;
