import type { GlobalRequest } from "../domain/explain/engine/summarise-explanations.ts";
import type { ExplainCall, ExplainError } from "./explain.ts";
import type { JobKind, JobStatus } from "./job.ts";

/** Where the answer to each row goes. Ids are given out before the work, so that work done twice is kept once. */
export type RowOrigin = { explanation_id: string; prediction_id: string | null; cache_key: string };

/** Rows that one call explains. */
export type JobPiece = { feeds: ExplainCall["feeds"]; rows: RowOrigin[] };

export type JobDefinition = {
  job_id: string;
  owner_id: string;
  kind: JobKind;
  model_id: string;
  model: string;
  version: number;
  /** What every piece has in common. */
  call: Omit<ExplainCall, "feeds">;
  /** For a global explanation: its id, and how rows are summed up. */
  summary: { explanation_id: string; request: GlobalRequest } | null;
  ttl_ms: number;
  rows: number;
  created_at: number;
};

export type JobRecord = Pick<
  JobDefinition,
  "job_id" | "kind" | "model" | "version" | "rows" | "created_at"
> & {
  status: JobStatus;
  rows_done: number;
  explanation_ids: string[];
  error: ExplainError | null;
  updated_at: number;
  ended_at: number | null;
};

export type JobRefusal = { code: "job_not_found" } | { code: "job_ended"; status: JobStatus };
