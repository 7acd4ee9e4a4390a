import * as z from "zod";
import type { ChangedComparison } from "../domain/datasets/compare/compare-changed.ts";
import type { ProfileComparison } from "../domain/datasets/compare/compare-profiles.ts";
import type { ColumnProfile } from "../domain/datasets/inspection.ts";
import { EXPORT_FORMATS } from "../domain/datasets/formats/format-names.ts";
import { Instant, id } from "./common.ts";
import { DatasetVersionView, FieldSchema, JsonValue, VersionRef } from "./dataset.ts";

const ColumnProfileView = z
  .looseObject({ name: z.string(), count: z.int(), nulls: z.int() })
  .meta({ id: "DatasetColumnProfile" });

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
