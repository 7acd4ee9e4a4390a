import {
  and,
  asc,
  count,
  desc,
  eq,
  gt,
  inArray,
  isNotNull,
  isNull,
  lt,
  ne,
  sql,
} from "drizzle-orm";
import type { Format } from "../domain/datasets/table.ts";
import type { Directory } from "./directory.ts";
import {
  dataset,
  datasetAccess,
  type DatasetRole,
  datasetVersion,
  groupMember,
  userGroup,
} from "./schema.ts";
import { containsText } from "./search.ts";

export type DatasetRow = typeof dataset.$inferSelect;
export type DatasetVersionRow = typeof datasetVersion.$inferSelect;
export type DatasetAccessRow = Omit<typeof datasetAccess.$inferSelect, "dataset_id">;

/** False when the owner has a dataset of this name. */
export async function insertDataset(
  directory: Directory,
  row: DatasetRow,
  access: readonly DatasetAccessRow[],
): Promise<boolean> {
  const added = await directory.insert(dataset).values(row).onConflictDoNothing();
  if (added.meta.changes !== 1) return false;
  await putAccess(directory, row.id, access);
  return true;
}

/** The owner's dataset of this name, or any dataset of this id. */
export const findDataset = (
  directory: Directory,
  owner_id: string,
  ref: string,
): Promise<DatasetRow | undefined> =>
  directory
    .select()
    .from(dataset)
    .where(
      ref.startsWith("dat_")
        ? eq(dataset.id, ref)
        : and(eq(dataset.owner_id, owner_id), eq(dataset.name, ref)),
    )
    .get();

/** Those of these datasets, at most 90, that are the owner's: D1 binds a hundred parameters. */
export const ownedAmong = async (
  directory: Directory,
  owner_id: string,
  ids: readonly string[],
): Promise<string[]> => {
  if (ids.length === 0) return [];
  const rows = await directory
    .select({ id: dataset.id })
    .from(dataset)
    .where(and(eq(dataset.owner_id, owner_id), inArray(dataset.id, [...ids])));
  return rows.map(({ id }) => id);
};

export const findVersion = (
  directory: Directory,
  version_id: string,
): Promise<DatasetVersionRow | undefined> =>
  directory.select().from(datasetVersion).where(eq(datasetVersion.id, version_id)).get();

/** What the user's groups may do with it: the most of it, or null. */
export async function roleOf(
  directory: Directory,
  dataset_id: string,
  user_id: string,
): Promise<DatasetRole | null> {
  const rows = await directory
    .select({ role: datasetAccess.role })
    .from(datasetAccess)
    .innerJoin(groupMember, eq(groupMember.group_id, datasetAccess.group_id))
    .where(and(eq(datasetAccess.dataset_id, dataset_id), eq(groupMember.user_id, user_id)));
  if (rows.some(({ role }) => role === "write")) return "write";
  return rows.length > 0 ? "read" : null;
}

export type DatasetOrder = "newest" | "oldest" | "name";

/** `after` is the id, or with order `name` the name, of the last dataset of the page before. */
export function listDatasets(
  directory: Directory,
  query: {
    user_id: string;
    shared: boolean;
    search: string | undefined;
    format: Format | undefined;
    archived: boolean | undefined;
    order: DatasetOrder;
    after: string | undefined;
    limit: number;
  },
): Promise<DatasetRow[]> {
  const key = query.order === "name" ? dataset.name : dataset.id;
  const descending = query.order === "newest";
  const beyond = descending ? lt : gt;
  return directory
    .select()
    .from(dataset)
    .where(
      and(
        query.shared
          ? and(
              ne(dataset.owner_id, query.user_id),
              inArray(
                dataset.id,
                directory
                  .select({ id: datasetAccess.dataset_id })
                  .from(datasetAccess)
                  .innerJoin(groupMember, eq(groupMember.group_id, datasetAccess.group_id))
                  .where(eq(groupMember.user_id, query.user_id)),
              ),
            )
          : eq(dataset.owner_id, query.user_id),
        query.search ? containsText([dataset.name, dataset.description], query.search) : undefined,
        query.format && eq(dataset.format, query.format),
        query.archived === undefined
          ? undefined
          : query.archived
            ? isNotNull(dataset.archived_at)
            : isNull(dataset.archived_at),
        query.after === undefined ? undefined : beyond(key, query.after),
      ),
    )
    .orderBy(descending ? desc(key) : asc(key))
    .limit(query.limit);
}

/** At most 100 datasets: D1 binds no more parameters than that. */
export async function listAccess(directory: Directory, ids: readonly string[]) {
  if (ids.length === 0) return [];
  return directory
    .select()
    .from(datasetAccess)
    .where(inArray(datasetAccess.dataset_id, [...ids]))
    .orderBy(asc(datasetAccess.group_id));
}

export async function putAccess(
  directory: Directory,
  dataset_id: string,
  access: readonly DatasetAccessRow[],
): Promise<void> {
  await directory.batch([
    directory.delete(datasetAccess).where(eq(datasetAccess.dataset_id, dataset_id)),
    ...access.map((row) =>
      directory
        .insert(datasetAccess)
        .values({ ...row, dataset_id })
        .onConflictDoNothing(),
    ),
  ]);
}

/** Adds a group or changes its role; false where it is new and `most` have access: one statement decides. */
export async function grantAccess(
  directory: Directory,
  { dataset_id, group_id, role }: typeof datasetAccess.$inferSelect,
  most: number,
): Promise<boolean> {
  const others = directory
    .select({ groups: count() })
    .from(datasetAccess)
    .where(and(eq(datasetAccess.dataset_id, dataset_id), ne(datasetAccess.group_id, group_id)));
  const done = await directory
    .insert(datasetAccess)
    .select(
      sql`SELECT ${dataset.id}, ${userGroup.id}, ${role} FROM ${dataset}, ${userGroup}
          WHERE ${dataset.id} = ${dataset_id} AND ${userGroup.id} = ${group_id} AND ${others} < ${most}`,
    )
    .onConflictDoUpdate({
      target: [datasetAccess.dataset_id, datasetAccess.group_id],
      set: { role },
    });
  return done.meta.changes === 1;
}

export async function endAccess(
  directory: Directory,
  dataset_id: string,
  group_id: string,
): Promise<void> {
  await directory
    .delete(datasetAccess)
    .where(and(eq(datasetAccess.dataset_id, dataset_id), eq(datasetAccess.group_id, group_id)));
}

/** What its routes decide. False when the owner has another dataset of this name. */
export async function describeDataset(
  directory: Directory,
  id: string,
  change: Partial<Pick<DatasetRow, "name" | "description">>,
): Promise<boolean> {
  if (Object.keys(change).length === 0) return true;
  const { name } = change;
  const isTaken =
    name !== undefined &&
    sql`EXISTS (SELECT 1 FROM dataset AS other WHERE other.owner_id = ${dataset.owner_id} AND other.name = ${name} AND other.id <> ${dataset.id})`;
  const done = await directory
    .update(dataset)
    .set(change)
    .where(and(eq(dataset.id, id), isTaken ? sql`NOT ${isTaken}` : undefined));
  return done.meta.changes === 1;
}

/** What follows its actor. */
export async function putDatasetStanding(
  directory: Directory,
  id: string,
  standing: Omit<DatasetRow, "id" | "owner_id" | "name" | "description" | "format" | "created_at">,
): Promise<void> {
  await directory.update(dataset).set(standing).where(eq(dataset.id, id));
}

export async function putDatasetVersion(
  directory: Directory,
  row: DatasetVersionRow,
): Promise<void> {
  // A version that was deleted and came back has another number.
  await directory
    .insert(datasetVersion)
    .values(row)
    .onConflictDoUpdate({ target: datasetVersion.id, set: row });
}

export async function removeDatasetVersion(directory: Directory, id: string): Promise<void> {
  await directory.delete(datasetVersion).where(eq(datasetVersion.id, id));
}

export async function removeDataset(directory: Directory, id: string): Promise<void> {
  await directory.batch([
    directory.delete(datasetVersion).where(eq(datasetVersion.dataset_id, id)),
    directory.delete(datasetAccess).where(eq(datasetAccess.dataset_id, id)),
    directory.delete(dataset).where(eq(dataset.id, id)),
  ]);
}
