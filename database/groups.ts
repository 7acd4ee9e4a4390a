import { and, asc, count, desc, eq, exists, lt, or, sql } from "drizzle-orm";
import type { Directory } from "./directory.ts";
import { datasetAccess, groupMember, user, userGroup } from "./schema.ts";
import { containsText } from "./search.ts";

export type GroupRow = typeof userGroup.$inferSelect;
export type GroupMemberRow = { user_id: string; name: string; added_at: number };

/** Adds the group with its owner as first member; false when a group has this name. */
export async function insertGroup(directory: Directory, row: GroupRow): Promise<boolean> {
  const [added] = await directory.batch([
    directory.insert(userGroup).values(row).onConflictDoNothing(),
    // Only where the row above is there; a select gives every column in the order of the schema.
    directory.insert(groupMember).select(
      sql`SELECT ${userGroup.id}, ${userGroup.owner_id}, ${row.created_at}
          FROM ${userGroup} WHERE ${userGroup.id} = ${row.id}`,
    ),
  ]);
  return added.meta.changes === 1;
}

/** By its id or its name; no name begins as an id does. */
export const findGroup = (directory: Directory, asked: string): Promise<GroupRow | undefined> =>
  directory
    .select()
    .from(userGroup)
    .where(or(eq(userGroup.id, asked), eq(userGroup.name, asked)))
    .get();

/** Newest first; with `user_id` those that the user owns or is a member of. */
export function listGroups(
  directory: Directory,
  query: {
    user_id: string | undefined;
    search: string | undefined;
    before: string | undefined;
    limit: number;
  },
): Promise<GroupRow[]> {
  const { user_id, search, before, limit } = query;
  return directory
    .select()
    .from(userGroup)
    .where(
      and(
        user_id === undefined ? undefined : seenBy(directory, user_id),
        search ? containsText([userGroup.name], search) : undefined,
        before === undefined ? undefined : lt(userGroup.id, before),
      ),
    )
    .orderBy(desc(userGroup.id))
    .limit(limit);
}

const seenBy = (directory: Directory, user_id: string) =>
  or(
    eq(userGroup.owner_id, user_id),
    exists(
      directory
        .select({ one: sql`1` })
        .from(groupMember)
        .where(and(eq(groupMember.group_id, userGroup.id), eq(groupMember.user_id, user_id))),
    ),
  );

/** With its members and what was shared with it. */
export async function removeGroup(directory: Directory, id: string): Promise<void> {
  await directory.batch([
    directory.delete(datasetAccess).where(eq(datasetAccess.group_id, id)),
    directory.delete(groupMember).where(eq(groupMember.group_id, id)),
    directory.delete(userGroup).where(eq(userGroup.id, id)),
  ]);
}

const memberColumns = {
  user_id: groupMember.user_id,
  name: user.name,
  added_at: groupMember.added_at,
};

export const listMembers = (directory: Directory, group_id: string): Promise<GroupMemberRow[]> =>
  directory
    .select(memberColumns)
    .from(groupMember)
    .innerJoin(user, eq(user.id, groupMember.user_id))
    .where(eq(groupMember.group_id, group_id))
    .orderBy(asc(groupMember.user_id));

export const findMember = (
  directory: Directory,
  group_id: string,
  user_id: string,
): Promise<GroupMemberRow | undefined> =>
  directory
    .select(memberColumns)
    .from(groupMember)
    .innerJoin(user, eq(user.id, groupMember.user_id))
    .where(and(eq(groupMember.group_id, group_id), eq(groupMember.user_id, user_id)))
    .get();

/** Adds the user unless it is a member, the group is gone, or it has `most` members: one statement decides. */
export async function insertMember(
  directory: Directory,
  { group_id, user_id, added_at }: typeof groupMember.$inferSelect,
  most: number,
): Promise<void> {
  const size = directory
    .select({ members: count() })
    .from(groupMember)
    .where(eq(groupMember.group_id, group_id));
  await directory
    .insert(groupMember)
    .select(
      sql`SELECT ${userGroup.id}, ${user.id}, ${added_at} FROM ${userGroup}, ${user}
          WHERE ${userGroup.id} = ${group_id} AND ${user.id} = ${user_id} AND ${size} < ${most}`,
    )
    .onConflictDoNothing();
}

export async function removeMember(
  directory: Directory,
  group_id: string,
  user_id: string,
): Promise<boolean> {
  const done = await directory
    .delete(groupMember)
    .where(and(eq(groupMember.group_id, group_id), eq(groupMember.user_id, user_id)));
  return done.meta.changes === 1;
}

/** The ids of the groups that the user is a member of, in the order of the ids. */
export async function groupsOf(directory: Directory, user_id: string): Promise<string[]> {
  const rows = await directory
    .select({ id: groupMember.group_id })
    .from(groupMember)
    .where(eq(groupMember.user_id, user_id))
    .orderBy(asc(groupMember.group_id));
  return rows.map(({ id }) => id);
}
