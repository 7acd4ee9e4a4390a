import { and, desc, eq, inArray, isNull, ne, or, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { ExperimentStatus } from "../domain/experiments/experiment.ts";
import { idPattern } from "../domain/ids.ts";
import type { Directory } from "./directory.ts";
import { experiment } from "./schema.ts";

/** An experiment as the flag `key`. */
export type FlagRow = { key: string; experiment_id: string };

const STARTED = [
  "running",
  "paused",
  "concluded",
  "rolled_back",
] as const satisfies ExperimentStatus[];
const EXPERIMENT_ID = idPattern("exp");

/**
 * The experiment that answers for a flag: the one with this id, a draft too, or the newest of
 * those with this flag key that were started.
 */
export async function findFlag(
  directory: Directory,
  owner_id: string,
  key: string,
): Promise<FlagRow | undefined> {
  if (EXPERIMENT_ID.test(key)) {
    const named = await directory
      .select({ experiment_id: experiment.id })
      .from(experiment)
      .where(
        and(
          eq(experiment.id, key),
          eq(experiment.owner_id, owner_id),
          ne(experiment.status, "creating"),
        ),
      )
      .get();
    if (named) return { key, ...named };
  }
  const newest = await directory
    .select({ experiment_id: experiment.id })
    .from(experiment)
    .where(
      and(
        eq(experiment.owner_id, owner_id),
        eq(experiment.flag_key, key),
        inArray(experiment.status, STARTED),
      ),
    )
    .orderBy(desc(experiment.id))
    .limit(1)
    .get();
  return newest && { key, ...newest };
}

/**
 * The owner's flags, newest experiment first: for each flag key the newest that was started, and
 * by its id each started one without a flag key. An ended experiment stays, so that clients keep
 * what it ended with.
 */
export async function listFlags(
  directory: Directory,
  owner_id: string,
  limit: number,
): Promise<FlagRow[]> {
  const other = alias(experiment, "other");
  const newestOfKey = directory
    .select({ id: sql`max(${other.id})` })
    .from(other)
    .where(
      and(
        eq(other.owner_id, experiment.owner_id),
        eq(other.flag_key, experiment.flag_key),
        inArray(other.status, STARTED),
      ),
    );
  const rows = await directory
    .select({ id: experiment.id, flag_key: experiment.flag_key })
    .from(experiment)
    .where(
      and(
        eq(experiment.owner_id, owner_id),
        inArray(experiment.status, STARTED),
        or(isNull(experiment.flag_key), eq(experiment.id, newestOfKey)),
      ),
    )
    .orderBy(desc(experiment.id))
    .limit(limit);
  return rows.map(({ id, flag_key }) => ({ key: flag_key ?? id, experiment_id: id }));
}
