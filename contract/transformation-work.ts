import type { DatasetProblem } from "../domain/datasets/dataset-fault.ts";
import type { TransformationType } from "../domain/datasets/transformations/transformation.ts";
import type { DatasetRefusal } from "./dataset-record.ts";

export const TRANSFORMATION_STATUSES = [
  "queued",
  "running",
  "succeeded",
  "failed",
  "cancelled",
] as const;
export type TransformationStatus = (typeof TRANSFORMATION_STATUSES)[number];

/** A version, or one that another transformation is to make first. */
export type TransformationSource =
  { dataset_id: string; version_id: string } | { transformation_id: string; output: string | null };

/** Where one of the versions that are made goes. Ids are given out before the work, so that work done twice makes one version. */
export type TransformationTarget = {
  /** The output of this name; null for the only one. */
  output: string | null;
  dataset_id: string;
  upload_id: string;
  message: string;
  tags: string[];
  /** The content that must come out; nothing is committed then. Null to make a version. */
  expected_content_hash: string | null;
};

export type TransformationDefinition = {
  transformation_id: string;
  owner_id: string;
  transformation_type: TransformationType;
  /** JSON, of which RPC can say no more. */
  parameters: object;
  /** In the order that the parameters count them in. */
  sources: TransformationSource[];
  targets: TransformationTarget[];
  created_by: string;
  created_at: number;
};

export type TransformationError =
  | { code: "data"; problem: DatasetProblem }
  | { code: "dataset"; dataset_id: string; refusal: DatasetRefusal }
  /** What makes a source of it has failed, or was cancelled. */
  | { code: "source_failed"; transformation_id: string }
  /** The data Worker had too much to do, or went away, again and again. */
  | { code: "busy" };

export type MadeVersion = {
  output: string | null;
  dataset_id: string;
  /** Null where nothing was committed, but compared. */
  version_id: string | null;
  version_number: number | null;
  content_hash: string;
  row_count: number | null;
  /** False where a version of this content was there. */
  created: boolean;
  /** Whether the content is what was expected; null where nothing was. */
  matches: boolean | null;
};

export type TransformationStanding = {
  status: TransformationStatus;
  error: TransformationError | null;
  /** How often the work was begun. */
  attempts: number;
  /** Of the attempt that is under way; a source that is read twice counts twice. */
  rows_read: number;
  rows_written: number;
  /** With every value that was fitted; null until then. */
  fitted_parameters: object | null;
  code_hash: string | null;
  made: MadeVersion[];
  updated_at: number;
  ended_at: number | null;
};

export type TransformationDetails = TransformationDefinition & TransformationStanding;

export type TransformationRefusal =
  | { code: "transformation_not_found" }
  | { code: "transformation_ended"; status: TransformationStatus };
