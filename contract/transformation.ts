import * as z from "zod";
import { TRANSFORMATION_TYPES } from "../domain/datasets/transformations/transformation.ts";
import { AnyJson, id, Instant, PageQuery, pageOf } from "./common.ts";
import { DatasetRef, TagName, VersionRef } from "./dataset.ts";
import { Problem } from "./problem.ts";
import { TRANSFORMATION_STATUSES } from "./transformation-work.ts";

const JsonValue = z.unknown();
const TransformationType = z.enum(TRANSFORMATION_TYPES);
const TransformationStatus = z.enum(TRANSFORMATION_STATUSES);

/** A version by its id, or one of a dataset. */
export const AskedVersion = z
  .union([id("dsv"), z.strictObject({ dataset: DatasetRef, version: VersionRef.default("head") })])
  .meta({ id: "AskedDatasetVersion" });
export type AskedVersion = z.infer<typeof AskedVersion>;

const Wait = z.boolean().default(true).meta({
  description: "Wait for the end, some 20 seconds at most; otherwise the answer comes at once",
});

export const CreateTransformation = z
  .strictObject({
    transformation_type: TransformationType,
    source_versions: z.array(AskedVersion).min(1).max(2).meta({
      description: "Of a join the left one and the right one; one of all others",
    }),
    parameters: z
      .record(z.string(), AnyJson)
      .default({})
      .meta({ description: "As docs/transformations.md has them for each type" }),
    parameters_of: id("dsv").optional().meta({
      description:
        "In the place of `parameters`: those that made this version, with the values that were fitted then, such as those of a training part",
    }),
    outputs: z
      .array(
        z.strictObject({
          output: z.string().max(40).nullable().default(null),
          dataset: DatasetRef.optional(),
          tags: z.array(TagName).max(20).default([]),
        }),
      )
      .min(1)
      .max(20)
      .optional()
      .meta({
        description:
          "Which of the versions that it makes are wanted, and where; all of them in the dataset of the path, those that have names tagged with them",
      }),
    message: z.string().max(2_000).default(""),
    tags: z.array(TagName).max(20).default([]),
    wait: Wait,
  })
  .meta({
    id: "CreateTransformation",
    example: {
      transformation_type: "filter",
      source_versions: [{ dataset: "bearings" }],
      parameters: { where: "rpm > 1000 and label in ('inner', 'outer')" },
    },
  });
export type CreateTransformation = z.input<typeof CreateTransformation>;

export const TransformationPath = z.object({
  id: id("trn").meta({ param: { name: "id", in: "path" } }),
});

export const TransformationStateView = z
  .object({
    transformation_id: id("trn"),
    transformation_type: TransformationType,
    status: TransformationStatus,
    source_version_ids: z.array(z.string()).meta({
      description: "A source that another transformation is to make has that one's id until then",
    }),
    parameters: z.record(z.string(), JsonValue).meta({
      description: "With every default, and with every value that was fitted as soon as it is",
    }),
    code_hash: z.string().nullable(),
    attempts: z.int(),
    rows_read: z.int(),
    rows_written: z.int(),
    versions: z.array(
      z.object({
        output: z.string().nullable(),
        dataset_id: id("dat"),
        version_id: id("dsv").nullable(),
        version_number: z.int().nullable(),
        content_hash: z.string(),
        row_count: z.int().nullable(),
        created: z
          .boolean()
          .meta({ description: "False where a version of this content was there" }),
        matches: z.boolean().nullable(),
        warnings: z
          .array(z.string())
          .meta({ description: "Such as that a part of a split has no rows" }),
      }),
    ),
    problem: Problem.nullable().meta({ description: "Why it failed" }),
    created_at: Instant,
    created_by: z.string(),
    updated_at: Instant,
    ended_at: Instant.nullable(),
  })
  .meta({ id: "Transformation" });
export type TransformationStateView = z.infer<typeof TransformationStateView>;

export const ListTransformations = PageQuery.extend({
  status: TransformationStatus.optional(),
  dataset: DatasetRef.optional().meta({ description: "What was made for this dataset" }),
});
export const TransformationSummary = z
  .object({
    transformation_id: id("trn"),
    transformation_type: TransformationType,
    dataset_id: id("dat"),
    status: TransformationStatus,
    created_at: Instant,
    ended_at: Instant.nullable(),
  })
  .meta({ id: "TransformationSummary" });
export type TransformationSummary = z.infer<typeof TransformationSummary>;
export const TransformationList = pageOf(TransformationSummary, "Transformation");

export const ReplayTransformations = z
  .strictObject({
    target_version: VersionRef.default("head").meta({
      description: "A version of the dataset of the path; it says what is to be done again",
    }),
    source_version: AskedVersion.meta({ description: "What the target was made of" }),
    new_source_version: AskedVersion.meta({ description: "What is to stand in its place" }),
    refit: z.boolean().default(false).meta({
      description:
        "Fit anew what was fitted to data, such as the means of a normalization; otherwise it is applied as it was",
    }),
    tags: z.array(TagName).max(20).default([]),
    message: z.string().max(2_000).default(""),
    wait: Wait,
  })
  .meta({
    id: "ReplayTransformations",
    example: {
      source_version: { dataset: "bearings", version: "1" },
      new_source_version: { dataset: "bearings" },
    },
  });
export type ReplayTransformations = z.input<typeof ReplayTransformations>;

export const Replay = z
  .object({
    transformations: z.array(TransformationStateView).meta({
      description: "In order; the last makes the counterpart of the target",
    }),
  })
  .meta({ id: "Replay" });

export const ValidateVersion = z
  .strictObject({
    rederive: z.boolean().default(true).meta({
      description: "Carry the steps out again, and compare what comes out; nothing is kept of it",
    }),
    wait: Wait,
  })
  .meta({ id: "ValidateDatasetVersion" });

export const Reproducibility = z
  .object({
    version_id: id("dsv"),
    reproducible: z.boolean().nullable().meta({
      description: "Null while steps are being carried out, or were not to be",
    }),
    roots: z.array(z.string()),
    steps: z.array(
      z.object({
        transformation_id: z.string(),
        transformation_type: TransformationType,
        versions: z.array(z.string()),
      }),
    ),
    missing: z.array(z.looseObject({ code: z.string() })),
    checks: z.array(TransformationStateView),
  })
  .meta({ id: "DatasetReproducibility" });
export type Reproducibility = z.infer<typeof Reproducibility>;
