import { and, asc, desc, eq, gt, lt, lte, ne, sql } from "drizzle-orm";
import type { ExperimentStatus } from "../domain/experiments/experiment.ts";
import type { Directory } from "./directory.ts";
import { experiment } from "./schema.ts";
import { containsText } from "./search.ts";

export type ExperimentRow = typeof experiment.$inferSelect;
export type ListedExperimentRow = ExperimentRow & { status: ExperimentStatus };

/**
 * Puts the row, or answers with the row that already holds its idempotency key; undefined when
 * another experiment that has not ended holds its flag key.
 */
export async function reserveExperiment(
  directory: Directory,
  row: ExperimentRow,
): Promise<ExperimentRow | undefined> {
  const added = await directory.insert(experiment).values(row).onConflictDoNothing();
  if (added.meta.changes === 1) return row;
  if (row.idempotency_key === null) return undefined;
  const holder = await directory
    .select()
    .from(experiment)
    .where(
      and(
        eq(experiment.owner_id, row.owner_id),
        eq(experiment.idempotency_key, row.idempotency_key),
      ),
    )
    .get();
  return holder;
}

export const findExperiment = (
  directory: Directory,
  id: string,
): Promise<ExperimentRow | undefined> =>
  directory.select().from(experiment).where(eq(experiment.id, id)).get();

/** However many: D1 binds at most 100 parameters, so the ids go as one. */
export const findExperiments = (
  directory: Directory,
  ids: readonly string[],
): Promise<ExperimentRow[]> =>
  directory
    .select()
    .from(experiment)
    .where(sql`${experiment.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`);

export async function forgetExperiment(directory: Directory, id: string): Promise<void> {
  await directory
    .delete(experiment)
    .where(and(eq(experiment.id, id), eq(experiment.status, "creating")));
}

/** Where an experiment stands, as its actor tells the directory. */
export type ExperimentStanding = {
  status: ExperimentStatus;
  updated_at: number;
  started_at: number | null;
  ended_at: number | null;
};

/** A delivery that an earlier life of the actor began may come last, and then changes nothing. */
export async function putExperimentStatus(
  directory: Directory,
  id: string,
  standing: ExperimentStanding,
): Promise<void> {
  const row = and(eq(experiment.id, id), lte(experiment.updated_at, standing.updated_at));
  // Back in force after its conclusion was undone, it may meet another holder of its flag key,
  // who keeps it: this one is found by its id alone from then on.
  const taken = sql`EXISTS (SELECT 1 FROM experiment AS other WHERE other.id <> ${id}
    AND other.owner_id = ${experiment.owner_id} AND other.flag_key = ${experiment.flag_key}
    AND other.status IN ('creating', 'draft', 'running', 'paused'))`;
  const ended = standing.ended_at !== null;
  const flag_key = sql`CASE WHEN ${taken} THEN NULL ELSE ${experiment.flag_key} END`;
  await directory
    .update(experiment)
    .set(ended ? standing : { ...standing, flag_key })
    .where(row);
}

export async function deleteExperiment(directory: Directory, id: string): Promise<void> {
  await directory.delete(experiment).where(eq(experiment.id, id));
}

export async function listExperiments(
  directory: Directory,
  query: {
    owner_id: string;
    status: ExperimentStatus | undefined;
    search: string | undefined;
    order: "newest" | "oldest";
    after: string | undefined;
    limit: number;
  },
): Promise<ListedExperimentRow[]> {
  const newest = query.order === "newest";
  const beyond = newest ? lt : gt;
  const rows = await directory
    .select()
    .from(experiment)
    .where(
      and(
        eq(experiment.owner_id, query.owner_id),
        query.status ? eq(experiment.status, query.status) : ne(experiment.status, "creating"),
        query.search
          ? containsText([experiment.name, experiment.description], query.search)
          : undefined,
        query.after === undefined ? undefined : beyond(experiment.id, query.after),
      ),
    )
    .orderBy(newest ? desc(experiment.id) : asc(experiment.id))
    .limit(query.limit);
  return rows as ListedExperimentRow[];
}
