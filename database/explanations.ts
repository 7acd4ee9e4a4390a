import {
  and,
  desc,
  eq,
  gt,
  gte,
  inArray,
  lt,
  notExists,
  notInArray,
  type SQL,
  sql,
} from "drizzle-orm";
import type { Method } from "../domain/explain/explanation.ts";
import type { Directory } from "./directory.ts";
import type { ExplanationRow } from "./explanation-row.ts";
import { explanation, explanationUsage, modelVersion, type ExplanationKind } from "./schema.ts";

/** Rows of one statement; D1 binds at most 100 values. */
const ROWS_AT_ONCE = 8;
/** Expired rows that a new one sweeps away. */
const SWEPT = 100;

/**
 * Puts rows of one version; each becomes what its cache key finds, and what had expired goes. Of a
 * version that has been deleted meanwhile nothing is kept.
 */
export async function putExplanations(
  directory: Directory,
  rows: readonly ExplanationRow[],
  now: number,
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const expired = directory
    .select({ id: explanation.id })
    .from(explanation)
    .where(lt(explanation.expires_at, now))
    .limit(SWEPT);
  const sweep = directory.delete(explanation).where(inArray(explanation.id, expired));
  const chunks = Array.from({ length: Math.ceil(rows.length / ROWS_AT_ONCE) }, (_, at) =>
    rows.slice(at * ROWS_AT_ONCE, (at + 1) * ROWS_AT_ONCE),
  );
  const statements = chunks.flatMap((chunk) => {
    const keys = chunk.flatMap(({ cache_key }) => cache_key ?? []);
    const ids = chunk.map(({ id }) => id);
    return [
      directory
        .update(explanation)
        .set({ cache_key: null })
        .where(
          and(
            eq(explanation.owner_id, first.owner_id),
            inArray(explanation.cache_key, keys),
            notInArray(explanation.id, ids),
          ),
        ),
      // Work that was done twice is kept once.
      directory.insert(explanation).values(chunk).onConflictDoNothing(),
    ];
  });
  await directory.batch([sweep, ...statements, orphansOf(directory, first)]);
}

/** Deletes what is kept of a version that is not there any more. */
function orphansOf(directory: Directory, { model_id, version }: ExplanationRow) {
  const there = directory
    .select({ version: modelVersion.version })
    .from(modelVersion)
    .where(and(eq(modelVersion.model_id, model_id), eq(modelVersion.version, version)));
  return directory
    .delete(explanation)
    .where(
      and(eq(explanation.model_id, model_id), eq(explanation.version, version), notExists(there)),
    );
}

export const findExplanation = (
  directory: Directory,
  owner_id: string,
  id: string,
  now: number,
): Promise<ExplanationRow | undefined> =>
  directory
    .select()
    .from(explanation)
    .where(
      and(
        eq(explanation.id, id),
        eq(explanation.owner_id, owner_id),
        gt(explanation.expires_at, now),
      ),
    )
    .get();

/** Those of these keys that are there, by key. At most 90 keys. */
export async function findByCacheKeys(
  directory: Directory,
  owner_id: string,
  keys: readonly string[],
  now: number,
): Promise<Map<string, ExplanationRow>> {
  const rows = await directory
    .select()
    .from(explanation)
    .where(
      and(
        eq(explanation.owner_id, owner_id),
        inArray(explanation.cache_key, [...keys]),
        gt(explanation.expires_at, now),
      ),
    );
  return new Map(rows.flatMap((row) => (row.cache_key === null ? [] : [[row.cache_key, row]])));
}

export type ExplanationFilter = {
  owner_id: string;
  model_id?: string | undefined;
  version?: number | undefined;
  kind?: ExplanationKind | undefined;
  method?: Method | undefined;
  prediction_id?: string | undefined;
};

const matching = (filter: ExplanationFilter): SQL | undefined =>
  and(
    eq(explanation.owner_id, filter.owner_id),
    filter.model_id === undefined ? undefined : eq(explanation.model_id, filter.model_id),
    filter.version === undefined ? undefined : eq(explanation.version, filter.version),
    filter.kind === undefined ? undefined : eq(explanation.kind, filter.kind),
    filter.method === undefined ? undefined : eq(explanation.method, filter.method),
    filter.prediction_id === undefined
      ? undefined
      : eq(explanation.prediction_id, filter.prediction_id),
  );

/** Newest first, without their bodies. */
export const listExplanations = (
  directory: Directory,
  {
    before,
    limit,
    now,
    ...filter
  }: ExplanationFilter & {
    before: string | undefined;
    limit: number;
    now: number;
  },
) => {
  const { body: _, ...columns } = explanation;
  return directory
    .select({
      id: columns.id,
      model_id: columns.model_id,
      model: sql<string>`json_extract(${explanation.body}, '$.model')`,
      version: columns.version,
      kind: columns.kind,
      method: columns.method,
      prediction_id: columns.prediction_id,
      computation_ms: columns.computation_ms,
      created_at: columns.created_at,
      expires_at: columns.expires_at,
    })
    .from(explanation)
    .where(
      and(
        matching(filter),
        gt(explanation.expires_at, now),
        before === undefined ? undefined : lt(explanation.id, before),
      ),
    )
    .orderBy(desc(explanation.id))
    .limit(limit);
};
export type ListedExplanation = Awaited<ReturnType<typeof listExplanations>>[number];

/** False where the owner has none of this id. */
export async function removeExplanation(
  directory: Directory,
  owner_id: string,
  id: string,
): Promise<boolean> {
  const done = await directory
    .delete(explanation)
    .where(and(eq(explanation.id, id), eq(explanation.owner_id, owner_id)));
  return done.meta.changes === 1;
}

/** Removes what matches and was made before `made_before`; how many those were. */
export async function removeExplanations(
  directory: Directory,
  filter: ExplanationFilter,
  made_before: number,
): Promise<number> {
  const done = await directory
    .delete(explanation)
    .where(and(matching(filter), lt(explanation.created_at, made_before)));
  return done.meta.changes;
}

export type Usage = { hits: number; misses: number; computation_ms: number };

export async function addUsage(
  directory: Directory,
  key: { owner_id: string; model_id: string; day: number },
  { hits, misses, computation_ms }: Usage,
): Promise<void> {
  await directory
    .insert(explanationUsage)
    .values({ ...key, hits, misses, computation_ms })
    .onConflictDoUpdate({
      target: [explanationUsage.owner_id, explanationUsage.model_id, explanationUsage.day],
      set: {
        hits: sql`${explanationUsage.hits} + ${hits}`,
        misses: sql`${explanationUsage.misses} + ${misses}`,
        computation_ms: sql`${explanationUsage.computation_ms} + ${computation_ms}`,
      },
    });
}

/** Hits and misses from `since_day` on, and what is kept now, by kind and method. */
export async function explanationStatistics(
  directory: Directory,
  filter: { owner_id: string; model_id?: string | undefined },
  since_day: number,
  now: number,
) {
  const usage = await directory
    .select({
      hits: sql<number>`coalesce(sum(${explanationUsage.hits}), 0)`,
      misses: sql<number>`coalesce(sum(${explanationUsage.misses}), 0)`,
      computation_ms: sql<number>`coalesce(sum(${explanationUsage.computation_ms}), 0)`,
    })
    .from(explanationUsage)
    .where(
      and(
        eq(explanationUsage.owner_id, filter.owner_id),
        filter.model_id === undefined ? undefined : eq(explanationUsage.model_id, filter.model_id),
        gte(explanationUsage.day, since_day),
      ),
    )
    .get();
  const kept = await directory
    .select({
      kind: explanation.kind,
      method: explanation.method,
      count: sql<number>`count(*)`,
      bytes: sql<number>`sum(length(${explanation.body}))`,
      oldest: sql<number>`min(${explanation.created_at})`,
      newest: sql<number>`max(${explanation.created_at})`,
    })
    .from(explanation)
    .where(and(matching(filter), gt(explanation.expires_at, now)))
    .groupBy(explanation.kind, explanation.method);
  return { usage: usage ?? { hits: 0, misses: 0, computation_ms: 0 }, kept };
}
