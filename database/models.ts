import { and, asc, desc, eq, gt, inArray, lt } from "drizzle-orm";
import type { Directory } from "./directory.ts";
import {
  background,
  explanation,
  explanationUsage,
  model,
  modelAlias,
  modelVersion,
} from "./schema.ts";
import { containsText } from "./search.ts";

export type ModelRow = typeof model.$inferSelect;
export type ModelVersionRow = typeof modelVersion.$inferSelect;
export type ModelAliasRow = typeof modelAlias.$inferSelect;

/** False when the owner has a model of this name. */
export async function insertModel(directory: Directory, row: ModelRow): Promise<boolean> {
  const added = await directory.insert(model).values(row).onConflictDoNothing();
  return added.meta.changes === 1;
}

export const findModel = (
  directory: Directory,
  owner_id: string,
  name: string,
): Promise<ModelRow | undefined> =>
  directory
    .select()
    .from(model)
    .where(and(eq(model.owner_id, owner_id), eq(model.name, name)))
    .get();

export type ModelOrder = "newest" | "oldest" | "name";

/** `after` is the id, or with order `name` the name, of the last model of the page before. */
export function listModels(
  directory: Directory,
  query: {
    owner_id: string;
    search: string | undefined;
    order: ModelOrder;
    after: string | undefined;
    limit: number;
  },
): Promise<ModelRow[]> {
  const key = query.order === "name" ? model.name : model.id;
  const descending = query.order === "newest";
  const beyond = descending ? lt : gt;
  return directory
    .select()
    .from(model)
    .where(
      and(
        eq(model.owner_id, query.owner_id),
        query.search ? containsText([model.name, model.description], query.search) : undefined,
        query.after === undefined ? undefined : beyond(key, query.after),
      ),
    )
    .orderBy(descending ? desc(key) : asc(key))
    .limit(query.limit);
}

/** At most 100 models: D1 binds no more parameters than that. */
export async function listAliases(
  directory: Directory,
  modelIds: readonly string[],
): Promise<ModelAliasRow[]> {
  if (modelIds.length === 0) return [];
  return directory
    .select()
    .from(modelAlias)
    .where(inArray(modelAlias.model_id, [...modelIds]))
    .orderBy(asc(modelAlias.alias));
}

export const listVersions = (
  directory: Directory,
  query: { model_id: string; before: number | undefined; limit: number },
): Promise<ModelVersionRow[]> =>
  directory
    .select()
    .from(modelVersion)
    .where(
      and(
        eq(modelVersion.model_id, query.model_id),
        query.before === undefined ? undefined : lt(modelVersion.version, query.before),
      ),
    )
    .orderBy(desc(modelVersion.version))
    .limit(query.limit);

/** `latest_version` is what it is after the change; putting a version twice changes nothing. */
export async function putVersion(
  directory: Directory,
  row: ModelVersionRow,
  latest_version: number,
): Promise<void> {
  await directory.batch([
    directory.insert(modelVersion).values(row).onConflictDoNothing(),
    directory
      .update(model)
      .set({ latest_version, updated_at: row.created_at })
      .where(eq(model.id, row.model_id)),
  ]);
}

export async function removeVersion(
  directory: Directory,
  model_id: string,
  version: number,
  latest_version: number | null,
): Promise<void> {
  await directory.batch([
    directory
      .delete(modelVersion)
      .where(and(eq(modelVersion.model_id, model_id), eq(modelVersion.version, version))),
    directory
      .delete(explanation)
      .where(and(eq(explanation.model_id, model_id), eq(explanation.version, version))),
    directory
      .delete(background)
      .where(and(eq(background.model_id, model_id), eq(background.version, version))),
    directory.update(model).set({ latest_version }).where(eq(model.id, model_id)),
  ]);
}

export async function putAlias(directory: Directory, row: ModelAliasRow): Promise<void> {
  const { version, updated_at } = row;
  await directory.batch([
    directory
      .insert(modelAlias)
      .values(row)
      .onConflictDoUpdate({
        target: [modelAlias.model_id, modelAlias.alias],
        set: { version, updated_at },
      }),
    directory.update(model).set({ updated_at }).where(eq(model.id, row.model_id)),
  ]);
}

export async function removeAlias(
  directory: Directory,
  model_id: string,
  alias: string,
): Promise<void> {
  await directory
    .delete(modelAlias)
    .where(and(eq(modelAlias.model_id, model_id), eq(modelAlias.alias, alias)));
}

export async function removeModel(directory: Directory, model_id: string): Promise<void> {
  await directory.batch([
    directory.delete(modelAlias).where(eq(modelAlias.model_id, model_id)),
    directory.delete(modelVersion).where(eq(modelVersion.model_id, model_id)),
    directory.delete(explanation).where(eq(explanation.model_id, model_id)),
    directory.delete(explanationUsage).where(eq(explanationUsage.model_id, model_id)),
    directory.delete(background).where(eq(background.model_id, model_id)),
    directory.delete(model).where(eq(model.id, model_id)),
  ]);
}
