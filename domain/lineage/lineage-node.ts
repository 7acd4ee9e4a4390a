import type { Json } from "../datasets/table.ts";

export const NODE_KINDS = [
  "dataset_version",
  "transformation",
  "run",
  "model_version",
  "experiment",
  /** Something outside Linnet that an OpenLineage event told of. */
  "external_dataset",
  "external_job",
] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

/** Ids: `dsv_…`, `trn_…`, `run_…`, `mdl_…@3`, `exp_…`, and `namespace/name` behind `ds:` or `job:` for what is outside. */
export type LineageNode = {
  node_id: string;
  node_type: NodeKind;
  /** A name for people, such as `bearings@3`. */
  label: string;
  /** Milliseconds since 1970. */
  created_at: number;
  /** Small: a kilobyte or two. */
  metadata: { [name: string]: Json };
};

/** Data flow: `to` was made from `from`, or used it. */
export type LineageEdge = { from: string; to: string };
