import { and, desc, eq, lt } from "drizzle-orm";
import type { Directory } from "./directory.ts";
import { type JobStatus, transformation } from "./schema.ts";

export type TransformationRow = typeof transformation.$inferSelect;

export async function insertTransformation(
  directory: Directory,
  row: TransformationRow,
): Promise<void> {
  await directory.insert(transformation).values(row);
}

export const findTransformation = (
  directory: Directory,
  owner_id: string,
  id: string,
): Promise<TransformationRow | undefined> =>
  directory
    .select()
    .from(transformation)
    .where(and(eq(transformation.id, id), eq(transformation.owner_id, owner_id)))
    .get();

/** Newest first. */
export const listTransformations = (
  directory: Directory,
  query: {
    owner_id: string;
    dataset_id: string | undefined;
    status: JobStatus | undefined;
    before: string | undefined;
    limit: number;
  },
): Promise<TransformationRow[]> =>
  directory
    .select()
    .from(transformation)
    .where(
      and(
        eq(transformation.owner_id, query.owner_id),
        query.dataset_id === undefined
          ? undefined
          : eq(transformation.dataset_id, query.dataset_id),
        query.status === undefined ? undefined : eq(transformation.status, query.status),
        query.before === undefined ? undefined : lt(transformation.id, query.before),
      ),
    )
    .orderBy(desc(transformation.id))
    .limit(query.limit);

export async function putTransformationStatus(
  directory: Directory,
  id: string,
  standing: Pick<TransformationRow, "status" | "ended_at">,
): Promise<void> {
  await directory.update(transformation).set(standing).where(eq(transformation.id, id));
}
