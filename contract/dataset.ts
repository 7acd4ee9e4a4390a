import * as z from "zod";
import { COLUMN_TYPES, type Schema } from "../domain/datasets/schema.ts";
import { FORMATS } from "../domain/datasets/table.ts";
import { TRANSFORMATION_TYPES } from "../domain/datasets/transformations/transformation.ts";
import { GroupPath } from "./group.ts";
import { Description, id, Instant, Name, NAME_RULE, PageQuery, pageOf } from "./common.ts";

export const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "expected a SHA-256 as 64 hexadecimal digits")
  .meta({ example: "0".repeat(64) });
export const JsonValue = z.unknown();

/** A dataset of the caller's by name, or any that the caller may see by id. */
export const DatasetRef = z
  .union([id("dat"), Name], {
    error: `expected the id of a dataset (dat_…) or its name: ${NAME_RULE}`,
  })
  .meta({ description: "Its name, or its id; one that is shared with you goes by its id" });
export const DatasetPath = z.object({ dataset: DatasetRef });

/** Not `head` and not a number, which name versions themselves. */
export const TagName = Name.refine((tag) => !/^(?:\d+|head|dsv_.*)$/.test(tag), {
  message: "expected a tag that is no number, no version id and not 'head'",
});
export const VersionRef = z
  .string()
  .max(64)
  .regex(
    /^(?:[1-9]\d{0,8}|dsv_[0-7][0-9a-hjkmnp-tv-z]{25}|[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?)$/,
    "expected a version's number, its id, a tag, or 'head'",
  )
  .meta({ description: "A number, an id, a tag, or `head`", example: "head" });
export const DatasetVersionPath = DatasetPath.extend({ version: VersionRef });
export const AsOf = z.object({
  as_of: Instant.optional().meta({ description: "With `head`: what was the head at this time" }),
});

export const Format = z.enum(FORMATS);
export const Compatibility = z.enum(["none", "backward", "forward", "full"]).meta({
  description:
    "What a new version's schema may change: `backward`: readers of the new schema can read older versions; `forward`: readers of the old schema can read newer ones; `full`: both; `none`: anything",
});

export const FieldSchema = z
  .strictObject({
    name: z.string().min(1).max(255),
    type: z.enum(COLUMN_TYPES),
    nullable: z.boolean().default(true),
    shape: z.array(z.int().min(0).nullable()).max(8).optional(),
    sampling_rate_hz: z.number().gt(0).optional(),
    unit: z.string().max(50).optional(),
    description: z.string().max(500).optional(),
  })
  .meta({ id: "DatasetField" });
export const SchemaView = z
  .strictObject({
    fields: z.array(FieldSchema).min(1).max(2_000),
    primary_key: z.array(z.string().max(255)).max(16).optional(),
    partition_keys: z.array(z.string().max(255)).max(16).optional(),
  })
  .meta({ id: "DatasetSchema" });
/** As the rules take it, whose optional members are absent and never undefined. */
export const DatasetSchemaBody = SchemaView.transform((schema) => schema as Schema);

/** The columns by name and type, as Python, numpy, Arrow or SQL name types. */
const ColumnTypes = z
  .strictObject({
    columns: z.record(z.string().min(1).max(255), z.string().max(100)),
    primary_key: z.array(z.string().max(255)).max(16).optional(),
    partition_keys: z.array(z.string().max(255)).max(16).optional(),
  })
  .meta({ id: "DatasetColumnTypes" });

export const Delimiter = z
  .string()
  .regex(/^[^"\r\n\0]$/, "expected one character that is no quote and no line break")
  .meta({ example: ";" });

export const ReadOptionsBody = z
  .strictObject({
    delimiter: Delimiter.optional(),
    header: z.boolean().optional(),
    null_values: z.array(z.string().max(100)).max(20).optional(),
    arrays: z.array(z.string().max(500)).max(2_000).optional(),
    sampling_rate_hz: z.number().gt(0).optional(),
  })
  .meta({ id: "DatasetReadOptions" });

export const AccessGroup = z
  .strictObject({ group: id("grp"), role: z.enum(["read", "write"]).default("read") })
  .meta({ id: "DatasetAccess" });

export const DatasetGroupPath = DatasetPath.extend(GroupPath.shape);
export const GrantAccess = AccessGroup.pick({ role: true }).meta({ id: "GrantDatasetAccess" });

export const Retention = z
  .strictObject({
    keep_last: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .meta({ description: "The latest versions" }),
    keep_days: z
      .int()
      .min(1)
      .max(36_500)
      .optional()
      .meta({ description: "Versions younger than this" }),
  })
  .meta({
    id: "DatasetRetention",
    description:
      "Versions that neither rule keeps may go when the dataset is collected, unless something uses them",
  });

const DatasetName = Name.refine((name) => !name.startsWith("dat_"), {
  error: "expected a name that does not begin as an id does, with 'dat_'",
});

export const CreateDataset = z
  .strictObject({
    name: DatasetName,
    description: Description.default(""),
    format: Format,
    schema: z.union([DatasetSchemaBody, ColumnTypes]).optional().meta({
      description: "What every version must have; without it the first version's is taken",
    }),
    compatibility: Compatibility.default("backward"),
    read_options: ReadOptionsBody.default({}),
    access_groups: z.array(AccessGroup).max(50).default([]),
    retention: Retention.nullable().default(null),
  })
  .meta({ id: "CreateDataset" });

export const ChangeDataset = z
  .strictObject({
    name: DatasetName.optional(),
    description: Description.optional(),
    compatibility: Compatibility.optional(),
    access_groups: z.array(AccessGroup).max(50).optional(),
    retention: Retention.nullable().optional(),
  })
  .meta({ id: "ChangeDataset" });

export const TransformationView = z
  .object({
    transformation_id: z.string(),
    transformation_type: z.enum(TRANSFORMATION_TYPES),
    source_version_ids: z.array(z.string()),
    parameters: z.record(z.string(), JsonValue),
    output: z.string().nullable(),
    code_hash: z.string().nullable(),
    executable: z.boolean(),
    executed_at: Instant,
  })
  .meta({ id: "TransformationRecord" });

export const DatasetVersionView = z
  .object({
    version_id: id("dsv"),
    dataset_id: id("dat"),
    dataset: z.string(),
    version_number: z.int(),
    manifest_sha256: Sha256,
    content_hash: Sha256,
    schema_hash: Sha256.nullable(),
    row_count: z.int().nullable(),
    size_bytes: z.int(),
    chunks: z.int(),
    new_bytes: z.int().meta({ description: "Bytes that no version before it had" }),
    parent_version_ids: z.array(z.string()),
    transformation: TransformationView.nullable(),
    message: z.string(),
    tags: z.array(z.string()),
    pinned: z.boolean(),
    is_head: z.boolean(),
    created_at: Instant,
    created_by: z.string(),
  })
  .meta({ id: "DatasetVersion" });
export type DatasetVersionView = z.infer<typeof DatasetVersionView>;

export const DatasetVersionDetails = DatasetVersionView.extend({
  schema: SchemaView.nullable(),
  warnings: z.array(z.string()),
  used_by: z.array(z.string()).meta({
    description: "Versions, runs, models and experiments that this version may not go before",
  }),
}).meta({ id: "DatasetVersionDetails" });
export type DatasetVersionDetails = Omit<z.infer<typeof DatasetVersionDetails>, "schema"> & {
  schema: Schema | null;
};

export const DatasetView = z
  .object({
    dataset_id: id("dat"),
    owner_id: id("usr"),
    name: Name,
    description: z.string(),
    format: Format,
    compatibility: Compatibility,
    access_groups: z.array(z.object({ group: z.string(), role: z.enum(["read", "write"]) })),
    retention: Retention.nullable(),
    archived_at: Instant.nullable(),
    head: z
      .object({
        version_id: id("dsv"),
        version_number: z.int(),
        row_count: z.int().nullable(),
        size_bytes: z.int(),
      })
      .nullable(),
    versions: z.int(),
    stored_bytes: z
      .int()
      .meta({ description: "What all versions take together, shared bytes once" }),
    created_at: Instant,
    updated_at: Instant,
  })
  .meta({ id: "Dataset" });
export type DatasetView = z.infer<typeof DatasetView>;

export const ListDatasets = PageQuery.extend({
  search: z.string().max(200).optional().meta({ description: "Text in the name or description" }),
  format: Format.optional(),
  archived: z.enum(["true", "false", "all"]).default("false"),
  shared: z
    .enum(["true", "false"])
    .default("false")
    .meta({ description: "Those of others that your groups may see, in the place of your own" }),
  order: z.enum(["newest", "oldest", "name"]).default("newest"),
});
export const DatasetList = pageOf(DatasetView, "Dataset");
export const DatasetVersionList = pageOf(DatasetVersionView, "DatasetVersion");

export const DatasetTags = z
  .object({
    items: z.array(z.object({ tag: TagName, version_number: z.int(), updated_at: Instant })),
  })
  .meta({ id: "DatasetTags" });
export const TagPath = DatasetPath.extend({ tag: TagName });
export const PutTag = z.strictObject({ version: VersionRef }).meta({ id: "PutDatasetTag" });

export const Collected = z
  .object({
    dry_run: z.boolean(),
    versions: z.array(
      z.object({ version_id: z.string(), version_number: z.int(), size_bytes: z.int() }),
    ),
    kept: z.array(
      z.object({
        version_id: z.string(),
        version_number: z.int(),
        reasons: z.array(z.string()),
      }),
    ),
    chunks: z.int(),
    bytes: z.int(),
  })
  .meta({ id: "CollectedDataset" });
export const Collect = z
  .strictObject({ dry_run: z.boolean().default(true) })
  .meta({ id: "CollectDataset" });
export const DryRunQuery = z.object({ dry_run: z.enum(["true", "false"]).default("false") });
export const Removal = z
  .object({
    dry_run: z.boolean(),
    versions: z.array(z.string()),
    bytes: z.int(),
  })
  .meta({ id: "DatasetRemoval" });

export type CreateDataset = z.input<typeof CreateDataset>;
export type ChangeDataset = z.input<typeof ChangeDataset>;
export type Collected = z.infer<typeof Collected>;
export type Removal = z.infer<typeof Removal>;
export type DatasetTags = z.infer<typeof DatasetTags>;
