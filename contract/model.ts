import * as z from "zod";
import { ELEMENT_TYPES } from "../domain/tensors/tensor.ts";
import { Description, id, Instant, Name, PageQuery, pageOf } from "./common.ts";

export const ModelPath = z.object({ name: Name });
export const VersionNumber = z.coerce
  .number()
  .int()
  .min(1)
  .max(2 ** 31);
export const VersionPath = z.object({ name: Name, version: VersionNumber });
export const AliasPath = z.object({ name: Name, alias: Name });

export const CreateModel = z.strictObject({ name: Name, description: Description.default("") });

export const ModelQuery = PageQuery.extend({
  search: z.string().max(64).optional().meta({ description: "Part of the name or description" }),
  order: z.enum(["newest", "oldest", "name"]).default("newest"),
});

export const TensorSpec = z
  .object({
    name: z.string(),
    type: z.enum(ELEMENT_TYPES),
    shape: z.array(z.union([z.number(), z.string(), z.null()])).meta({
      description: "A number is fixed, a name is symbolic, null is unknown",
      example: ["batch", 30],
    }),
  })
  .meta({ id: "TensorSpec" });

export const DerivedFrom = z
  .object({
    version: z.int().meta({ description: "The version that it was made of; it may be gone" }),
    kind: z.string().meta({ example: "quantize_static" }),
    options: z.record(z.string(), z.unknown()),
    report: z.record(z.string(), z.unknown()).meta({ description: "What the pass did" }),
    at: Instant,
    by: z.string(),
  })
  .meta({ id: "DerivedFrom" });

const Names = z.array(z.string()).nullable();

export const ModelDetails = z
  .object({
    feature_names: Names,
    class_names: Names,
    categorical_features: z.array(z.union([z.string(), z.int()])).nullable(),
    preprocessing: z
      .array(
        z.object({
          input: z.string().meta({ description: "Under which name raw values are given" }),
          kind: z.enum(["text", "image"]),
          fills: z.array(z.string()).meta({ description: "The inputs that are made of them" }),
          summary: z.string().meta({ example: "lower case, words, hashing of 4,096" }),
        }),
      )
      .meta({ description: "For each input that takes raw values" }),
  })
  .meta({ id: "ModelDetails", description: "What the file says of the model in its metadata" });

export const VersionView = z
  .object({
    model: z.string(),
    version: z.int(),
    sha256: z.string(),
    size_bytes: z.int(),
    description: z.string(),
    inputs: z.array(TensorSpec),
    outputs: z.array(TensorSpec),
    created_at: Instant,
    created_by: z.string(),
    derived_from: DerivedFrom.nullable().meta({
      description: "How it was made of another version; null for a file that was uploaded",
    }),
    details: ModelDetails.nullable().meta({
      description: "What the file says in `linnet.description`; null where it has none",
    }),
  })
  .meta({ id: "ModelVersion" });

export const AliasView = z
  .object({ alias: z.string(), version: z.int(), updated_at: Instant })
  .meta({ id: "Alias" });

export const ModelView = z
  .object({
    id: id("mdl"),
    name: z.string(),
    description: z.string(),
    latest_version: z.int().nullable(),
    aliases: z.array(AliasView),
    created_at: Instant,
    updated_at: Instant,
  })
  .meta({ id: "Model" });

export const ModelPage = pageOf(ModelView, "Model");
export const VersionPage = pageOf(VersionView, "ModelVersion");

export const UploadQuery = z.object({
  description: Description.default("").meta({ description: "What is new in this version" }),
});

export const MoveAlias = z.strictObject({
  version: z.int().min(1),
  expected_version: z.int().min(1).nullable().optional().meta({
    description: "Refuse unless the alias points here now; null expects that it does not exist",
  }),
});

export const AliasChange = z
  .object({
    version: z.int().nullable().meta({ description: "Null when the alias was removed" }),
    previous_version: z.int().nullable(),
    at: Instant,
    by: z.string().meta({ description: "The key or the experiment that moved it" }),
  })
  .meta({ id: "AliasChange" });

export const AliasHistory = AliasView.extend({ history: z.array(AliasChange) }).meta({
  id: "AliasHistory",
});

export type CreateModel = z.input<typeof CreateModel>;
export type ModelQuery = z.input<typeof ModelQuery>;
export type MoveAlias = z.input<typeof MoveAlias>;
export type ModelView = z.infer<typeof ModelView>;
export type DerivedFrom = z.infer<typeof DerivedFrom>;
export type VersionView = z.infer<typeof VersionView>;
export type AliasView = z.infer<typeof AliasView>;
export type AliasHistory = z.infer<typeof AliasHistory>;
