import * as z from "zod";
import { ENDS_BYTES } from "../domain/datasets/file-ends.ts";
import type { Schema } from "../domain/datasets/schema.ts";
import { TRANSFORMATION_TYPES } from "../domain/datasets/transformations/transformation.ts";
import { AnyJson, Instant, id } from "./common.ts";
import {
  DatasetPath,
  DatasetSchemaBody,
  DatasetVersionView,
  Delimiter,
  ReadOptionsBody,
  SchemaView,
  Sha256,
  TagName,
} from "./dataset.ts";
import { Problem } from "./problem.ts";

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
        parameters: z.record(z.string(), AnyJson).default({}),
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
    problem: Problem.nullable().meta({ description: "Why it failed" }),
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
export const EndsQuery = z.object({
  head: z.coerce.number().int().min(1).max(ENDS_BYTES).meta({
    description:
      "How many bytes of the body are the file's first; the others are its last. A MiB of each tells most",
  }),
});
export const CheckedEnds = z
  .object({
    schema: SchemaView.nullable().meta({
      description:
        "The columns, if these bytes tell them; types that were guessed may change with later rows",
    }),
    warnings: z.array(z.string()),
  })
  .meta({ id: "CheckedDatasetEnds" });
export const StoredPack = z
  .object({ chunks: z.int(), size_bytes: z.int() })
  .meta({ id: "StoredDatasetPack" });

export type PutVersionQuery = z.input<typeof PutVersionQuery>;
export type BeginUpload = z.input<typeof BeginUpload>;
export type DeclareChunks = z.input<typeof DeclareChunks>;
export type DeclaredChunks = z.infer<typeof DeclaredChunks>;
export type CheckedEnds = Omit<z.infer<typeof CheckedEnds>, "schema"> & { schema: Schema | null };
export type StoredPack = z.infer<typeof StoredPack>;
