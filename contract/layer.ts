import * as z from "zod";
import { parseWeight } from "../domain/experiments/weight.ts";
import { Description, id, Instant, Name, PageQuery, pageOf } from "./common.ts";
import { Weight } from "./experiment.ts";

export const LayerPath = z.object({ name: Name });
export const LayerQuery = PageQuery;

export const PutLayer = z
  .strictObject({
    description: Description.optional(),
    holdout: Weight.refine((text) => parseWeight(text).ok, {
      error: 'expected a decimal string from "0" to "1" with at most 12 decimals',
    })
      .optional()
      .meta({
        description:
          "The share of units that no experiment of the layer gets. A larger holdout contains the smaller one. Experiments that leave it alone know it as it was when they were created",
        example: "0.05",
      }),
  })
  .meta({
    id: "PutLayer",
    description:
      'What is left out stays as it is; a new layer has the description "" and the holdout "0"',
  });

export const LayerSummary = z
  .object({
    id: id("lyr"),
    name: z.string(),
    description: z.string(),
    holdout: Weight,
    created_at: Instant,
    updated_at: Instant,
  })
  .meta({ id: "LayerSummary" });

const LayerHolder = z
  .object({
    experiment_id: id("exp"),
    share: Weight,
    free_at: Instant.nullable().meta({
      description: "The experiment has let go; nobody else gets its share before this instant",
    }),
  })
  .meta({ id: "LayerHolder" });

export const LayerView = LayerSummary.extend({
  free: Weight,
  holders: z.array(LayerHolder),
}).meta({ id: "Layer", description: "`holdout`, `free` and the shares of the holders sum to 1" });

export const LayerPage = pageOf(LayerSummary, "Layer");

export type PutLayer = z.input<typeof PutLayer>;
export type LayerQuery = z.input<typeof LayerQuery>;
export type LayerSummary = z.infer<typeof LayerSummary>;
export type LayerView = z.infer<typeof LayerView>;
