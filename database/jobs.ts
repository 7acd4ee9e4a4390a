import { and, desc, eq, inArray, lt } from "drizzle-orm";
import type { Directory } from "./directory.ts";
import { job, type JobStatus } from "./schema.ts";

export type JobRow = typeof job.$inferSelect;

/** Puts the row, or answers with the row of the same request that is under way. */
export async function reserveJob(directory: Directory, row: JobRow): Promise<JobRow> {
  const added = await directory.insert(job).values(row).onConflictDoNothing();
  if (added.meta.changes === 1) return row;
  const underWay = await directory
    .select()
    .from(job)
    .where(
      and(
        eq(job.owner_id, row.owner_id),
        eq(job.request_hash, row.request_hash),
        inArray(job.status, ["queued", "running"]),
      ),
    )
    .get();
  // Without one it ended in between, and this one may begin.
  return underWay ?? reserveJob(directory, row);
}

export const findJob = (
  directory: Directory,
  owner_id: string,
  id: string,
): Promise<JobRow | undefined> =>
  directory
    .select()
    .from(job)
    .where(and(eq(job.id, id), eq(job.owner_id, owner_id)))
    .get();

/** Newest first. */
export const listJobs = (
  directory: Directory,
  query: {
    owner_id: string;
    status: JobStatus | undefined;
    before: string | undefined;
    limit: number;
  },
): Promise<JobRow[]> =>
  directory
    .select()
    .from(job)
    .where(
      and(
        eq(job.owner_id, query.owner_id),
        query.status === undefined ? undefined : eq(job.status, query.status),
        query.before === undefined ? undefined : lt(job.id, query.before),
      ),
    )
    .orderBy(desc(job.id))
    .limit(query.limit);

export async function putJobStatus(
  directory: Directory,
  id: string,
  standing: Pick<JobRow, "status" | "ended_at">,
): Promise<void> {
  await directory.update(job).set(standing).where(eq(job.id, id));
}

export async function removeJob(directory: Directory, id: string): Promise<void> {
  await directory.delete(job).where(eq(job.id, id));
}
