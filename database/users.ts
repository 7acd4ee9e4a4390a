import { asc, eq, gt, sql } from "drizzle-orm";
import type { Directory } from "./directory.ts";
import { user } from "./schema.ts";

export type UserRow = typeof user.$inferSelect;

/** Adds the first user, and nobody if there is one: the single statement decides between racers. */
export async function insertFirstUser(directory: Directory, row: UserRow): Promise<boolean> {
  const added = await directory.run(
    sql`INSERT INTO ${user} (id, name, created_at)
        SELECT ${row.id}, ${row.name}, ${row.created_at} WHERE NOT EXISTS (SELECT 1 FROM ${user})`,
  );
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
