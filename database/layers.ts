import { and, desc, eq, lt } from "drizzle-orm";
import type { Directory } from "./directory.ts";
import { layer } from "./schema.ts";

export type LayerRow = typeof layer.$inferSelect;

/** Puts the row, or answers with the row by which the owner has a layer of this name. */
export async function reserveLayer(directory: Directory, row: LayerRow): Promise<LayerRow> {
  const added = await directory.insert(layer).values(row).onConflictDoNothing();
  if (added.meta.changes === 1) return row;
  const holder = await findLayer(directory, row.owner_id, row.name);
  // Without a holder it was removed in between, and the name is free.
  return holder ?? reserveLayer(directory, row);
}

export const findLayer = (
  directory: Directory,
  owner_id: string,
  name: string,
): Promise<LayerRow | undefined> =>
  directory
    .select()
    .from(layer)
    .where(and(eq(layer.owner_id, owner_id), eq(layer.name, name)))
    .get();

/** Newest first. */
export const listLayers = (
  directory: Directory,
  query: { owner_id: string; before: string | undefined; limit: number },
): Promise<LayerRow[]> =>
  directory
    .select()
    .from(layer)
    .where(
      and(
        eq(layer.owner_id, query.owner_id),
        query.before === undefined ? undefined : lt(layer.id, query.before),
      ),
    )
    .orderBy(desc(layer.id))
    .limit(query.limit);

export async function putLayer(
  directory: Directory,
  id: string,
  standing: Pick<LayerRow, "description" | "holdout" | "updated_at">,
): Promise<void> {
  await directory.update(layer).set(standing).where(eq(layer.id, id));
}

export async function removeLayer(directory: Directory, id: string): Promise<void> {
  await directory.delete(layer).where(eq(layer.id, id));
}
