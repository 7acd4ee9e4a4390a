import { and, desc, eq, isNull, lt } from "drizzle-orm";
import type { Directory } from "./directory.ts";
import { apiKey } from "./schema.ts";

export type ApiKeyRow = typeof apiKey.$inferSelect;

export async function insertApiKey(directory: Directory, row: ApiKeyRow): Promise<void> {
  await directory.insert(apiKey).values(row).onConflictDoNothing();
}

export const findApiKey = (directory: Directory, id: string): Promise<ApiKeyRow | undefined> =>
  directory.select().from(apiKey).where(eq(apiKey.id, id)).get();

export async function markRevoked(directory: Directory, id: string, at: number): Promise<void> {
  await directory
    .update(apiKey)
    .set({ revoked_at: at })
    .where(and(eq(apiKey.id, id), isNull(apiKey.revoked_at)));
}

export const listApiKeys = (
  directory: Directory,
  query: { owner_id: string; include_revoked: boolean; before: string | undefined; limit: number },
): Promise<ApiKeyRow[]> =>
  directory
    .select()
    .from(apiKey)
    .where(
      and(
        eq(apiKey.owner_id, query.owner_id),
        query.include_revoked ? undefined : isNull(apiKey.revoked_at),
        query.before === undefined ? undefined : lt(apiKey.id, query.before),
      ),
    )
    .orderBy(desc(apiKey.id))
    .limit(query.limit);
