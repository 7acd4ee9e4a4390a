import * as z from "zod";
import { id, Instant, PageQuery, pageOf } from "./common.ts";
import { Problem } from "./problem.ts";

export const JobPath = z.object({ id: id("job").meta({ param: { name: "id", in: "path" } }) });
export const JOB_STATUSES = ["queued", "running", "succeeded", "failed", "cancelled"] as const;
export const JobStatus = z.enum(JOB_STATUSES);
export type JobStatus = z.infer<typeof JobStatus>;
export const JobKind = z.enum(["explain_batch", "explain_global"]);
export type JobKind = z.infer<typeof JobKind>;

export const JobView = z
  .object({
    job_id: id("job"),
    kind: JobKind,
    status: JobStatus,
    model: z.string(),
    model_version: z.int(),
    rows: z.int(),
    rows_done: z.int(),
    progress: z.number().meta({ description: "The share of the rows that is done" }),
    explanation_ids: z.array(id("xpl")).meta({ description: "What there is so far" }),
    problem: Problem.nullable().meta({ description: "Why it failed" }),
    created_at: Instant,
    updated_at: Instant,
    ended_at: Instant.nullable(),
  })
  .meta({ id: "Job" });
export type JobView = z.infer<typeof JobView>;

export const JobQuery = PageQuery.extend({ status: JobStatus.optional() });
export const JobSummary = JobView.omit({
  rows_done: true,
  progress: true,
  explanation_ids: true,
  problem: true,
  updated_at: true,
}).meta({ id: "JobSummary" });
export type JobSummary = z.infer<typeof JobSummary>;
export const JobPage = pageOf(JobSummary, "Job");
