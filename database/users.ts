import { asc, eq, gt, sql } from "drizzle-orm";
import type { ApiKeyRow } from "./api-keys.ts";
import type { Directory } from "./directory.ts";
import { apiKey, user } from "./schema.ts";

export type UserRow = typeof user.$inferSelect;

/**
 * Adds the first user with its key, and nothing if there is a user: one transaction decides
 * between racers, and no user is left without a key.
 */
export async function insertFirstUser(
  directory: Directory,
  row: UserRow,
  key: ApiKeyRow,
): Promise<boolean> {
  // A select gives every column in the order of the schema.
  const [added] = await directory.batch([
    directory.insert(user).select(
      sql`SELECT ${row.id}, ${row.name}, ${row.created_at}
          WHERE NOT EXISTS (SELECT 1 FROM ${user})`,
    ),
    directory.insert(apiKey).select(
      sql`SELECT ${key.id}, id, ${key.name}, ${key.environment}, ${JSON.stringify(key.scopes)},
            ${key.rate_limit}, ${key.created_at}, ${key.expires_at}, ${key.revoked_at}
          FROM ${user} WHERE id = ${row.id}`,
    ),
  ]);
  return added.meta.changes === 1;
}

export async function insertUser(directory: Directory, row: UserRow): Promise<void> {
  await directory.insert(user).values(row);
}

export const findUser = (directory: Directory, id: string): Promise<UserRow | undefined> =>
  directory.select().from(user).where(eq(user.id, id)).get();

export const listUsers = (
  directory: Directory,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<UserRow[]> =>
  directory
    .select()
    .from(user)
    .where(after === undefined ? undefined : gt(user.id, after))
    .orderBy(asc(user.id))
    .limit(limit);
