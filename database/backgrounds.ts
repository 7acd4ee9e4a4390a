import { and, asc, eq } from "drizzle-orm";
import type { Directory } from "./directory.ts";
import { background } from "./schema.ts";

export type BackgroundRow = typeof background.$inferSelect;
type Version = { model_id: string; version: number };

const of = ({ model_id, version }: Version) =>
  and(eq(background.model_id, model_id), eq(background.version, version));

/** Puts the set in the place of the one of its name, if there is one. */
export async function putBackground(directory: Directory, row: BackgroundRow): Promise<void> {
  await directory.batch([
    directory.delete(background).where(and(of(row), eq(background.name, row.name))),
    directory.insert(background).values(row),
  ]);
}

export const findBackground = (
  directory: Directory,
  version: Version,
  name: string,
): Promise<BackgroundRow | undefined> =>
  directory
    .select()
    .from(background)
    .where(and(of(version), eq(background.name, name)))
    .get();

/** By name, without their rows. */
export const listBackgrounds = (directory: Directory, version: Version) =>
  directory
    .select({
      id: background.id,
      name: background.name,
      method: background.method,
      rows: background.rows,
      source_rows: background.source_rows,
      seed: background.seed,
      created_at: background.created_at,
      created_by: background.created_by,
    })
    .from(background)
    .where(of(version))
    .orderBy(asc(background.name))
    .limit(100);
export type ListedBackground = Awaited<ReturnType<typeof listBackgrounds>>[number];

export async function removeBackground(
  directory: Directory,
  version: Version,
  name: string,
): Promise<boolean> {
  const done = await directory
    .delete(background)
    .where(and(of(version), eq(background.name, name)));
  return done.meta.changes === 1;
}
