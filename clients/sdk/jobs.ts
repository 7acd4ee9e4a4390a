import type { CallOptions, Linnet } from "./client.ts";
import { LinnetError, refusalOf } from "./linnet-error.ts";
import { eachItem, type PageQuery } from "./page.ts";
import { path } from "./path.ts";
import { pause } from "./retry.ts";
import type { JobSummary, JobView, Page } from "./wire.ts";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
/** A job outlives a platform's restart, and so does who waits for it: about half a minute. */
const DEFAULT_RETRIES = 8;

export type JobQuery = PageQuery & { status?: JobView["status"] | undefined };

/** A page of your jobs, newest first; one that ended is kept for a week. */
export const list = (
  client: Linnet,
  query?: JobQuery,
  options?: CallOptions,
): Promise<Page<JobSummary>> =>
  client.call({ method: "GET", path: "/v1/jobs", query: { ...query }, repeatable: true }, options);

export const all = (
  client: Linnet,
  query?: JobQuery,
  options?: CallOptions,
): AsyncIterable<JobSummary> =>
  eachItem((cursor) => list(client, { ...query, cursor }, options), query?.cursor);

/** How far a job is, and what it has made. */
export const get = (client: Linnet, id: string, options?: CallOptions): Promise<JobView> =>
  client.call({ method: "GET", path: path`/v1/jobs/${id}`, repeatable: true }, options);

/** What the job has made by then stays. Refused with `job_ended` where it has ended. */
export const cancel = (client: Linnet, id: string, options?: CallOptions): Promise<JobView> =>
  client.call({ method: "POST", path: path`/v1/jobs/${id}/cancel`, repeatable: false }, options);

export type WaitOptions = CallOptions & {
  /** Each state that was read, the last included. */
  onProgress?: ((job: JobView) => void) | undefined;
};

/**
 * The job when it has ended, well or not: `status` says which. It is asked for after a quarter of
 * a second and then ever less often, every 5 s in the end. An aborted wait rejects with its
 * signal's reason and leaves the job running; `timeoutMs` bounds each look at it.
 */
export async function wait(
  client: Linnet,
  id: string,
  { onProgress, ...options }: WaitOptions = {},
): Promise<JobView> {
  const signal = options.signal ?? new AbortController().signal;
  for (let delay = FIRST_WAIT_MS; ; delay = Math.min(LONGEST_WAIT_MS, delay * 1.5)) {
    const job = await get(client, id, { retries: DEFAULT_RETRIES, ...options });
    onProgress?.(job);
    if (job.ended_at !== null) return job;
    await pause(delay, signal);
  }
}

/** Throws the problem that an ended job ended with; of a cancelled one it is `job_ended`. */
export function assertSucceeded(job: JobView): void {
  if (job.status === "succeeded") return;
  if (job.problem) throw refusalOf(job.problem);
  const { job_id, status, rows_done, rows } = job;
  const detail = `the job ${job_id} is ${status} after ${rows_done} of ${rows} rows`;
  throw new LinnetError({ code: "job_ended", detail, status: 409 });
}
