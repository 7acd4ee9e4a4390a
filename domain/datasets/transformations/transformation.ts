import type { Json } from "../table.ts";

export const TRANSFORMATION_TYPES = [
  "filter",
  "map",
  "join",
  "aggregate",
  "sample",
  "split",
  "feature_engineering",
  "normalization",
  "augmentation",
] as const;
export type TransformationType = (typeof TRANSFORMATION_TYPES)[number];

/** How a version was made of others: enough to make it again. */
export type TransformationRecord = {
  transformation_id: string;
  transformation_type: TransformationType;
  /** In the order that the parameters count them in. */
  source_version_ids: string[];
  /** As they were asked for, with every default written out and every fitted value stored. */
  parameters: { [name: string]: Json };
  /** Which of several outputs this version is: `train`, `test`; null for the only one. */
  output: string | null;
  /** SHA-256 of what computes it: the canonical operation and the version of its engine; for a transformation that was done elsewhere, of that code. */
  code_hash: string | null;
  /** Whether Linnet can carry it out again; false for one that was done elsewhere and told of. */
  executable: boolean;
  executed_at: number;
};
