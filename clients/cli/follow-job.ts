import { type JobView, jobs, type Linnet } from "@linnet/sdk";
import type { Context } from "./command.ts";
import { formatCount } from "./format.ts";
import { createProgress } from "./progress.ts";

/**
 * The job when it has succeeded, with a bar on the terminal until then. What it ended with
 * otherwise is thrown. Ctrl-C leaves it running.
 */
export async function followJob(
  context: Context,
  client: Linnet,
  { job_id, rows }: Pick<JobView, "job_id" | "rows">,
): Promise<JobView> {
  const { json, paint, world } = context;
  const { signal, stderr } = world;
  const format = (count: number) => `${formatCount(Math.round(count))} rows`;
  const progress = createProgress(stderr, { label: job_id, total: rows, paint, format });
  const onProgress = (job: JobView) => json || progress.update(job.rows_done);
  try {
    const job = await jobs.wait(client, job_id, { signal, onProgress });
    progress.end();
    jobs.assertSucceeded(job);
    return job;
  } catch (error) {
    progress.end();
    if (signal.aborted)
      context.note(
        `${job_id} goes on: \`linnet jobs wait ${job_id}\` follows it, \`linnet jobs cancel ${job_id}\` ends it`,
      );
    throw error;
  }
}
