import type { ChunkRef } from "../domain/datasets/chunks/recipe.ts";
import type { DatasetProblem } from "../domain/datasets/dataset-fault.ts";
import type { Inspection } from "../domain/datasets/inspection.ts";
import type { RetentionRule } from "../domain/datasets/retention.ts";
import type { EvolutionMode } from "../domain/datasets/schema-rules/evolution.ts";
import type { Schema } from "../domain/datasets/schema.ts";
import type { Format, ReadOptions } from "../domain/datasets/table.ts";
import type { TransformationRecord } from "../domain/datasets/transformations/transformation.ts";

/** RPC cannot say of what type JSON is. */
export type KeptTransformation = Omit<TransformationRecord, "parameters"> & { parameters: object };

/** What a dataset's actor says of a version. Times are milliseconds since 1970. */
export type DatasetVersionRecord = {
  /** `dsv_` and the first 128 bits of `manifest_sha256`. */
  version_id: string;
  dataset_id: string;
  version_number: number;
  manifest_sha256: string;
  /** SHA-256 of the file. */
  content_hash: string;
  schema_hash: string | null;
  row_count: number | null;
  size_bytes: number;
  chunks: number;
  /** Bytes of it that no earlier version had. */
  new_bytes: number;
  read_options: ReadOptions;
  parent_version_ids: string[];
  transformation: KeptTransformation | null;
  message: string;
  created_at: number;
  created_by: string;
  pinned: boolean;
  tags: string[];
};

/** Where the bytes of a file lie: parts of R2 objects, in order. */
export type Extent = { key: string; offset: number; length: number };
export type StoredFile = {
  size_bytes: number;
  extents: Extent[];
  format: Format;
  read_options: ReadOptions;
};

/** Which version is meant; none of them means the head. */
export type DatasetVersionSelector = {
  version_id?: string;
  version_number?: number;
  tag?: string;
  /** The version that was the head at this time. */
  as_of?: number;
};

/** An R2 object of chunks, one behind the other. */
export type Pack = { key: string; size_bytes: number; chunks: ChunkRef[] };

/** A file that lies in packs, or in chunks that the dataset had before, and what reading it told. */
export type IngestedFile = {
  recipe: ChunkRef[];
  packs: Pack[];
  size_bytes: number;
  content_hash: string;
  inspection: Inspection;
};

/** What is asked of a version that is coming in, before its bytes are there. */
export type NewDatasetVersion = {
  size_bytes: number | null;
  read_options: ReadOptions;
  parent_version_ids: string[];
  transformation: KeptTransformation | null;
  message: string;
  tags: string[];
  /** The head must be this version (null: there must be none); undefined: whatever it is. */
  if_head?: string | null | undefined;
  /** The columns, where they are known before the bytes. */
  schema?: Schema | undefined;
  created_by: string;
};

export type DatasetDefinition = {
  dataset_id: string;
  owner_id: string;
  name: string;
  format: Format;
  compatibility: EvolutionMode;
  read_options: ReadOptions;
  /** What every version must have; null to take the first version's. */
  schema: Schema | null;
  retention: RetentionRule | null;
  created_at: number;
};

export type DatasetRecord = DatasetDefinition & {
  archived_at: number | null;
  head: DatasetVersionRecord | null;
  versions: number;
  stored_bytes: number;
  updated_at: number;
};

export type UploadRecord = {
  upload_id: string;
  status: "open" | "checking" | "done" | "failed";
  size_bytes: number | null;
  declared_bytes: number;
  declared_chunks: number;
  missing_chunks: number;
  result: CommittedVersion | null;
  refusal: DatasetRefusal | null;
  expires_at: number;
};

/** What collecting would remove or has removed, and why the rest stays. */
export type CollectedRecord = {
  versions: { version_id: string; version_number: number; size_bytes: number }[];
  kept: { version_id: string; version_number: number; reasons: string[] }[];
  chunks: number;
  bytes: number;
};

/** Told over the queue, once each thing is committed. */
export type DatasetEvent = {
  type:
    | "dataset.created"
    | "dataset.version_created"
    | "dataset.version_deleted"
    | "dataset.archived"
    | "dataset.restored"
    | "dataset.deleted";
  dataset_id: string;
  owner_id: string;
  name: string;
  version_id: string | null;
  version_number: number | null;
  at: number;
};

export type DatasetRefusal =
  | { code: "dataset_not_found" }
  | { code: "dataset_archived" }
  | { code: "dataset_version_not_found"; asked: DatasetVersionSelector }
  | {
      code: "dataset_version_in_use";
      version_id: string;
      used_by: string[];
      pinned: boolean;
      tags: string[];
      is_head: boolean;
    }
  | {
      code: "dataset_in_use";
      used_by: { version_id: string; used_by: string[]; pinned: boolean }[];
    }
  | { code: "head_moved"; found: string | null; found_number: number | null }
  | { code: "upload_not_found" }
  | { code: "upload_incomplete"; missing: number }
  | { code: "tag_not_found"; tag: string }
  | { code: "parent_not_found"; version_id: string }
  | { code: "data_refused"; problem: DatasetProblem }
  /** Reading the file failed for a reason that may pass. */
  | { code: "busy" };

/** Whose a consumer is: an owner's by their id, or by that of the actor that holds their graph. */
export type Claimant = { owner_id: string } | { graph: string };

/** What uses a version and is of somebody else; `unsure` (1): it was not noted of whom. */
export type OtherUse = { version_id: string; node_id: string; unsure: 0 | 1 };

export type CommittedVersion = { version: DatasetVersionRecord; created: boolean };

/** Where all that is stored of a dataset lies. */
export const datasetPrefix = (datasetId: string): string => `datasets/${datasetId}/`;

/** Where the packs of an upload lie; what is left under it when the upload ends is swept. */
export const packPrefix = (datasetId: string, uploadId: string): string =>
  `${datasetPrefix(datasetId)}${uploadId}/`;
