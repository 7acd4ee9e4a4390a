import * as z from "zod";
import type { ChangedComparison } from "../domain/datasets/compare/compare-changed.ts";
import type { ProfileComparison } from "../domain/datasets/compare/compare-profiles.ts";
import type { ColumnProfile } from "../domain/datasets/inspection.ts";
import { EXPORT_FORMATS } from "../domain/datasets/formats/format-names.ts";
import { COLUMN_TYPES, type Schema } from "../domain/datasets/schema.ts";
import { FORMATS } from "../domain/datasets/table.ts";
import { TRANSFORMATION_TYPES } from "../domain/datasets/transformations/transformation.ts";
import { Description, id, Instant, Name, PageQuery, pageOf } from "./common.ts";

const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "expected a SHA-256 as 64 hexadecimal digits")
  .meta({ example: "0".repeat(64) });
const JsonValue = z.unknown();

/** A dataset of the caller's by name, or any that the caller may see by id. */
export const DatasetRef = z
  .union([id("dat"), Name])
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
const SchemaView = z
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

const Delimiter = z
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

export const CreateDataset = z
  .strictObject({
    name: Name,
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
    name: Name.optional(),
    description: Description.optional(),
    compatibility: Compatibility.optional(),
    access_groups: z.array(AccessGroup).max(50).optional(),
    retention: Retention.nullable().optional(),
  })
  .meta({ id: "ChangeDataset" });

const ColumnProfileView = z
  .looseObject({ name: z.string(), count: z.int(), nulls: z.int() })
  .meta({ id: "DatasetColumnProfile" });

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

const IfHead = z
  .union([id("dsv"), z.literal("none")])
  .optional()
  .meta({
    description: "The head must be this version (`none`: there must be none), or nothing is added",
  });

/** Of one PUT that carries the file. */
export const PutVersionQuery = z.object({
  if_head: IfHead,
  message: z.string().max(2_000).optional(),
  tag: TagName.optional(),
  delimiter: Delimiter.optional(),
  header: z.enum(["true", "false"]).optional(),
});

export const BeginUpload = z
  .strictObject({
    size_bytes: z
      .int()
      .min(1)
      .max(2 ** 33),
    read_options: ReadOptionsBody.optional(),
    schema: DatasetSchemaBody.optional().meta({
      description:
        "The columns, if the client knows them: refused at once where they break the rules",
    }),
    if_head: IfHead,
    message: z.string().max(2_000).default(""),
    tags: z.array(TagName).max(20).default([]),
    parent_version_ids: z.array(id("dsv")).max(50).default([]),
    transformation: z
      .strictObject({
        transformation_type: z.enum(TRANSFORMATION_TYPES),
        parameters: z.record(z.string(), JsonValue).default({}),
        code_hash: Sha256.optional(),
      })
      .optional()
      .meta({ description: "What was done elsewhere to make it of its parents" }),
  })
  .meta({ id: "BeginDatasetUpload" });

export const UploadPath = DatasetPath.extend({ upload: id("upl") });
export const UploadView = z
  .object({
    upload_id: id("upl"),
    status: z.enum(["open", "checking", "done", "failed"]),
    size_bytes: z.int(),
    declared_bytes: z.int(),
    declared_chunks: z.int(),
    missing_chunks: z.int(),
    version: DatasetVersionView.nullable(),
    created: z
      .boolean()
      .nullable()
      .meta({ description: "False where this content was a version already" }),
    problem: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
    expires_at: Instant,
  })
  .meta({ id: "DatasetUpload" });
export type UploadView = z.infer<typeof UploadView>;

export const DeclareChunks = z
  .strictObject({
    at: z
      .int()
      .min(0)
      .meta({ description: "Which chunk of the file the first of these is, from 0" }),
    chunks: z
      .array(
        z.strictObject({
          sha256: Sha256,
          length: z
            .int()
            .min(1)
            .max(16 * 2 ** 20),
        }),
      )
      .min(1)
      .max(4_000),
  })
  .meta({ id: "DeclareDatasetChunks" });
export const DeclaredChunks = z
  .object({
    missing: z.array(z.int()).meta({ description: "Positions in `chunks` that are to be sent" }),
  })
  .meta({ id: "DeclaredDatasetChunks" });
export const StoredPack = z
  .object({ chunks: z.int(), size_bytes: z.int() })
  .meta({ id: "StoredDatasetPack" });

export const RowsQuery = z.object({
  from: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(20),
  columns: z.string().max(10_000).optional().meta({ description: "Names, separated by commas" }),
});
const DatasetRow = z.record(z.string(), JsonValue);
export const RowsView = z
  .object({
    fields: z.array(FieldSchema),
    from: z.int(),
    rows: z.array(DatasetRow),
    cut: z
      .array(z.object({ row: z.int(), column: z.string() }))
      .meta({ description: "Cells of which there is more" }),
    truncated: z.boolean().meta({ description: "Whether rows were left out for their size" }),
    row_count: z.int().nullable(),
    next_from: z.int().nullable(),
  })
  .meta({ id: "DatasetRows" });

export const PreviewQuery = z.object({
  by: z.string().min(1).max(255).meta({ description: "The column that holds the classes" }),
  per_class: z.coerce.number().int().min(1).max(20).default(3),
});
export const PreviewView = z
  .object({
    column: z.string(),
    classes: z.array(
      z.object({
        value: JsonValue,
        count: z.int(),
        rows: z.array(z.object({ row: z.int(), values: DatasetRow })),
      }),
    ),
    rows_read: z.int(),
    truncated: z.boolean().meta({ description: "Whether classes or rows were left out" }),
    complete: z.boolean().meta({ description: "Whether the counts are those of all rows" }),
  })
  .meta({ id: "DatasetPreview" });

export const StatisticsView = z
  .object({
    version_id: id("dsv"),
    row_count: z.int().nullable(),
    size_bytes: z.int(),
    columns: z.array(ColumnProfileView),
    warnings: z.array(z.string()),
  })
  .meta({ id: "DatasetStatistics" });

export const SignalQuery = z.object({
  column: z.string().min(1).max(255).optional(),
  row: z.coerce.number().int().min(0).default(0),
  channel: z.coerce.number().int().min(0).default(0),
  from: z.coerce.number().int().min(0).optional(),
  to: z.coerce.number().int().min(1).optional(),
  points: z.coerce.number().int().min(2).max(20_000).default(2_000).meta({
    description: "No more samples than this: the lowest and the highest of each stretch",
  }),
});
export const SignalView = z
  .object({
    column: z.string(),
    row: z.int(),
    from: z.int(),
    to: z.int(),
    length: z.int().meta({ description: "Of the whole signal, in samples" }),
    sampling_rate_hz: z.number().nullable(),
    unit: z.string().nullable(),
    dims: z.array(z.int()),
    index: z.array(z.int()).meta({ description: "Which sample each value is, from `from` on" }),
    values: z.array(z.number().nullable()).meta({ description: "Null where it is not finite" }),
  })
  .meta({ id: "DatasetSignal" });

export const ExportQuery = z.object({
  format: z.enum(EXPORT_FORMATS),
});

export const CreateLink = z
  .strictObject({
    expires_in_s: z.int().min(1).max(604_800).default(3_600),
    format: z.enum(EXPORT_FORMATS).optional(),
  })
  .meta({ id: "CreateDatasetLink" });
export const LinkView = z
  .object({ url: z.string(), expires_at: Instant })
  .meta({ id: "DatasetLink" });

export const CompareQuery = z.object({
  from: VersionRef,
  to: VersionRef.default("head"),
  key: z
    .string()
    .max(2_000)
    .optional()
    .meta({ description: "Columns, separated by commas; the primary key" }),
  samples: z.coerce.number().int().min(0).max(100).default(10),
});
export const Comparison = z
  .looseObject({
    from: DatasetVersionView,
    to: DatasetVersionView,
    shared_bytes: z.int(),
  })
  .meta({ id: "DatasetComparison" });

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
export type PutVersionQuery = z.input<typeof PutVersionQuery>;
export type BeginUpload = z.input<typeof BeginUpload>;
export type DeclareChunks = z.input<typeof DeclareChunks>;
export type DeclaredChunks = z.infer<typeof DeclaredChunks>;
export type StoredPack = z.infer<typeof StoredPack>;
export type RowsView = z.infer<typeof RowsView>;
export type PreviewView = z.infer<typeof PreviewView>;
export type StatisticsView = Omit<z.infer<typeof StatisticsView>, "columns"> & {
  columns: ColumnProfile[];
};
export type SignalView = z.infer<typeof SignalView>;
export type CreateLink = z.input<typeof CreateLink>;
export type LinkView = z.infer<typeof LinkView>;
export type Comparison = z.infer<typeof Comparison> &
  ChangedComparison & { changed_bytes: number; columns: ProfileComparison };
export type Collected = z.infer<typeof Collected>;
export type Removal = z.infer<typeof Removal>;
export type DatasetTags = z.infer<typeof DatasetTags>;
