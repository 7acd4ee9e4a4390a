import * as z from "zod";
import { id, Instant, Name } from "./common.ts";
import { Inputs } from "./predict.ts";
import { VersionPath } from "./model.ts";

export const BackgroundPath = VersionPath.extend({
  background: Name.meta({ param: { name: "background", in: "path" } }),
});

export const PutBackground = z
  .strictObject({
    inputs: Inputs,
    method: z.enum(["all", "k_means", "stratified"]).optional().meta({
      description:
        "`k_means`: centres of clusters, weighted by their size; `stratified`: a sample, in proportion to `strata`; `all` rows. Left out: all, or k_means where there are more than `size`",
    }),
    size: z.int().min(1).max(1_000).optional().meta({ description: "Rows to keep; 100" }),
    strata: z
      .array(z.union([z.string().max(200), z.number()]))
      .max(100_000)
      .optional()
      .meta({ description: "Of each row, such as its class" }),
    seed: z.int().min(0).optional(),
  })
  .meta({ id: "PutBackground", example: { inputs: { features: [[17.99, 10.38, 122.8]] } } });

export const BackgroundView = z
  .object({
    background_id: id("bkg"),
    name: z.string(),
    model: z.string(),
    version: z.int(),
    method: z.enum(["all", "k_means", "stratified"]),
    rows: z.int(),
    source_rows: z.int(),
    seed: z.int(),
    created_at: Instant,
    created_by: z.string(),
  })
  .meta({ id: "Background" });
export const BackgroundList = z
  .object({ items: z.array(BackgroundView) })
  .meta({ id: "BackgroundList" });
export const BackgroundRows = BackgroundView.extend({
  inputs: z.record(z.string(), z.unknown()),
  weights: z.array(z.number()),
}).meta({ id: "BackgroundRows" });

export type PutBackground = z.input<typeof PutBackground>;
export type BackgroundView = z.infer<typeof BackgroundView>;
export type BackgroundRows = z.infer<typeof BackgroundRows>;
