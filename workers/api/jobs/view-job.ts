import type { Context } from "hono";
import type { JobSummary, JobView } from "../../../contract/job.ts";
import type { JobRecord } from "../../../contract/job-work.ts";
import type { JobRow } from "../../../database/jobs.ts";
import { explainProblem } from "../explanations/explain-problem.ts";
import type { AppEnv } from "../http/app-env.ts";
import { instant, instantOrNull } from "../http/times.ts";

export const viewJob = (job: JobRecord): JobView => ({
  job_id: job.job_id,
  kind: job.kind,
  status: job.status,
  model: job.model,
  model_version: job.version,
  rows: job.rows,
  rows_done: job.rows_done,
  progress: job.rows === 0 ? 1 : job.rows_done / job.rows,
  explanation_ids: job.explanation_ids,
  problem: job.error && explainProblem(job.error).toBody(job.job_id),
  created_at: instant(job.created_at),
  updated_at: instant(job.updated_at),
  ended_at: instantOrNull(job.ended_at),
});

export const summariseJob = (row: JobRow): JobSummary => ({
  job_id: row.id,
  kind: row.kind,
  status: row.status,
  model: row.model,
  model_version: row.version,
  rows: row.rows,
  created_at: instant(row.created_at),
  ended_at: instantOrNull(row.ended_at),
});

/** The job that will make what was asked for, and where to read of it. */
export function acceptedJob(c: Context<AppEnv>, job: JobRecord) {
  c.header("location", `/v1/jobs/${job.job_id}`);
  return c.json(viewJob(job), 202);
}
